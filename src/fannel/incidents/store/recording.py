"""Recording a batch: what is known is asked once, decided in memory in the order of the batch, and written at once.

The outcome is the one of recording the events one by one; a test holds it against that. A batch costs a few statements
however long it is (more only beyond what one statement may hold), so a storm costs a database no round trip an event.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, null, select, update

from fannel.incidents.incident import Change
from fannel.incidents.store.changes import note
from fannel.incidents.store.tables import events, incidents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from fannel.event import Event, Json
    from fannel.incidents.incident import What

# While nobody has answered an incident, a raise asks the rules again, at most this often.
ASK_AGAIN_AFTER = timedelta(seconds=60)

# Crockford's base 32 without the letters people misread aloud: six of them are 10^9 incidents.
_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# Values in one IN list. SQLite before 3.32 takes 999 parameters in a statement.
_MOST_ASKED = 900

_KNOWN = select(events.c.id, events.c.event).where(events.c.id.in_(bindparam("asked", expanding=True)))
# PostgreSQL locks the rows until the commit, so that nobody resolves an incident while a raise joins it; in one order,
# so that two replicas do not lock each other out. In SQLite a writer is alone anyway, and it knows no such lock.
_UNRESOLVED = (
    select(incidents.c.id, incidents.c.fingerprint, incidents.c.state, incidents.c.opened_at, incidents.c.asked_at)
    .where(incidents.c.resolved_at.is_(None), incidents.c.fingerprint.in_(bindparam("asked", expanding=True)))
    .order_by(incidents.c.fingerprint)
    .with_for_update(key_share=True)
)
# What a raise may reopen, the latest of a fingerprint last. Locked for the same reasons: only one replica reopens it.
_RESOLVED = (
    select(incidents.c.id, incidents.c.fingerprint, incidents.c.opened_at, incidents.c.resolved_at)
    .where(
        incidents.c.fingerprint.in_(bindparam("asked", expanding=True)),
        incidents.c.resolved_at > bindparam("since"),
        incidents.c.state == "resolved",
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
        resolved_at=null(),
        verdict=null(),
        acknowledged_at=null(),
        acknowledged_by=null(),
        cause_id=null(),
        cause=null(),
        due_at=null(),
        recheck_at=null(),
    )
)
_OPENED = insert(incidents)
_LOGGED = insert(events)


@dataclass(slots=True)
class _Unresolved:
    """An incident that a batch may find: as it was, and what the batch has made of it so far."""

    id: str
    state: str
    opened_at: datetime
    asked_at: datetime
    raised_at: datetime | None = None
    raises: int = 0

    def join(self, event: Event) -> Json:
        """What the rules are told of it; a raise is counted, and asks them again when nobody has answered for long."""
        if event.phase == "clear":
            return {"id": self.id, "state": self.state}
        ask = self.state == "new" and event.received_at - self.asked_at >= ASK_AGAIN_AFTER
        if ask:
            self.asked_at = event.received_at
        self.raised_at = event.received_at
        self.raises += 1
        # `new` asks the rules to answer; a repeat while an answer is on its way must not.
        return {"id": self.id, "state": "new" if ask else "open" if self.state == "new" else self.state}


def record(connection: Connection, observed: Sequence[tuple[Event, bytes]], reopen: timedelta) -> list[Event]:
    """Log the events and find, reopen or open their incidents, in the transaction of `connection`; see Store.record.

    Raises:
        IntegrityError: another process was first with one of them.
    """
    known = {row.id: row.event.get("incident") for row in _ask(connection, _KNOWN, [event.id for event, _ in observed])}
    names = [_fingerprints(event) for event, _ in observed]
    faults = {name for some in names for name in some}
    unresolved = {
        row.fingerprint: _Unresolved(row.id, row.state, row.opened_at, row.asked_at)
        for row in _ask(connection, _UNRESOLVED, sorted(faults))
    }
    homeless = [
        (event, called)
        for (event, _), called in zip(observed, names, strict=True)
        if event.phase == "raise" and event.id not in known and unresolved.keys().isdisjoint(called)
    ]
    resolved = _resolved(connection, homeless, reopen)
    recorded: list[Event] = []
    opened: list[Json] = []
    reopened: list[Json] = []
    changes: list[Change] = []
    logged: list[Json] = []
    for (event, raw), called in zip(observed, names, strict=True):
        if event.id in known:
            recorded.append(_with_incident(event, known[event.id]))
            continue
        # What only informs has none, but for a question of ours about one.
        incident = event.incident if event.phase == "info" else None
        if found := [unresolved[name] for name in called if name in unresolved]:
            incident = min(found, key=_opened_at).join(event)
        elif event.phase != "raise":
            pass
        elif (again := _latest(resolved, called, event.received_at - reopen)) is not None:
            reopened.append({"again": again.id, "raised_by": event.id})
            changes.append(_changed(again.id, event, "reopened"))
            incident = {"id": again.id, "state": "new"}
            at = event.received_at
            unresolved[again.fingerprint] = _Unresolved(again.id, "new", again.opened_at, at, at, raises=1)
        else:
            row = _incident_row(event)
            changes.append(_changed(row["id"], event, "opened"))
            opened.append(row)
            incident = {"id": row["id"], "state": "new"}
            unresolved[row["fingerprint"]] = _Unresolved(row["id"], "new", event.received_at, event.received_at)
        known[event.id] = incident
        decided = _with_incident(event, incident)
        recorded.append(decided)
        logged.append(_event_row(decided, raw))
    if reopened:
        connection.execute(_REOPENED, reopened)
    if opened:
        # In one order, so that two replicas that open the same two incidents do not wait for each other.
        connection.execute(_OPENED, sorted(opened, key=itemgetter("fingerprint")))
    if joined := [
        {"joined": one.id, "more": one.raises, "raised_at": one.raised_at, "asked_at": one.asked_at}
        for one in unresolved.values()
        if one.raises
    ]:
        connection.execute(_JOINED, joined)
    note(connection, changes)
    if logged:
        connection.execute(_LOGGED, logged)
    return recorded


_opened_at = attrgetter("opened_at")
_resolved_at = attrgetter("resolved_at")


def _ask(connection: Connection, query: Select[Any], values: Sequence[str], **more: datetime) -> Iterator[Row[Any]]:
    for at in range(0, len(values), _MOST_ASKED):
        yield from connection.execute(query, {"asked": values[at : at + _MOST_ASKED], **more})


def _resolved(
    connection: Connection, homeless: Sequence[tuple[Event, list[str]]], reopen: timedelta
) -> dict[str, Row[Any]]:
    """What those raises may reopen, by fingerprint: the one that was resolved last."""
    if not homeless or not reopen:
        return {}
    since = min(event.received_at for event, _ in homeless) - reopen
    faults = sorted({name for _, called in homeless for name in called})
    return {row.fingerprint: row for row in _ask(connection, _RESOLVED, faults, since=since)}


def _latest(resolved: Mapping[str, Row[Any]], called: Sequence[str], since: datetime) -> Row[Any] | None:
    if not resolved:
        return None
    found = [row for name in called if (row := resolved.get(name)) is not None and row.resolved_at > since]
    return max(found, key=_resolved_at, default=None)


def _changed(incident_id: str, event: Event, what: What) -> Change:
    return Change(incident_id, event.received_at, f"event {event.id}", what, event.kind)


def _fingerprints(event: Event) -> list[str]:
    """What the event's incident may be called; nothing where it has none."""
    return [] if event.phase == "info" else [_plain(f) for f in (event.fingerprint, *event.aliases)]


def _with_incident(event: Event, incident: Json | None) -> Event:
    return event if event.incident == incident else replace(event, incident=incident)


def _plain(text: str) -> str:
    """`text` as a text column takes it: half a surrogate pair is no UTF-8, and PostgreSQL refuses NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _event_row(event: Event, raw: bytes) -> Json:
    return {
        "id": event.id,
        "received_at": event.received_at,
        "via": event.via,
        "kind": event.kind,
        "phase": event.phase,
        "severity": event.severity,
        "host": _plain(event.host.name)[:255],
        "fingerprint": _plain(event.fingerprint),
        "source_address": event.source.address,
        "incident_id": event.incident["id"] if event.incident else None,
        "event": event.to_json(),
        "raw": raw,
    }


def _incident_row(event: Event) -> Json:
    return {
        "id": "A-" + "".join(secrets.choice(_ID_LETTERS) for _ in range(6)),
        "fingerprint": _plain(event.fingerprint),
        "problem": event.problem,
        "severity": event.severity,
        "state": "new",
        "host": asdict(event.host),
        "subject": asdict(event.subject),
        "notification": event.trap["name"] if event.trap else None,
        "opened_by": event.id,
        "opened_at": event.received_at,
        "last_raise_at": event.received_at,
        "raises": 1,
        "asked_at": event.received_at,
    }
