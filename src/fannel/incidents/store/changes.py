"""What changes an incident, and its history: every change and the line that says who made it are one transaction.

A change that finds nothing to change (it happened before, or the incident has gone on) leaves no line.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, insert, or_, select, update

from fannel.event import Host, Subject
from fannel.incidents.incident import Change, Incident
from fannel.incidents.store.plain import plain
from fannel.incidents.store.rows import Rows, insert_rows
from fannel.incidents.store.tables import history, incidents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from fannel.incidents.incident import What

_NOTED = insert(history)
_NOT_OVER = incidents.c.resolved_at.is_(None)


class By(NamedTuple):
    """Who changes something, when, and why."""

    who: str
    at: datetime
    why: str | None = None


def note(connection: Connection, changes: Sequence[Change]) -> None:
    """Write lines of history."""
    insert_rows(connection, noted(changes))


def noted(changes: Sequence[Change]) -> Rows:
    """Lines of history as they are written."""
    return Rows(_NOTED, [_row(change) for change in changes])


def history_of(connection: Connection, incident_id: str) -> list[Change]:
    """An incident's history, oldest first."""
    query = select(history).where(history.c.incident_id == incident_id).order_by(history.c.seq)
    return [
        Change(row["incident_id"], row["at"], row["who"], row["what"], row["why"])
        for row in connection.execute(query).mappings()
    ]


def answer(connection: Connection, incident_id: str, by: By) -> None:
    """Only a new one becomes open."""
    _change(connection, incident_id, "answered", by, incidents.c.state == "new", state="open")


def judge(connection: Connection, incident: Incident, verdict: dict[str, Any], name: str | None, by: By) -> None:
    """Keep a verdict, and the subject's name where the device had to be asked for it."""
    values: dict[str, Any] = {"verdict": verdict}
    if name and not incident.subject.name:
        values["subject"] = asdict(replace(incident.subject, name=name))
    if values != {"verdict": incident.verdict}:
        _change(connection, incident.id, "judged", by, **values)


def acknowledge(connection: Connection, incident_id: str, by: By) -> bool:
    """Somebody has it: repeats ask nobody any more. Whether this made it so."""
    waiting = incidents.c.state.in_(("new", "open"))
    values = {"state": "acknowledged", "acknowledged_at": by.at, "acknowledged_by": by.who}
    return _change(connection, incident_id, "acknowledged", by, waiting, **values)


def resolve(connection: Connection, incident_id: str, as_of: datetime, by: By) -> bool:
    """It is over, unless it was raised again after `as_of`. Whether this made it so."""
    still = and_(_NOT_OVER, incidents.c.last_raise_at <= as_of)
    return _change(connection, incident_id, "resolved", by, still, state="resolved", resolved_at=by.at)


def attach(connection: Connection, incident_id: str, cause_id: str, cause: dict[str, Any], by: By) -> None:
    """Say that it follows from another one, and why that is believed."""
    other = or_(incidents.c.cause_id.is_(None), incidents.c.cause_id != cause_id)
    _change(connection, incident_id, "attached", by, _NOT_OVER, other, cause_id=cause_id, cause=cause)


def detach(connection: Connection, incident_id: str, by: By) -> None:
    """It goes on without its cause; `cause` stays as what was believed."""
    _change(connection, incident_id, "detached", by, incidents.c.cause_id.is_not(None), cause_id=None)


def close(connection: Connection, before: datetime, by: By, limit: int) -> int:
    """Close at most `limit` incidents that were resolved `before`; how many it were."""
    due = and_(incidents.c.state == "resolved", incidents.c.resolved_at <= before)
    # Another replica may be at it: what it has locked is its own.
    some = select(incidents.c.id).where(due).limit(limit).with_for_update(skip_locked=True)
    ids = list(connection.execute(some).scalars())
    if ids:
        connection.execute(
            update(incidents).where(incidents.c.id.in_(ids)).values(state="closed", closed_at=by.at),
        )
    note(connection, [Change(found, by.at, by.who, "closed", by.why) for found in ids])
    return len(ids)


def incident_of(row: RowMapping) -> Incident:
    """The incident of a whole row."""
    return Incident(
        id=row["id"],
        fingerprint=row["fingerprint"],
        problem=row["problem"],
        severity=row["severity"],
        state=row["state"],
        host=Host(**row["host"]),
        subject=Subject(**row["subject"]),
        notification=row["notification"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        last_raise_at=row["last_raise_at"],
        raises=row["raises"],
        resolved_at=row["resolved_at"],
        verdict=row["verdict"],
        acknowledged_at=row["acknowledged_at"],
        acknowledged_by=row["acknowledged_by"],
        closed_at=row["closed_at"],
        reopened=row["reopened"],
        reopened_at=row["reopened_at"],
        recovered_at=row["recovered_at"],
        cause_id=row["cause_id"],
        cause=row["cause"],
        recheck_id=row["recheck_id"],
        recheck_for=row["recheck_for"],
    )


def _row(change: Change) -> dict[str, Any]:
    return {
        "incident_id": change.incident_id,
        "at": change.at,
        "who": plain(change.who),
        "what": change.what,
        # Where it follows from a cause, that one's name is in it, as its device wrote it.
        "why": None if change.why is None else plain(change.why),
    }


def _change(
    connection: Connection,
    incident_id: str,
    what: What,
    by: By,
    *conditions: ColumnElement[bool],
    **values: Any,  # noqa: ANN401  (a column's own type)
) -> bool:
    changed = connection.execute(update(incidents).where(incidents.c.id == incident_id, *conditions).values(**values))
    if changed.rowcount:
        note(connection, [Change(incident_id, by.at, by.who, what, by.why)])
    return bool(changed.rowcount)
