"""What has become due while nothing came: held incidents without a cause, consequences that outlive theirs, calm.

Each is decided once, whichever replica asks, and committed before anybody is told; `Store.unfinished` tells it again
when that replica dies in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from ulid import ULID

from fannel.event import Event
from fannel.incidents.flap import calmed, is_calm
from fannel.incidents.incident import Change
from fannel.incidents.store import activities, flaps
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.changes import note
from fannel.incidents.store.placing import told
from fannel.incidents.store.rows import insert_rows
from fannel.incidents.store.tables import events, incidents

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from fannel.incidents.correlation import Consequences
    from fannel.incidents.flap import Flap, FlapPolicy

# So many at a time: a burst is told in order and does not hold the database for long.
_MOST = 200
# How soon an attached incident that cleared is over for good: routing protocols settle in steps.
SETTLES_AFTER = timedelta(seconds=5)
_LOOK_AGAIN_AFTER = timedelta(seconds=10)


def take(connection: Connection, now: datetime, rules: Consequences) -> list[Event]:
    """Incidents whose time has come, decided; the events that ask the rules about those that stand on their own."""
    release(connection, now, rules)
    query = (
        select(incidents)
        .where(incidents.c.due_at <= now, incidents.c.resolved_at.is_(None))
        .order_by(incidents.c.due_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(query).all()
    if not rows:
        return []
    scores = flaps.known(connection, sorted({row.fingerprint for row in rows}))
    causes = _ended_at(connection, {row.cause_id for row in rows if row.cause_id is not None})
    asking = []
    for row in rows:
        ended_at = causes.get(row.cause_id)
        decided = _decide(row, scores.get(row.fingerprint), ended_at, now, rules)
        connection.execute(update(incidents).where(incidents.c.id == row.id).values(**decided))
        if (line := _history(row, decided, now)) is not None:
            note(connection, [line])
        elif "asked_at" in decided:
            _decided(connection, row, now, "correlation: no cause came, it stands on its own")
        if "asked_at" in decided and (event := _opening(connection, row)) is not None:
            asking.append(replace(event, incident=told(row.id, "new", None)))
    return asking


def _decide(
    row: Row[Any], flap: Flap | None, ended_at: datetime | None, now: datetime, rules: Consequences
) -> dict[str, Any]:
    """What becomes of it: the columns to set. `ended_at` is when its cause was over, if it has one and that is."""
    flapping = flap is not None and flap.flapping
    if flap is not None and flap.phase == "clear" and not flapping:
        return {"state": "resolved", "resolved_at": now, "due_at": None}
    if row.cause_id is not None:
        if ended_at is None:
            return {"due_at": None}
        outlived_at = ended_at + timedelta(seconds=rules.outlives_s)
        # What still flaps from its cause's time says nothing that lasts: calm decides, or another change.
        if outlived_at > now or (flapping and flap is not None and flap.scored_at <= outlived_at):
            return {"due_at": max(outlived_at, now + _LOOK_AGAIN_AFTER)}
    return {"due_at": None, "cause_id": None, "cause": None, "asked_at": now}


def _history(row: Row[Any], decided: dict[str, Any], now: datetime) -> Change | None:
    if "resolved_at" in decided:
        return Change(row.id, now, "fannel", "resolved", "cleared before anybody was told of it")
    if row.cause is not None and "cause" in decided:
        return Change(row.id, now, "fannel", "detached", "it is still there after its cause is over")
    return None


def calm(connection: Connection, now: datetime, policy: FlapPolicy) -> list[Event]:
    """What flapped and is calm now. Its last event is said once more, and may act this time: the fault is verified."""
    quiet = {fault: flap for fault, flap in flaps.flapping(connection).items() if is_calm(flap, now, policy)}
    if not quiet:
        return []
    insert_rows(connection, flaps.kept(connection, {fault: calmed(flap) for fault, flap in quiet.items()}))
    query = (
        select(incidents)
        .where(incidents.c.fingerprint.in_(sorted(quiet)), incidents.c.resolved_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    said = []
    for row in connection.execute(query).all():
        _decided(connection, row, now, f"flap: calm after {quiet[row.fingerprint].transitions} changes")
        if row.cause is not None or row.due_at is not None:
            connection.execute(update(incidents).where(incidents.c.id == row.id).values(due_at=now))
        elif (last := _last(connection, row)) is not None:
            said.append(_said_again(connection, row, last, quiet[row.fingerprint], now))
    return said


def _said_again(connection: Connection, row: Row[Any], last: Event, flap: Flap, now: datetime) -> Event:
    state = "new" if last.phase == "raise" else row.state
    event = replace(
        last,
        id=str(ULID.from_timestamp(now.timestamp())),
        received_at=now,
        repeats=1,
        flap={"flapping": False, "transitions": flap.transitions, "window_s": 0},
        incident=told(row.id, state, None),
    )
    raw = b""  # nobody sent it
    copied = {name: getattr(event, name) for name in ("id", "received_at", "via", "kind", "phase", "severity")}
    copied |= {"host": event.host.name[:255], "fingerprint": row.fingerprint, "source_address": event.source.address}
    connection.execute(insert(events).values(**copied, incident_id=row.id, event=event.to_json(), raw=raw))
    if last.phase == "raise":
        connection.execute(update(incidents).where(incidents.c.id == row.id).values(asked_at=now))
    return event


def _decided(connection: Connection, row: Row[Any], now: datetime, summary: str) -> None:
    activities.note(connection, [Activity(now, "decision", summary, row.id)])


def release(connection: Connection, now: datetime, rules: Consequences) -> None:
    """What is attached to something that is over must be over soon, too, or stands on its own."""
    cause = incidents.alias("cause")
    over = select(cause.c.id).where(cause.c.id == incidents.c.cause_id, cause.c.resolved_at.is_not(None)).exists()
    attached = (incidents.c.resolved_at.is_(None), incidents.c.cause_id.is_not(None), incidents.c.due_at.is_(None))
    due_at = now + timedelta(seconds=rules.outlives_s)
    connection.execute(update(incidents).where(*attached, over).values(due_at=due_at))


def _ended_at(connection: Connection, ids: set[str]) -> dict[str | None, datetime]:
    """When those of these incidents that are over were resolved."""
    if not ids:
        return {}
    query = select(incidents.c.id, incidents.c.resolved_at).where(incidents.c.id.in_(sorted(ids)))
    return {row.id: row.resolved_at for row in connection.execute(query) if row.resolved_at is not None}


def _opening(connection: Connection, row: Row[Any]) -> Event | None:
    found = connection.execute(select(events.c.event).where(events.c.id == row.opened_by)).scalar()
    return Event.from_json(found) if found is not None else None


def _last(connection: Connection, row: Row[Any]) -> Event | None:
    said = (events.c.incident_id == row.id, events.c.phase != "info")
    query = select(events.c.event).where(*said).order_by(events.c.id.desc()).limit(1)
    found = connection.execute(query).scalar()
    return Event.from_json(found) if found is not None else None
