"""One entry of the kinds catalogue, compiled: when it applies, what it says, and where its subject's facts are.

Pure: a notification in, a match or a subject out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from fannel.kinds.facts import subject_of

if TYPE_CHECKING:
    from fannel.event import Subject
    from fannel.kinds.kind import Kind
    from fannel.kinds.pattern import Pattern
    from fannel.naming.catalogue import Notification, VarBind

Place = Union["Where", "Composed"]
VarBinds = Mapping[str, "VarBind"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A varbind of this name has one of these values."""

    varbind: str
    values: frozenset[str | int | float]

    def holds(self, varbinds: VarBinds) -> bool:
        """Whether it does; a varbind that was not sent has no value."""
        varbind = varbinds.get(self.varbind)
        return varbind is not None and varbind.value in self.values


@dataclass(frozen=True, slots=True)
class Matching:
    """The text of a varbind of this name matches a pattern; what its named groups hold are facts of the subject."""

    varbind: str
    pattern: Pattern

    def holds(self, varbinds: VarBinds) -> bool:
        """Whether it does; a varbind that was not sent has no text."""
        return self.groups(varbinds) is not None

    def groups(self, varbinds: VarBinds) -> dict[str, str] | None:
        """What the groups hold; None if it does not match."""
        varbind = varbinds.get(self.varbind)
        if varbind is None or varbind.value is None:
            return None
        return self.pattern.search(str(varbind.value).encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Where:
    """A place a fact can be found: the value of a varbind, or an index of any varbind."""

    name: str
    in_index: bool = False

    def find(self, notification: Notification, varbinds: VarBinds) -> int | float | str | None:
        """What is there; None if nothing is."""
        if self.in_index:
            return notification.index(self.name)
        varbind = varbinds.get(self.name)
        return None if varbind is None else varbind.value


@dataclass(frozen=True, slots=True)
class Composed:
    """Several places put together: a text in which `{name}` stands for a varbind's value, or else an index."""

    text: str
    names: tuple[str, ...]

    def find(self, notification: Notification, varbinds: VarBinds) -> str | None:
        """The text; None if one of its parts is not there."""
        parts: dict[str, object] = {}
        for name in self.names:
            varbind = varbinds.get(name)
            found = varbind.value if varbind is not None else notification.index(name)
            if found is None:
                return None
            parts[name] = found
        return self.text.format_map(parts)


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """What a notification is about: for each fact of the subject the places to look, the first that has it wins."""

    type: str
    facts: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)

    def subject(self, notification: Notification, varbinds: VarBinds, held: Mapping[str, str]) -> Subject:
        """The subject of this notification; `held` are facts that a pattern found."""
        found = {fact: _first(places, notification, varbinds) for fact, places in self.facts.items()}
        return subject_of(self.type, {**found, **held})


def _first(places: tuple[Place, ...], notification: Notification, varbinds: VarBinds) -> int | float | str | None:
    """What the first place holds that holds anything."""
    for place in places:
        found = place.find(notification, varbinds)
        if found is not None and str(found).strip():
            return found
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping. `when` are alternatives, each a set of conditions that must all hold; none at all always applies.

    `systems` are those whose notifications it is for; none at all: everybody's.
    """

    kind: Kind
    subject: SubjectRule
    when: tuple[tuple[Condition | Matching, ...], ...] = ()
    systems: frozenset[str] = frozenset()

    def applies(self, varbinds: VarBinds, os: str | None) -> bool:
        """Whether a notification with these varbinds, of a device with this OS, is what this entry means."""
        return self.held(varbinds, os) is not None

    def held(self, varbinds: VarBinds, os: str | None) -> dict[str, str] | None:
        """The facts that its patterns found; None if it does not apply."""
        if self.systems and os not in self.systems:
            return None
        for alternative in self.when:
            if all(condition.holds(varbinds) for condition in alternative):
                patterns = [condition for condition in alternative if isinstance(condition, Matching)]
                return {fact: value for one in patterns for fact, value in (one.groups(varbinds) or {}).items()}
        return None if self.when else {}
