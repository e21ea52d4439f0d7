"""What FANNEL decided and did, beside what it observed: decisions, runs, what commands printed, posts.

`note()` writes a batch in the transaction of whoever did it, so that what is on record happened; `Activities.note()`
is the same in a transaction of its own. What a command printed is kept compressed.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert, select

from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.plain import plain
from fannel.incidents.store.rows import Rows, insert_rows
from fannel.incidents.store.tables import activities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine, RowMapping

ActivityKind = Literal["decision", "run", "output", "post", "click"]

# Of what one command printed; a routing table of a core router is more, and nobody reads that here.
LONGEST_BODY = 4_000_000
LONGEST_SUMMARY = 500
_CUT_SHORT = "\n[cut short]\n"

_NOTED = insert(activities)


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that was decided or done. `body` is the long text that goes with it: what a command printed."""

    at: datetime
    kind: ActivityKind
    summary: str
    incident_id: str | None = None
    event_id: str | None = None
    detail: dict[str, Any] | None = None
    body: str | None = None


class Activities:
    """The log of what was done. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, done: Sequence[Activity]) -> None:
        """Write a batch, all or nothing."""
        if done:
            with writing(self._engine) as connection:
                note(connection, done)

    def of_incident(self, incident_id: str, limit: int = 1000) -> list[Activity]:
        """What was done about an incident, oldest first, the newest `limit`."""
        query = select(activities).where(activities.c.incident_id == incident_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(activities.c.seq.desc()).limit(limit)).mappings().all()
        return [_activity(row) for row in reversed(rows)]

    def of_event(self, event_id: str, limit: int = 1000) -> list[Activity]:
        """What was decided and done for an event, oldest first, the first `limit`."""
        query = select(activities).where(activities.c.event_id == event_id).order_by(activities.c.seq).limit(limit)
        with reading(self._engine) as connection:
            return [_activity(row) for row in connection.execute(query).mappings()]


def note(connection: Connection, done: Sequence[Activity]) -> None:
    """Write a batch in the transaction of `connection`."""
    insert_rows(connection, noted(done))


def noted(done: Sequence[Activity]) -> Rows:
    """A batch as it is written."""
    return Rows(_NOTED, [_row(activity) for activity in done])


def _row(activity: Activity) -> dict[str, Any]:
    return {
        "at": activity.at,
        "kind": activity.kind,
        "incident_id": activity.incident_id,
        "event_id": activity.event_id,
        "summary": plain(activity.summary[:LONGEST_SUMMARY]),
        "detail": activity.detail,
        "body": None if activity.body is None else _pack(activity.body),
    }


def _activity(row: RowMapping) -> Activity:
    body = row["body"]
    return Activity(
        at=row["at"],
        kind=row["kind"],
        summary=row["summary"],
        incident_id=row["incident_id"],
        event_id=row["event_id"],
        detail=row["detail"],
        body=None if body is None else _unpack(body),
    )


def _pack(text: str) -> bytes:
    cut = text if len(text) <= LONGEST_BODY else text[: LONGEST_BODY - len(_CUT_SHORT)] + _CUT_SHORT
    return zlib.compress(cut.encode("utf-8", "replace"))


def _unpack(body: bytes) -> str:
    try:
        return zlib.decompress(body).decode("utf-8", "replace")
    except zlib.error:
        return "[damaged in the database]"
