"""Which devices the title of a calendar entry means: a pattern, and what its groups stand for. Pure.

A title is written by somebody else. What it names goes into a matcher as it is, never as a pattern: no title silences
more than the rule that a network engineer wrote for it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from fannel.incidents.matchers import scope_of
from fannel.incidents.silence import SilenceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fannel.incidents.silence import Matcher, Scope
    from fannel.windows.places import Places

PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)
CIRCUIT: Final = "circuit"
_GLOB_MARKS: Final = frozenset("*?[]")
_LONGEST_TITLE: Final = 1000


class Unmapped(ValueError):  # noqa: N818  (it says why; who catches it reports the title)
    """Why a title means no device."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an entry silences; `unknown` says what else it names, that nobody knows."""

    scopes: tuple[Scope, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Title:
    """One rule. `pattern` is compiled RE2; `match` are scopes whose values may hold `{group}`.

    `by` is a group that is looked up in `table`, or, without one, among pagoda's circuits; `listed`: so is all
    that the entry lists itself.
    """

    pattern: Any
    calendar: str | None = None
    match: tuple[tuple[str, ...], ...] = ()
    by: str | None = None
    table: Mapping[str, tuple[Scope, ...]] | None = None
    ignored: bool = False
    listed: bool = False

    def groups(self, calendar: str, title: str) -> dict[str, str] | None:
        """What the pattern's groups hold; None where the rule is not for this title."""
        if self.calendar not in (None, calendar):
            return None
        found = self.pattern.search(title[:_LONGEST_TITLE])
        return None if found is None else {name: value for name, value in found.groupdict().items() if value}

    def meaning(self, groups: Mapping[str, str], circuits: Sequence[str], places: Places) -> Meaning:
        """What it silences.

        Raises:
            Unmapped: it names nothing that anybody knows.
        """
        if self.ignored:
            return Meaning()
        if self.listed:
            return self._all(circuits, places)
        if self.by is None:
            return Meaning(tuple(_filled(texts, groups) for texts in self.match))
        value = groups.get(self.by)
        if value is None:
            raise Unmapped(f"it has no {self.by}")
        return Meaning(self._found(self.by, value, places))

    def _all(self, circuits: Sequence[str], places: Places) -> Meaning:
        """Those of the listed ones that are known; the others are said."""
        if not circuits:
            raise Unmapped("it lists no circuit that is affected")
        scopes: list[Scope] = []
        unknown: list[str] = []
        for circuit in circuits:
            try:
                scopes += self._found(CIRCUIT, circuit, places)
            except Unmapped as error:
                unknown.append(str(error))
        if not scopes:
            raise Unmapped(unknown[0])
        return Meaning(tuple(scopes), tuple(unknown))

    def _found(self, what: str, value: str, places: Places) -> tuple[Scope, ...]:
        if self.table is not None:
            found = self.table.get(value.casefold())
            if found is None:
                raise Unmapped(f"{what} {value} is not in the table")
            return found
        if not (interfaces := places.circuit(value)):
            raise Unmapped(f"no interface in pagoda has the circuit {value}")
        return interfaces


def meant(rules: tuple[Title, ...], calendar: str, title: str, places: Places, circuits: Sequence[str] = ()) -> Meaning:
    """What an entry silences by the first rule that is for its title; nothing where that says to ignore it.

    Raises:
        Unmapped: no rule is for it, or it names what nobody knows.
    """
    for rule in rules:
        if (groups := rule.groups(calendar, title)) is not None:
            return rule.meaning(groups, circuits, places)
    raise Unmapped("no rule under 'titles' is for it")


def _filled(texts: tuple[str, ...], groups: Mapping[str, str]) -> Scope:
    try:
        scope = scope_of(texts)
        return tuple(_with_values(matcher, groups) for matcher in scope)
    except SilenceError as error:
        raise Unmapped(str(error)) from None


def _with_values(matcher: Matcher, groups: Mapping[str, str]) -> Matcher:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        held = groups.get(name)
        if held is None:
            raise Unmapped(f"it has no {name}")
        if matcher.operator != "equal" and not _GLOB_MARKS.isdisjoint(held):
            raise Unmapped(f"its {name} holds a mark of a pattern")
        return held

    return replace(matcher, value=PLACEHOLDER.sub(value, matcher.value))
