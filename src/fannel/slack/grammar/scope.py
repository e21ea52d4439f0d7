"""From what a request names to what a silence matches, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.incidents.silence import Matcher, described
from fannel.slack.grammar.request import GLOB_MARKS, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.incidents.silence import Field, Scope

_FIELDS: tuple[Field, ...] = ("host", "site", "role", "interface", "problem", "subject")


def scope_of(target: Target) -> Scope:
    """All that the target says must hold; what it says with `*`, `?` or `[` is a glob."""
    return tuple(
        Matcher(field, "equal" if GLOB_MARKS.isdisjoint(value) else "glob", value)
        for field in _FIELDS
        if (value := getattr(target, field)) is not None
    )


def target_of(scope: Scope) -> Target | None:
    """What a request would name to mean exactly that; None where no request can."""
    named = {one.field: one.value for one in scope}
    target = Target(**{field: value for field, value in named.items() if field in _FIELDS})
    return target if scope_of(target) == tuple(sorted(scope, key=_order)) else None


def written(scopes: Iterable[Scope]) -> list[str]:
    """Each scope as it may be written in a request; by its matchers where no request can mean it."""
    return [str(target) if (target := target_of(scope)) is not None else described((scope,)) for scope in scopes]


def _order(matcher: Matcher) -> int:
    return _FIELDS.index(matcher.field) if matcher.field in _FIELDS else len(_FIELDS)
