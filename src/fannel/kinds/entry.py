"""One entry of the kinds catalogue, compiled: when it applies, what it says, and where its subject's facts are.

Pure: a notification in, a match or a subject out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fannel.event import Phase, Severity, Subject
from fannel.kinds.interface_name import canonical_interface_name

if TYPE_CHECKING:
    from fannel.naming.catalogue import Notification, VarBind

# InterfaceIndex of RFC 2863.
_IF_INDEX: Final = range(1, 2**31)
# DisplayString's limit (RFC 2579); what is longer is cut, since names end up in fingerprints and on phones.
_MAX_NAME: Final = 255

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
    name: tuple[Where, ...] = ()
    ifindex: tuple[Where, ...] = ()
    description: tuple[Where, ...] = ()
    peer: tuple[Where, ...] = ()
    circuit: tuple[Where, ...] = ()

    def subject(self, notification: Notification, varbinds: VarBinds) -> Subject:
        """The subject of this notification."""
        name = _text(self.name, notification, varbinds)
        if name is not None and self.type == "interface":
            name = canonical_interface_name(name)
        return Subject(
            type=self.type,
            name=name,
            ifindex=_ifindex(self.ifindex, notification, varbinds),
            description=_text(self.description, notification, varbinds),
            peer=_text(self.peer, notification, varbinds),
            circuit=_text(self.circuit, notification, varbinds),
        )


def _text(places: tuple[Where, ...], notification: Notification, varbinds: VarBinds) -> str | None:
    for place in places:
        found = place.find(notification, varbinds)
        if found is not None and (text := " ".join(str(found).split())[:_MAX_NAME]):
            return text
    return None


def _ifindex(places: tuple[Where, ...], notification: Notification, varbinds: VarBinds) -> int | None:
    for place in places:
        found = place.find(notification, varbinds)
        if isinstance(found, int) and found in _IF_INDEX:
            return found
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping. `when` are alternatives, each a set of conditions that must all hold; none at all always applies."""

    kind: str
    problem: str
    phase: Phase
    severity: Severity
    subject: SubjectRule
    when: tuple[tuple[Condition, ...], ...] = ()

    def applies(self, varbinds: VarBinds) -> bool:
        """Whether a notification with these varbinds is what this entry means."""
        if not self.when:
            return True
        return any(all(condition.holds(varbinds) for condition in alternative) for alternative in self.when)
