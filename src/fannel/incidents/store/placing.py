"""Where an incident that opens belongs: to a cause that is there, to one that may still come, or to nobody but itself.

What is around (unresolved, on the same device or at the other end of the link) is asked once a batch, and only where
something opens that may have to do with something else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import JSON, bindparam, select, text, union_all, update

from fannel.event import Subject
from fannel.incidents.correlation import Fault
from fannel.incidents.store.asking import among
from fannel.incidents.store.plain import plain
from fannel.incidents.store.tables import incidents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from fannel.event import Event, Json
    from fannel.incidents.correlation import Cause, Consequences

# A device with more open faults than this has other troubles.
_MOST_AROUND = 2000
_FOUND = select(
    *(incidents.c[name] for name in ("id", "host_name", "problem", "subject", "last_raise_at", "cause_id", "due_at"))
).where(incidents.c.resolved_at.is_(None))
_WAITS = incidents.c.due_at.is_not(None)
# Not one SELECT with an OR: SQLite would use no index for it. Only what may be the cause of something that opens, and
# what waits for a cause: a device in a storm has thousands of open faults that are neither.
_AROUND = union_all(
    _FOUND.where(among(incidents.c.host_name, "here"), among(incidents.c.problem, "causes_here")),
    _FOUND.where(among(incidents.c.host_name, "there"), among(incidents.c.problem, "causes_there")),
    _FOUND.where(
        incidents.c.far_host.is_not(None),
        among(incidents.c.far_host, "afar"),
        among(incidents.c.problem, "causes_there"),
    ),
    _FOUND.where(among(incidents.c.host_name, "near"), _WAITS),
    _FOUND.where(incidents.c.far_host.is_not(None), among(incidents.c.far_host, "near"), _WAITS),
).limit(_MOST_AROUND)
_ATTACHED = (
    update(incidents)
    .where(incidents.c.id == bindparam("held"), incidents.c.resolved_at.is_(None), incidents.c.due_at.is_not(None))
    .values(cause_id=bindparam("its_cause"), cause=bindparam("because", type_=JSON), due_at=None)
)

_TURNS = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")

_ByProblem = dict[tuple[str, str], dict[str, None]]
Standing = Literal["new", "held", "attached"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an incident belongs: on its own (`new`), `held` until `due_at`, or `attached` to a cause."""

    standing: Standing
    cause_id: str | None = None
    cause: Json | None = None
    due_at: datetime | None = None

    def told(self, incident_id: str) -> Json:
        """What an event says of it."""
        return told(incident_id, self.standing, self.cause)


def told(incident_id: str, standing: str, cause: Json | None) -> Json:
    """What an event says of an incident, with its cause where it has one."""
    return {"id": incident_id, "state": standing} | ({"cause": cause} if cause else {})


class Places:
    """What is around the incidents that one batch opens."""

    def __init__(self, around: Sequence[Fault], held: Sequence[str], rules: Consequences) -> None:
        self._around: dict[str, Fault] = {}
        # By device and problem: faults that are on it, and faults elsewhere whose link ends there.
        self._at: _ByProblem = {}
        self._afar: _ByProblem = {}
        self._held = set(held)
        self._rules = rules
        for fault in around:
            self._put(fault)
        self.attached: list[tuple[str, Cause, Event]] = []

    def place(self, incident_id: str, event: Event, restarted_at: datetime | None) -> Place:
        """Where the incident that `event` opens belongs. It is around for those after it."""
        if not self._rules.concerns(event.problem) and restarted_at is None:
            return Place("new")
        fault = _fault(incident_id, event)
        cause = self._rules.cause_of(fault, self._near_to(fault))
        place = self._place(event, cause, restarted_at)
        self._put(_with_root(fault, place.cause_id))
        if place.standing == "held":
            self._held.add(incident_id)
        if self._rules.causes(event.problem):
            self._claim(fault, event)
        return place

    def _place(self, event: Event, cause: Cause | None, restarted_at: datetime | None) -> Place:
        if cause is not None:
            return Place("attached", cause.id, {"id": cause.id, "why": cause.why})
        if restarted_at is not None:
            since_s = (event.received_at - restarted_at).total_seconds()
            why = f"the device restarted {since_s:.0f} s before"
            due_at = restarted_at + timedelta(seconds=self._rules.restart_within_s)
            return Place("attached", None, {"why": why}, due_at)
        if hold_s := self._rules.hold_s.get(event.problem):
            return Place("held", due_at=event.received_at + timedelta(seconds=hold_s))
        return Place("new")

    def _put(self, fault: Fault) -> None:
        self._around[fault.id] = fault
        at, *far = _devices(fault)
        self._at.setdefault((at, fault.problem), {})[fault.id] = None
        for device in far:
            self._afar.setdefault((device, fault.problem), {})[fault.id] = None

    def _near_to(self, fault: Fault) -> list[Fault]:
        """What may be its cause, in the order it came."""
        sought = self._rules.sought(fault)
        at, *far = _devices(fault)
        found: dict[str, None] = {}
        for problem in sorted(sought.here):
            found |= self._at.get((at, problem), {})
        for problem in sorted(sought.elsewhere):
            found |= self._afar.get((at, problem), {})
            for device in far:
                found |= self._at.get((device, problem), {})
        return [self._around[one] for one in found]

    def _claim(self, cause_fault: Fault, event: Event) -> None:
        """A possible cause has come: what waited for one may be its consequence."""
        devices = set(_devices(cause_fault))
        for fault in [self._around[one] for one in sorted(self._held)]:
            if devices.isdisjoint(_devices(fault)):
                continue
            if (cause := self._rules.cause_of(fault, self._near_to(fault))) is not None:
                self._held.discard(fault.id)
                self._put(_with_root(fault, cause.id))
                self.attached.append((fault.id, cause, event))

    def save(self, connection: Connection) -> None:
        """Attach what waited, after everything that opened is there."""
        if self.attached:
            rows = [
                {"held": held, "its_cause": cause.id, "because": {"id": cause.id, "why": cause.why}}
                for held, cause, _ in sorted(self.attached, key=lambda one: one[0])
            ]
            connection.execute(_ATTACHED, rows)


def places(connection: Connection, opening: Sequence[Event], rules: Consequences) -> Places:
    """What is around the incidents that these events may open."""
    concerned = [_fault("", event) for event in opening if rules.concerns(event.problem)]
    if not concerned:
        return Places((), (), rules)
    sought = [(fault, rules.sought(fault)) for fault in concerned]
    there = {name for fault in concerned if (name := far_host(fault.subject)) is not None}
    hosts = {fault.host for fault in concerned}
    asked = {
        "here": {fault.host for fault, causes in sought if causes.here},
        "causes_here": frozenset().union(*(causes.here for _, causes in sought)),
        "there": there,
        "afar": {fault.host for fault, causes in sought if causes.elsewhere},
        "causes_there": frozenset().union(*(causes.elsewhere for _, causes in sought)),
        "near": (hosts | there) if any(rules.causes(fault.problem) for fault in concerned) else (),
    }
    around: list[Fault] = []
    held: list[str] = []
    for row in connection.execute(_AROUND, {name: sorted(values) for name, values in asked.items()}):
        subject = Subject(**row.subject)
        around.append(Fault(row.id, row.host_name, row.problem, subject, row.last_raise_at, row.cause_id))
        if row.due_at is not None and row.cause_id is None:
            held.append(row.id)
    return Places(around, held, rules)


def _fault(incident_id: str, event: Event) -> Fault:
    return Fault(incident_id, host_name(event.host.name), event.problem, event.subject, event.received_at)


def take_turns(connection: Connection, fresh: Sequence[Event], rules: Consequences) -> None:
    """Let no two replicas place faults of the same devices at the same time, until the transaction ends.

    Neither would see what the other is about to open, and both ends of a cable would get a thread of their own. Taken
    before any row is locked and in one order, so that nobody waits in a circle. In SQLite a writer is alone anyway.
    """
    if connection.dialect.name != "postgresql":
        return
    devices = {
        _short(name)
        for event in fresh
        if event.phase == "raise" and rules.concerns(event.problem)
        for name in (host_name(event.host.name), far_host(event.subject))
        if name is not None
    }
    if devices:
        connection.execute(_TURNS, {"keys": sorted(map(_key, devices))}).all()


def _key(device: str) -> int:
    digest = hashlib.blake2b(device.encode("utf-8", "replace"), digest_size=8, person=b"fannel-placing").digest()
    return int.from_bytes(digest, signed=True)


def host_name(name: str) -> str:
    """A host's name as its column takes it."""
    return plain(name)[:255]


def far_host(subject: Subject) -> str | None:
    """The device at the other end of an interface's link, as far as pagoda names it."""
    if subject.type != "interface" or not subject.peer:
        return None
    return host_name(subject.peer.partition(" ")[0])


def _devices(fault: Fault) -> list[str]:
    far = far_host(fault.subject)
    return [_short(fault.host)] if far is None else [_short(fault.host), _short(far)]


def _short(name: str) -> str:
    """What a device's short and full names have in common; an address is no such name."""
    first = name.casefold().partition(".")[0]
    return name if first.isdigit() else first


def _with_root(fault: Fault, root: str | None) -> Fault:
    return Fault(fault.id, fault.host, fault.problem, fault.subject, fault.raised_at, root)
