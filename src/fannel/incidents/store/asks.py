"""What runs want answered at a device, so that the one that is logged in answers for the others.

A run asks, and takes the answer away with its row; a run that died leaves a row behind, which is forgotten in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import asks, events, incidents

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from fannel.event import Json

# What an answer is when nothing was left to answer: the fault is over, or somebody answered it before.
NOTHING: dict[str, Any] = {}


class Asks:
    """Which events want an answer, by host. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, event: Json, now: datetime) -> None:
        """Ask for an answer to an event as the rules saw it. Asked again, an answer nobody took counts no more."""
        row = {"event_id": event["id"], "host": event["host"]["name"][:255], "event": event, "asked_at": now}
        try:
            with writing(self._engine) as connection:
                connection.execute(delete(asks).where(asks.c.event_id == event["id"]))
                connection.execute(insert(asks).values(row))
        except IntegrityError:
            return  # another run asks the same at this instant

    def waiting(self, host: str, limit: int) -> list[Json]:
        """The events of a host that nobody answered yet, the longest waiting first."""
        query = (
            select(asks.c.event)
            .where(asks.c.host == host[:255], asks.c.answer.is_(None))
            .order_by(asks.c.asked_at, asks.c.event_id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def settle(self, event_id: str, answer: Json) -> None:
        """Leave the answer for the run that asked."""
        with writing(self._engine) as connection:
            connection.execute(update(asks).where(asks.c.event_id == event_id).values(answer=answer))

    def answer(self, event_id: str) -> Json | None:
        """What was answered; None while nobody has."""
        with reading(self._engine) as connection:
            found: Json | None = connection.execute(select(asks.c.answer).where(asks.c.event_id == event_id)).scalar()
            return found

    def withdraw(self, event_id: str) -> None:
        """Ask no more: it is answered and known, or nobody waits for it any longer."""
        with writing(self._engine) as connection:
            connection.execute(delete(asks).where(asks.c.event_id == event_id))

    def forget(self, before: datetime) -> int:
        """Forget what runs asked that must have died since; how many it were."""
        with writing(self._engine) as connection:
            return int(connection.execute(delete(asks).where(asks.c.asked_at < before)).rowcount)

    def expected(self, host: str, since: datetime) -> list[tuple[str, str]]:
        """(incident, event) of what rules were asked about a host `since`, and that no run has come for.

        A rule may as well want nothing done about it: then nobody ever comes.
        """
        with reading(self._engine) as connection:
            found = [*_new(connection, host, since), *_cleared(connection, host, since)]
            come = set(connection.execute(select(asks.c.event_id).where(asks.c.host == host[:255])).scalars())
        return [(case, event["id"]) for case, event in found if event["id"] not in come and _may_be_answered(event)]


def _new(connection: Connection, host: str, since: datetime) -> Iterable[tuple[str, Json]]:
    query = (
        select(incidents.c.id, events.c.event)
        .join(events, events.c.id == incidents.c.opened_by)
        .where(*_unresolved(host), incidents.c.state == "new", incidents.c.asked_at >= since)
    )
    return [(row.id, row.event) for row in connection.execute(query)]


def _cleared(connection: Connection, host: str, since: datetime) -> Iterable[tuple[str, Json]]:
    last = (
        select(events.c.incident_id, func.max(events.c.id).label("id"))
        .join(incidents, incidents.c.id == events.c.incident_id)
        .where(*_unresolved(host), events.c.phase != "info")
        .group_by(events.c.incident_id)
        .subquery()
    )
    query = (
        select(events.c.incident_id, events.c.event)
        .join(last, last.c.id == events.c.id)
        .where(events.c.phase == "clear", events.c.received_at >= since)
    )
    return [(row.incident_id, row.event) for row in connection.execute(query)]


def _unresolved(host: str) -> tuple[Any, ...]:
    """What stands on its own: neither held nor attached."""
    own = (incidents.c.host_name == host[:255], incidents.c.resolved_at.is_(None))
    return (*own, incidents.c.cause_id.is_(None), incidents.c.due_at.is_(None))


def _may_be_answered(event: Json) -> bool:
    return "silence" not in event and not event.get("flap", {}).get("flapping", False)
