"""Which fault follows from which: the rules of consequences.yml, and what they say of faults that are there. Pure.

A rule relates two faults by what an event and pagoda say of them. Nothing here knows which of them was reported first:
the caller asks again for everything that is still held whenever a possible cause appears.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.kinds.interface_name import canonical_interface_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from fannel.event import Subject

# Names of bundles on the systems that FANNEL knows, as a device or pagoda spells them.
_BUNDLE = re.compile(r"(?:port-channel|bundle-ether|ae|eth-trunk|bond|team|po|be)\s*\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """An incident as correlation sees it. `root` is its cause's id once it is attached."""

    id: str
    host: str
    problem: str
    subject: Subject
    raised_at: datetime
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What a fault follows from, and why that is believed, in words for people."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Relation:
    """How two faults may be related: `between` says whether they are.

    `possible` says whether `fault` alone could have it at all, and `elsewhere` that its cause is on another device:
    both spare a device with many open faults the comparison of each with all others.
    """

    between: Callable[[Fault, Fault], bool]
    possible: Callable[[Fault], bool] = lambda _: True
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Consequence:
    """One rule."""

    problems: frozenset[str]
    of: frozenset[str]
    related: Relation
    why: str
    within_s: float | None = None

    def fits(self, fault: Fault, cause: Fault) -> bool:
        """Whether `fault` follows from `cause` by this rule."""
        if fault.problem not in self.problems or cause.problem not in self.of:
            return False
        if self.within_s is not None and _apart_s(fault, cause) > self.within_s:
            return False
        return self.related.between(fault, cause)


@dataclass(frozen=True, slots=True)
class Sought:
    """Problems that may be a fault's cause: on its own device, and elsewhere."""

    here: frozenset[str]
    elsewhere: frozenset[str]


@dataclass(frozen=True, slots=True)
class Consequences:
    """All rules. Times are in seconds."""

    hold_s: Mapping[str, float]
    outlives_s: float
    restart_problems: frozenset[str]
    restart_within_s: float
    rules: tuple[Consequence, ...]

    def concerns(self, problem: str) -> bool:
        """Whether a fault of this kind may be the cause or the consequence of another."""
        return any(problem in rule.problems or problem in rule.of for rule in self.rules)

    def causes(self, problem: str) -> bool:
        """Whether others may follow from it."""
        return any(problem in rule.of for rule in self.rules)

    def sought(self, fault: Fault) -> Sought:
        """What may be the cause of `fault`: nothing else has to be looked at."""
        rules = [rule for rule in self.rules if fault.problem in rule.problems and rule.related.possible(fault)]
        return Sought(
            frozenset().union(*(rule.of for rule in rules if not rule.related.elsewhere)),
            frozenset().union(*(rule.of for rule in rules if rule.related.elsewhere)),
        )

    def cause_of(self, fault: Fault, others: Iterable[Fault]) -> Cause | None:
        """What `fault` follows from among `others`: at once the cause of that, where it has one itself."""
        rules = [rule for rule in self.rules if fault.problem in rule.problems and rule.related.possible(fault)]
        if not rules:
            return None
        here: list[Fault] = []
        elsewhere: list[Fault] = []
        for one in others:
            if fault.id not in (one.id, one.root):
                (here if one.host == fault.host else elsewhere).append(one)
        for rule in rules:
            candidates = elsewhere if rule.related.elsewhere else here
            if fitting := [one for one in candidates if rule.fits(fault, one)]:
                nearest = min(fitting, key=lambda one: (one.root is not None, _apart_s(fault, one)))
                return Cause(nearest.root or nearest.id, rule.why.replace("{cause}", _name(fault, nearest)))
        return None


def _apart_s(one: Fault, other: Fault) -> float:
    return abs((one.raised_at - other.raised_at).total_seconds())


def _name(fault: Fault, cause: Fault) -> str:
    """The cause's name, with its device where that is another one."""
    return cause.subject.key if cause.host == fault.host else f"{cause.host} {cause.subject.key}"


# --- how two faults may be related ---------------------------------------------------------------------------------


def _same_device(fault: Fault, cause: Fault) -> bool:
    return fault.host == cause.host


def _same_interface(fault: Fault, cause: Fault) -> bool:
    if fault.host != cause.host:
        return False
    mine, its = fault.subject, cause.subject
    by_index = mine.ifindex is not None and mine.ifindex == its.ifindex
    port = mine.name if mine.type == "interface" else mine.interface
    return by_index or (port is not None and port == its.name)


def _part_of(fault: Fault, cause: Fault) -> bool:
    mine, its = fault.subject.name, cause.subject.name
    return fault.host == cause.host and bool(mine and its and mine.startswith(f"{its}."))


def _far_end(fault: Fault, cause: Fault) -> bool:
    return fault.host != cause.host and (_leads_to(cause, fault) or _leads_to(fault, cause))


def _leads_to(fault: Fault, other: Fault) -> bool:
    """Whether pagoda says that the interface `fault` is about is connected to the one `other` is about."""
    device, interface = _peer(fault.subject)
    name = other.subject.name
    return (
        bool(interface and name)
        and _same_host(device, other.host)
        and canonical_interface_name(interface) == canonical_interface_name(name or "")
    )


def _neighbor_device(fault: Fault, cause: Fault) -> bool:
    """A neighbour's description is the device that pagoda knows its address of (pipeline.py)."""
    device, _ = _peer(cause.subject)
    return fault.host == cause.host and bool(device) and _same_host(device, fault.subject.description or "")


def _bundle(fault: Fault, cause: Fault) -> bool:
    return (
        fault.host == cause.host
        and _BUNDLE.match(fault.subject.name or "") is not None
        and _BUNDLE.match(cause.subject.name or "") is None
    )


def _peer(subject: Subject) -> tuple[str, str]:
    """Device and interface at the other end, as pagoda's readable text has them: `rt02 GigabitEthernet0/1`."""
    device, _, interface = (subject.peer or "").partition(" ")
    return device, interface.strip()


def _same_host(one: str, other: str) -> bool:
    """Whether two names are one device's; a short name is the same as the full one it begins."""
    one, other = one.casefold(), other.casefold()
    return bool(one and other) and (one == other or one.startswith(f"{other}.") or other.startswith(f"{one}."))


RELATIONS: Mapping[str, Relation] = {
    "same_device": Relation(_same_device),
    "same_interface": Relation(_same_interface),
    "part_of": Relation(_part_of, lambda fault: "." in (fault.subject.name or "")),
    "far_end": Relation(_far_end, elsewhere=True),
    "neighbor_device": Relation(_neighbor_device, lambda fault: bool(fault.subject.description)),
    "bundle": Relation(_bundle, lambda fault: _BUNDLE.match(fault.subject.name or "") is not None),
}
