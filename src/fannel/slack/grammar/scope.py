"""From what a request names to what a silence matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.incidents.silence import Matcher
from fannel.slack.grammar.request import GLOB_MARKS

if TYPE_CHECKING:
    from fannel.incidents.silence import Field, Scope
    from fannel.slack.grammar.request import Target

_FIELDS: tuple[Field, ...] = ("host", "site", "role", "interface", "problem", "subject")


def scope_of(target: Target) -> Scope:
    """All that the target says must hold; what it says with `*`, `?` or `[` is a glob."""
    return tuple(
        Matcher(field, "equal" if GLOB_MARKS.isdisjoint(value) else "glob", value)
        for field in _FIELDS
        if (value := getattr(target, field)) is not None
    )
