"""What the rules were asked and nobody answered to the end: whoever did may have been killed in the middle.

An incident whose last event is a clear was about to be verified; one without a verdict was about to be judged, or not
even begun. What is held or attached is nobody's to answer: that is asked by `due`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from fannel.event import Event, lock_name
from fannel.incidents.store.tables import events, incidents

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Row, Select


def everything(connection: Connection) -> list[dict[str, Any]]:
    """Events that ask again, those of the oldest incident first."""
    return [event for row in connection.execute(_unfinished()) if (event := _asking(row)) is not None]


def overdue(connection: Connection, now: datetime, after: timedelta, limit: int) -> list[dict[str, Any]]:
    """The same for what was asked `after` ago or longer, and as long ago as it had waited then; noted as asked now."""
    rows = [
        (row, event)
        for row in connection.execute(_unfinished().where(incidents.c.asked_at <= now - after))
        if _is_overdue(row, now, after) and (event := _asking(row)) is not None
    ][:limit]
    mine = _noted(connection, (row for row, _ in rows), now)
    again = {"asked_again_at": now.isoformat()}
    return [event | {"incident": event["incident"] | again} for row, event in rows if row.id in mine]


def silenced(connection: Connection, silence_id: int) -> list[tuple[Event, dict[str, Any]]]:
    """The opening events of what was raised under a silence, is still there and nobody answered; and as they ask."""
    raised = select(events.c.incident_id).where(events.c.silence_id == silence_id, events.c.incident_id.is_not(None))
    rows = connection.execute(_unfinished().where(incidents.c.state == "new", incidents.c.id.in_(raised)))
    return [
        (Event.from_json(row.opening), asking)
        for row in rows
        if row.phase == "raise" and (asking := _asking(row)) is not None
    ]


def _unfinished() -> Select[Any]:
    last = (
        select(events.c.incident_id, func.max(events.c.id).label("id"))
        .join(incidents, incidents.c.id == events.c.incident_id)
        .where(incidents.c.resolved_at.is_(None), events.c.phase != "info")
        .where(incidents.c.cause_id.is_(None), incidents.c.due_at.is_(None))
        .group_by(events.c.incident_id)
        .subquery()
    )
    opening = events.alias("opening")
    return (
        select(
            incidents.c.id,
            incidents.c.opened_at,
            incidents.c.asked_at,
            incidents.c.verdict,
            events.c.phase,
            events.c.received_at,
            events.c.event,
            opening.c.event.label("opening"),
        )
        .join(last, last.c.incident_id == incidents.c.id)
        .join(events, events.c.id == last.c.id)
        .join(opening, opening.c.id == incidents.c.opened_by)
        .order_by(incidents.c.opened_at)
    )


def hurry(connection: Connection, incident_id: str) -> bool:
    """Have the rules asked about it at the next look, if nobody has answered it; whether that is so."""
    mine = (incidents.c.id == incident_id, incidents.c.state == "new", incidents.c.resolved_at.is_(None))
    return bool(connection.execute(update(incidents).where(*mine).values(asked_at=incidents.c.opened_at)).rowcount)


def _asking(row: Row[Any]) -> dict[str, Any] | None:
    """An event of the log as rules see it today; None where all is answered."""
    if row.phase == "clear":
        event, state = row.event, "open"
    elif row.verdict is None:
        event, state = row.opening, "new"
    else:
        return None
    # One written by an older FANNEL had no lock.
    return dict(event) | {"lock": lock_name(event["fingerprint"]), "incident": {"id": row.id, "state": state}}


def _is_overdue(row: Row[Any], now: datetime, after: timedelta) -> bool:
    """Whether it was asked so long ago; a clear asks when it comes."""
    began = row.received_at if row.phase == "clear" else row.opened_at
    asked = max(row.asked_at, began)
    return bool(now - asked >= max(after, asked - began))


def _noted(connection: Connection, rows: Iterable[Row[Any]], now: datetime) -> set[str]:
    """Those that nobody else asked about since they were read."""
    return {
        row.id
        for row in rows
        if connection.execute(
            update(incidents)
            .where(incidents.c.id == row.id, incidents.c.asked_at == row.asked_at, incidents.c.resolved_at.is_(None))
            .values(asked_at=now)
        ).rowcount
    }
