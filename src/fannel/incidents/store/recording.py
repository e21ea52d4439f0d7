"""Recording a batch: what is known is asked once, decided in memory in the order of the batch, and written at once.

The outcome is the one of recording the events one by one; a test holds it against that. A batch costs a few statements
however long it is, so a storm costs a database no round trip an event.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, and_, bindparam, insert, null, or_, select, update

from fannel.incidents.incident import Change
from fannel.incidents.store import activities, placing, quieting
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.asking import among
from fannel.incidents.store.changes import noted
from fannel.incidents.store.due import SETTLES_AFTER
from fannel.incidents.store.flaps import RESTART, Scores, scores
from fannel.incidents.store.plain import plain
from fannel.incidents.store.rows import Rows, insert_rows
from fannel.incidents.store.tables import events, incidents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from fannel.event import Event, Host, Json, Subject
    from fannel.incidents.correlation import Consequences
    from fannel.incidents.flap import FlapPolicy
    from fannel.incidents.incident import What

# While nobody has answered an incident, a raise asks the rules again, at most this often.
ASK_AGAIN_AFTER = timedelta(seconds=60)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

# Crockford's base 32 without the letters people misread aloud: six of them are 10^9 incidents.
_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_KNOWN = select(events.c.id, events.c.event).where(among(events.c.id, "asked"))
# What is not over, or so lately that a raise may reopen it. Each half of the OR has its range of one index; which of
# those that are over are closed is seen here: the database would go through all that are resolved to see that first.
# PostgreSQL locks the rows until the commit, so that nobody resolves an incident while a raise joins it, and one
# replica alone reopens it; in one order, so that two replicas do not lock each other out. In SQLite a writer is alone
# anyway, and it knows no such lock.
_CALLED = among(incidents.c.fingerprint, "asked")
_FOUND = (
    select(
        *(incidents.c[name] for name in ("id", "fingerprint", "state", "opened_at", "asked_at")),
        *(incidents.c[name] for name in ("cause_id", "cause", "due_at", "resolved_at")),
    )
    .where(
        or_(
            and_(_CALLED, incidents.c.resolved_at.is_(None)),
            and_(_CALLED, incidents.c.resolved_at > bindparam("since")),
        )
    )
    .order_by(incidents.c.fingerprint, incidents.c.resolved_at)
    .with_for_update(key_share=True)
)
_JOINED = (
    update(incidents)
    .where(incidents.c.id == bindparam("joined"))
    .values(
        raises=incidents.c.raises + bindparam("more"),
        last_raise_at=bindparam("raised_at"),
        asked_at=bindparam("asked_at"),
    )
)
# What was found out and said of it before is history: the rules are asked as if it were new.
_REOPENED = (
    update(incidents)
    .where(incidents.c.id == bindparam("again"))
    .values(
        state="new",
        opened_by=bindparam("raised_by"),
        reopened=incidents.c.reopened + 1,
        reopened_at=bindparam("raised_at"),
        recovered_at=incidents.c.resolved_at,
        resolved_at=null(),
        verdict=null(),
        acknowledged_at=null(),
        acknowledged_by=null(),
        cause_id=bindparam("its_cause"),
        cause=bindparam("because", type_=JSON),
        due_at=bindparam("due"),
        recheck_at=null(),
        recheck_id=null(),
        recheck_for=null(),
    )
)
_SETTLING = update(incidents).where(incidents.c.id == bindparam("cleared")).values(due_at=bindparam("due"))
_OPENED = insert(incidents)
_LOGGED = insert(events)


@dataclass(frozen=True, slots=True)
class Handling:
    """How incidents are handled: what reopens them, what is restless, and what follows from what."""

    reopen: timedelta
    flap: FlapPolicy
    rules: Consequences


@dataclass(slots=True)
class _Unresolved:
    """An incident that a batch may find: as it was, and what the batch has made of it so far."""

    id: str
    fingerprint: str
    state: str
    opened_at: datetime = _LONG_AGO
    asked_at: datetime = _LONG_AGO
    cause_id: str | None = None
    cause: Json | None = None
    due_at: datetime | None = None
    raised_at: datetime | None = None
    raises: int = 0
    settles_at: datetime | None = None

    @property
    def standing(self) -> str:
        """Its state, or what keeps it from being asked about."""
        if self.cause is not None:
            return "attached"
        return self.state if self.due_at is None else "held"

    def join(self, event: Event, flap: Json | None) -> Json:
        """What the rules are told of it; a raise is counted, and asks them again when nobody has answered for long."""
        if event.phase == "clear":
            if self.cause_id is not None:
                self.settles_at = event.received_at + SETTLES_AFTER
            return placing.told(self.id, self.standing, self.cause)
        standing = self.standing
        waited = event.received_at - self.asked_at >= ASK_AGAIN_AFTER
        ask = standing == "new" and waited and not (flap and flap["flapping"])
        if ask:
            self.asked_at = event.received_at
        self.raised_at = event.received_at
        self.raises += 1
        # `new` asks the rules to answer; a repeat while an answer is on its way must not.
        return placing.told(self.id, "new" if ask else "open" if standing == "new" else standing, self.cause)


class _Batch:
    """What one batch has found and decided so far, and writes at its end."""

    def __init__(
        self,
        unresolved: dict[str, _Unresolved],
        resolved: Mapping[str, Row[Any]],
        scored: Scores,
        places: placing.Places,
        reopen: timedelta,
    ) -> None:
        self._unresolved = unresolved
        self._resolved = resolved
        self._scored = scored
        self._places = places
        self._reopen = reopen
        self._opened: list[Json] = []
        self._reopened: list[Json] = []
        self._changes: list[Change] = []
        self._decisions: list[Activity] = []
        self._asking: list[tuple[str, Event]] = []

    def decide(self, event: Event, called: Sequence[str]) -> Event:
        """The event with its incident and its flap."""
        if event.problem == RESTART:
            self._scored.note_restart(event)
        if not called:
            # What only informs has no incident, but for a question of ours about one.
            return event
        if found := [self._unresolved[name] for name in called if name in self._unresolved]:
            one = min(found, key=_opened_at)
            flap = self._scored.score(event, called, one.fingerprint)
            told = one.join(event, flap)
            if told["state"] == "new" and event.phase == "raise":
                self._decide(one.id, event, "asking: nobody has answered it, the rules are asked again")
            if told["state"] == "new" or event.phase == "clear":
                self._asking.append((one.id, event))
            return _decided(event, told, flap)
        if event.phase != "raise":
            return _decided(event, None, self._scored.score(event, called, called[0]))
        return self._open(event, called)

    def _open(self, event: Event, called: Sequence[str]) -> Event:
        """An incident for it: one that was resolved lately, or a new one."""
        again = _latest(self._resolved, called, event.received_at - self._reopen) if self._reopen else None
        incident_id, fault = (_new_id(), called[0]) if again is None else (again.id, again.fingerprint)
        one = _Unresolved(incident_id, fault, "new")
        place = self._places.place(one.id, event, self._scored.restarted_at(event))
        one.cause_id, one.cause, one.due_at = place.cause_id, place.cause, place.due_at
        one.opened_at = one.asked_at = event.received_at
        if again is None:
            self._opened.append(_incident_row(event, one))
            self._changes.append(_changed(one.id, event, "opened"))
        else:
            one.opened_at, one.raised_at, one.raises = again.opened_at, event.received_at, 1
            because = {"its_cause": place.cause_id, "because": place.cause, "due": place.due_at}
            self._reopened.append({"again": one.id, "raised_by": event.id, "raised_at": event.received_at, **because})
            self._changes.append(_changed(one.id, event, "reopened"))
        if place.standing == "held" and place.due_at is not None:
            held_s = (place.due_at - event.received_at).total_seconds()
            self._decide(one.id, event, f"correlation: held for {held_s:g} s, its cause may still come")
        if place.cause is not None:
            self._changes.append(_changed(one.id, event, "attached", place.cause["why"]))
        self._asking.append((one.id, event))
        self._unresolved[one.fingerprint] = one
        flap = self._scored.score(event, called, one.fingerprint)
        return _decided(event, place.told(one.id), flap)

    def _decide(self, incident_id: str, event: Event, summary: str) -> None:
        self._decisions.append(Activity(event.received_at, "decision", summary, incident_id, event.id))

    def write(self, connection: Connection, logged: Sequence[Json]) -> None:
        """Everything that was decided, and the log of the events, in a few statements."""
        for fault, event, changes in self._scored.began:
            if (restless := self._unresolved.get(fault)) is not None:
                self._decide(
                    restless.id, event, f"flap: flapping after {changes} changes, no post for each from here on"
                )
        self._decisions += quieting.decisions(connection, self._asking)
        attached = (_changed(held, event, "attached", cause.why) for held, cause, event in self._places.attached)
        if self._reopened:
            connection.execute(_REOPENED, self._reopened)
        insert_rows(
            connection,
            # In one order, so that two replicas that open the same two incidents do not wait for each other.
            Rows(_OPENED, sorted(self._opened, key=itemgetter("fingerprint"))),
            self._scored.changed(connection),
            activities.noted(self._decisions),
            noted([*self._changes, *attached]),
            Rows(_LOGGED, logged),
        )
        if joined := [
            {"joined": one.id, "more": one.raises, "raised_at": one.raised_at, "asked_at": one.asked_at}
            for one in self._unresolved.values()
            if one.raises
        ]:
            connection.execute(_JOINED, joined)
        if settling := [
            {"cleared": one.id, "due": one.settles_at} for one in self._unresolved.values() if one.settles_at
        ]:
            connection.execute(_SETTLING, settling)
        self._places.save(connection)


def record(
    connection: Connection, observed: Sequence[tuple[Event, bytes]], handling: Handling, *, again: bool = True
) -> list[Event]:
    """Log the events and find, reopen or open their incidents, in the transaction of `connection`; see Store.record.

    Only where it is `again` that they are recorded, some may be on record.

    Raises:
        IntegrityError: one of them is, or another process was first with its incident.
    """
    known = _known(connection, [event.id for event, _ in observed]) if again else {}
    names = [_fingerprints(event) for event, _ in observed]
    batch = _batch(
        connection, [(e, n) for (e, _), n in zip(observed, names, strict=True) if e.id not in known], handling
    )
    recorded: list[Event] = []
    logged: list[Json] = []
    for (event, raw), called in zip(observed, names, strict=True):
        if (before := known.get(event.id)) is not None:
            decided = _decided(event, before.get("incident"), before.get("flap"))
            silence = before.get("silence")
            recorded.append(decided if decided.silence == silence else replace(decided, silence=silence))
            continue
        decided = batch.decide(event, called)
        known[event.id] = {"incident": decided.incident, "flap": decided.flap, "silence": decided.silence}
        recorded.append(decided)
        logged.append(_event_row(decided, raw))
    batch.write(connection, logged)
    return recorded


def _known(connection: Connection, ids: list[str]) -> dict[str, Json]:
    return {row.id: row.event for row in connection.execute(_KNOWN, {"asked": ids})}


def _batch(connection: Connection, fresh: Sequence[tuple[Event, list[str]]], handling: Handling) -> _Batch:
    """All that these events may find, asked for at once."""
    placing.take_turns(connection, [event for event, _ in fresh], handling.rules)
    faults = sorted({name for _, called in fresh for name in called})
    unresolved: dict[str, _Unresolved] = {}
    resolved: dict[str, Row[Any]] = {}
    first = min((event.received_at for event, _ in fresh), default=None)
    asked = {"asked": faults, "since": first and first - handling.reopen}
    for row in connection.execute(_FOUND, asked) if faults else ():
        if row.resolved_at is None:
            times = (row.opened_at, row.asked_at)
            one = _Unresolved(row.id, row.fingerprint, row.state, *times, row.cause_id, row.cause, row.due_at)
            unresolved[one.fingerprint] = one
        elif row.state == "resolved":
            resolved[row.fingerprint] = row
    homeless = [event for event, called in fresh if event.phase == "raise" and unresolved.keys().isdisjoint(called)]
    return _Batch(
        unresolved,
        resolved,
        scores(connection, fresh, handling.flap, handling.rules),
        placing.places(connection, homeless, handling.rules),
        handling.reopen,
    )


_opened_at = attrgetter("opened_at")
_resolved_at = attrgetter("resolved_at")


def _latest(resolved: Mapping[str, Row[Any]], called: Sequence[str], since: datetime) -> Row[Any] | None:
    if not resolved:
        return None
    found = [row for name in called if (row := resolved.get(name)) is not None and row.resolved_at > since]
    return max(found, key=_resolved_at, default=None)


def _changed(incident_id: str, event: Event, what: What, why: str | None = None) -> Change:
    return Change(incident_id, event.received_at, f"event {event.id}", what, why or event.kind)


def _fingerprints(event: Event) -> list[str]:
    """What the event's incident may be called; nothing where it has none."""
    return [] if event.phase == "info" else [plain(f) for f in (event.fingerprint, *event.aliases)]


def _decided(event: Event, incident: Json | None, flap: Json | None) -> Event:
    if event.incident == incident and event.flap == flap:
        return event
    return replace(event, incident=incident, flap=flap)


def _event_row(event: Event, raw: bytes) -> Json:
    return {
        "id": event.id,
        "received_at": event.received_at,
        "via": event.via,
        "kind": event.kind,
        "phase": event.phase,
        "severity": event.severity,
        "host": plain(event.host.name)[:255],
        "fingerprint": plain(event.fingerprint),
        "source_address": event.source.address,
        "incident_id": event.incident["id"] if event.incident else None,
        "event": event.to_json(),
        "raw": raw,
        "silence_id": event.silence["id"] if event.silence else None,
    }


def _new_id() -> str:
    number = secrets.randbits(30)
    return "A-" + "".join(_ID_LETTERS[number >> shift & 31] for shift in range(0, 30, 5))


def _incident_row(event: Event, one: _Unresolved) -> Json:
    return {
        "id": one.id,
        "fingerprint": one.fingerprint,
        "problem": event.problem,
        "severity": event.severity,
        "state": "new",
        "host": _facts(event.host),
        "host_name": placing.host_name(event.host.name),
        "far_host": placing.far_host(event.subject),
        "subject": _facts(event.subject),
        "notification": plain(event.trap["name"]) if event.trap else None,
        "opened_by": event.id,
        "opened_at": event.received_at,
        "last_raise_at": event.received_at,
        "raises": 1,
        "asked_at": event.received_at,
        "cause_id": one.cause_id,
        "cause": one.cause,
        "due_at": one.due_at,
    }


def _facts(record: Host | Subject) -> Json:
    # Not asdict(): it copies what is in them, and a storm pays for that.
    return {name: getattr(record, name) for name in record.__slots__}
