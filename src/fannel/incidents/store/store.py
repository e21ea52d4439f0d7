"""Events in, incidents out: the record of what was observed and of the cases it opened."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fannel.event import Event, Host, Subject
from fannel.incidents.incident import Incident
from fannel.incidents.store.database import open_engine, reading, writing
from fannel.incidents.store.posts import Posts
from fannel.incidents.store.tables import events, incidents, threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping

# While nobody has answered an incident, a raise asks the rules again, at most this often.
ASK_AGAIN_AFTER = timedelta(seconds=60)

# Crockford's base 32 without the letters people misread aloud: six of them are 10^9 incidents.
_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Store:
    """Events and incidents in one database. Thread-safe; several processes may share the database.

    Every method raises StoreError when the database cannot be used; nothing was changed then.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.posts = Posts(engine)

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
                asked.append(row.event | {"incident": {"id": row.id, "state": "open"}})
            elif row.verdict is None:
                asked.append(row.opening | {"incident": {"id": row.id, "state": "new"}})
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
            ids = [event.id for event, _ in observed]
            known = {
                row.id: row.event
                for row in connection.execute(select(events.c.id, events.c.event).where(events.c.id.in_(ids)))
            }
            recorded = []
            for event, raw in observed:
                if event.id in known:
                    recorded.append(replace(event, incident=known[event.id].get("incident")))
                    continue
                decided = replace(event, incident=_decide(connection, event))
                connection.execute(insert(events).values(_event_row(decided, raw)))
                recorded.append(decided)
            return recorded

    def _one(self, condition: Any) -> Incident | None:  # noqa: ANN401  (a SQLAlchemy expression)
        with reading(self._engine) as connection:
            row = connection.execute(select(incidents).where(condition)).mappings().first()
        return _incident(row) if row else None

    def _change(self, statement: Any, **values: Any) -> None:  # noqa: ANN401
        with writing(self._engine) as connection:
            connection.execute(statement.values(**values))


def _decide(connection: Connection, event: Event) -> dict[str, Any] | None:
    """Find or open the event's incident; what the rules are told of it."""
    if event.phase == "info":
        return None
    fingerprints = (event.fingerprint, *event.aliases)
    found = connection.execute(
        select(incidents.c.id, incidents.c.state, incidents.c.asked_at)
        .where(incidents.c.resolved_at.is_(None), incidents.c.fingerprint.in_([_plain(f) for f in fingerprints]))
        .order_by(incidents.c.opened_at)
    ).first()
    if event.phase == "clear":
        return {"id": found.id, "state": found.state} if found else None
    if found is None:
        incident_id = "A-" + "".join(secrets.choice(_ID_LETTERS) for _ in range(6))
        connection.execute(insert(incidents).values(_incident_row(event, incident_id)))
        return {"id": incident_id, "state": "new"}
    ask = found.state == "new" and event.received_at - found.asked_at >= ASK_AGAIN_AFTER
    connection.execute(
        update(incidents)
        .where(incidents.c.id == found.id)
        .values(
            raises=incidents.c.raises + 1,
            last_raise_at=event.received_at,
            asked_at=event.received_at if ask else found.asked_at,
        )
    )
    # `new` asks the rules to answer; a repeat while an answer is on its way must not.
    return {"id": found.id, "state": "new" if ask else "open"}


def _plain(text: str) -> str:
    """`text` as a text column takes it: half a surrogate pair is no UTF-8, and PostgreSQL refuses NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _event_row(event: Event, raw: bytes) -> dict[str, Any]:
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


def _incident_row(event: Event, incident_id: str) -> dict[str, Any]:
    return {
        "id": incident_id,
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
