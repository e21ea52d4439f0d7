"""One entry of the kinds catalogue, compiled: when it applies, what it says, and where its subject's facts are.

Pure: a notification in, a match or a subject out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fannel.kinds.facts import subject_of

if TYPE_CHECKING:
    from fannel.event import Subject
    from fannel.kinds.kind import Kind
    from fannel.naming.catalogue import Notification, VarBind

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
class SubjectRule:
    """What a notification is about: for each fact of the subject the places to look, the first that has it wins."""

    type: str
    facts: Mapping[str, tuple[Where, ...]] = field(default_factory=dict)

    def subject(self, notification: Notification, varbinds: VarBinds) -> Subject:
        """The subject of this notification."""
        return subject_of(
            self.type, {fact: _first(places, notification, varbinds) for fact, places in self.facts.items()}
        )


def _first(places: tuple[Where, ...], notification: Notification, varbinds: VarBinds) -> int | float | str | None:
    """What the first place holds that holds anything."""
    for place in places:
        found = place.find(notification, varbinds)
        if found is not None and str(found).strip():
            return found
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping. `when` are alternatives, each a set of conditions that must all hold; none at all always applies."""

    kind: Kind
    subject: SubjectRule
    when: tuple[tuple[Condition, ...], ...] = ()

    def applies(self, varbinds: VarBinds) -> bool:
        """Whether a notification with these varbinds is what this entry means."""
        if not self.when:
            return True
        return any(all(condition.holds(varbinds) for condition in alternative) for alternative in self.when)
