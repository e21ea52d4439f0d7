"""Events in, incidents out: the record of what was observed and of the cases it opened."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError

from fannel.event import Host, Subject, lock_name
from fannel.incidents.incident import Incident
from fannel.incidents.store.database import open_engine, reading, writing
from fannel.incidents.store.leases import Leases
from fannel.incidents.store.posts import Posts
from fannel.incidents.store.recording import record
from fannel.incidents.store.tables import events, incidents, threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping

    from fannel.event import Event


class Store:
    """Events and incidents in one database. Thread-safe; several processes may share the database.

    Every method raises StoreError when the database cannot be used; nothing was changed then.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.posts = Posts(engine)
        self.leases = Leases(engine)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at `url` (creating or upgrading SQLite).

        Raises:
            StoreError: wrong URL, unreachable, not writable, or (PostgreSQL) at another schema.
        """
        return cls(open_engine(url))

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def record(self, observed: Sequence[tuple[Event, bytes]]) -> list[Event]:
        """Log events with their raw bytes and find or open their incidents, all in one transaction.

        A raise joins the unresolved incident of its fingerprint (or of one of its aliases) or opens one; a clear
        finds it. The events come back with `incident` set: state `new` asks the rules to answer. Recording an
        event id again changes nothing and returns the event as it was decided then.
        """
        try:
            return self._record(observed)
        except IntegrityError:
            # Another replica opened the same incident between our look and our insert: now it is there.
            return self._record(observed)

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id."""
        return self._one(incidents.c.id == incident_id)

    def event_json(self, event_id: str) -> dict[str, Any] | None:
        """A logged event as it was observed (not neutralised)."""
        with reading(self._engine) as connection:
            found: dict[str, Any] | None = connection.execute(
                select(events.c.event).where(events.c.id == event_id)
            ).scalar()
            return found

    def raw(self, event_id: str) -> bytes | None:
        """The bytes an event came as."""
        with reading(self._engine) as connection:
            found: bytes | None = connection.execute(select(events.c.raw).where(events.c.id == event_id)).scalar()
            return found

    def unfinished(self) -> list[dict[str, Any]]:
        """Events to put to the rules again after a restart, oldest first: what nobody answered to the end.

        An incident whose last event is a clear was about to be verified; one without a verdict was about to be
        judged, or not even begun.
        """
        last = (
            select(events.c.incident_id, func.max(events.c.id).label("id"))
            .join(incidents, incidents.c.id == events.c.incident_id)
            .where(incidents.c.resolved_at.is_(None))
            .group_by(events.c.incident_id)
            .subquery()
        )
        opening = events.alias("opening")
        query = (
            select(
                incidents.c.id, incidents.c.verdict, events.c.phase, events.c.event, opening.c.event.label("opening")
            )
            .join(last, last.c.incident_id == incidents.c.id)
            .join(events, events.c.id == last.c.id)
            .join(opening, opening.c.id == incidents.c.opened_by)
            .order_by(incidents.c.opened_at)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        asked = []
        for row in rows:
            if row.phase == "clear":
                asked.append(_asked(row.event, row.id, "open"))
            elif row.verdict is None:
                asked.append(_asked(row.opening, row.id, "new"))
        return asked

    def answer(self, incident_id: str) -> Incident | None:
        """Note that the incident is being answered (new → open); returns it as it is now."""
        self._change(update(incidents).where(incidents.c.id == incident_id, incidents.c.state == "new"), state="open")
        return self.incident(incident_id)

    def judge(self, incident_id: str, verdict: dict[str, Any], subject_name: str | None = None) -> Incident | None:
        """Keep a verdict, and the interface's name if the device had to be asked for it."""
        incident = self.incident(incident_id)
        if incident is None:
            return None
        values: dict[str, Any] = {"verdict": verdict}
        if subject_name and not incident.subject.name:
            values["subject"] = asdict(replace(incident.subject, name=subject_name))
        self._change(update(incidents).where(incidents.c.id == incident_id), **values)
        return self.incident(incident_id)

    def resolve(self, incident_id: str, *, as_of: datetime, now: datetime) -> bool:
        """Resolve an incident unless it was raised again after `as_of`; True if it is resolved now."""
        self._change(
            update(incidents).where(
                incidents.c.id == incident_id,
                incidents.c.resolved_at.is_(None),
                incidents.c.last_raise_at <= as_of,
            ),
            state="resolved",
            resolved_at=now,
        )
        incident = self.incident(incident_id)
        return incident is not None and incident.state == "resolved"

    def thread(self, incident_id: str) -> tuple[str, str] | None:
        """(channel, ts) of the incident's parent message."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(threads.c.channel, threads.c.ts).where(threads.c.incident_id == incident_id)
            ).first()
        return (row.channel, row.ts) if row else None

    # --- inside ---------------------------------------------------------------------------------------------

    def _record(self, observed: Sequence[tuple[Event, bytes]]) -> list[Event]:
        with writing(self._engine) as connection:
            return record(connection, observed)

    def _one(self, condition: Any) -> Incident | None:  # noqa: ANN401  (a SQLAlchemy expression)
        with reading(self._engine) as connection:
            row = connection.execute(select(incidents).where(condition)).mappings().first()
        return _incident(row) if row else None

    def _change(self, statement: Any, **values: Any) -> None:  # noqa: ANN401
        with writing(self._engine) as connection:
            connection.execute(statement.values(**values))


def _asked(event: dict[str, Any], incident_id: str, state: str) -> dict[str, Any]:
    """An event of the log as rules see it today; one written by an older FANNEL had no lock."""
    return event | {"lock": lock_name(event["fingerprint"]), "incident": {"id": incident_id, "state": state}}


def _incident(row: RowMapping) -> Incident:
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
    )
