"""Which incidents are due to be looked at again, each given to one replica; and those that nobody ever answered.

An incident keeps the id of the event that asks (`recheck_id`) until its answer is in. Taking it and recording that
event are one transaction; a question that is not answered in time is put again, as the same event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, text, update
from ulid import ULID

from fannel.event import Event
from fannel.incidents.recheck import recheck_event
from fannel.incidents.store.changes import incident_of
from fannel.incidents.store.tables import events, flaps, incidents, posts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from fannel.incidents.incident import Incident
    from fannel.incidents.recheck import RecheckPolicy

# Looked at in one go; what no check can answer costs no more than being passed over once in `every`.
_MOST = 100
_NOT_OVER = incidents.c.resolved_at.is_(None)
# In the words of its index: neither database knows that a time asked for is in it otherwise.
_WANTED = and_(text("incidents.recheck_for IS NOT NULL"), _NOT_OVER)
_ASKED = and_(_NOT_OVER, incidents.c.recheck_id.is_not(None))
_RESTLESS = (
    select(flaps.c.fingerprint)
    .where(flaps.c.fingerprint == incidents.c.fingerprint, flaps.c.flapping_since.is_not(None))
    .exists()
)
# It stands on its own, and its last word may be trusted: neither attached, nor held, nor flapping.
_ALONE: tuple[ColumnElement[bool], ...] = (
    _NOT_OVER,
    incidents.c.cause_id.is_(None),
    incidents.c.due_at.is_(None),
    ~_RESTLESS,
)
_PARENT = select(posts.c.seq).where(posts.c.key == incidents.c.id + "/parent").exists()
_REMINDED = select(posts.c.seq).where(posts.c.key == incidents.c.id + "/unanswered/" + incidents.c.opened_by).exists()


def take(
    connection: Connection, now: datetime, policy: RecheckPolicy, answerable: Callable[[Incident], bool]
) -> list[Event]:
    """The events that ask about what is due, as far as there is room; to be recorded in this same transaction.

    What is not `answerable` is passed over until it is due again.
    """
    under_way = select(func.count()).select_from(incidents).where(_ASKED, incidents.c.recheck_at > now)
    room = policy.at_once - int(connection.execute(under_way).scalar_one())
    asking: list[Event] = []
    if room <= 0:
        return asking
    # What a person asked for goes first, also of what flaps or follows from something.
    query = (
        select(incidents)
        .where(or_(and_(_WANTED, incidents.c.recheck_at <= now), *_due(now, policy)))
        .order_by(incidents.c.recheck_for.is_(None), incidents.c.opened_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    for row in connection.execute(query).mappings().all():
        if len(asking) == room:
            break
        event = _question(connection, row, now) if answerable(incident_of(row)) else None
        again_at = now + (policy.every if event is None else policy.retry)
        values: dict[str, Any] = {"recheck_at": again_at, "recheck_id": None, "recheck_for": None}
        if event is not None:
            values |= {"recheck_id": event.id, "recheck_for": row["recheck_for"]}
        connection.execute(update(incidents).where(incidents.c.id == row["id"]).values(values))
        if event is not None:
            asking.append(event)
    return asking


def _due(now: datetime, policy: RecheckPolicy) -> tuple[ColumnElement[bool], ...]:
    """What nobody needs to ask for: never asked and raised long enough ago; or due by the last answer, or by a rule."""
    if policy.after is None:
        return ()
    fresh = and_(incidents.c.recheck_at.is_(None), incidents.c.last_raise_at <= now - policy.after)
    return (and_(*_ALONE, or_(fresh, incidents.c.recheck_at <= now)),)


def ask(connection: Connection, incident_id: str, who: str, at: datetime) -> bool:
    """A person wants to know; False where it is over, or somebody asked and has no answer yet.

    What was asked unasked is asked anew: the rules leave that alone while it is silenced, and this they do not.
    """
    mine = (incidents.c.id == incident_id, _NOT_OVER, incidents.c.recheck_for.is_(None))
    values = {"recheck_at": at, "recheck_id": None, "recheck_for": who}
    return bool(connection.execute(update(incidents).where(*mine).values(values)).rowcount)


def wanted(connection: Connection, now: datetime) -> bool:
    """Whether somebody asked and nobody has put it to the rules yet."""
    query = select(incidents.c.id).where(_WANTED, incidents.c.recheck_at <= now).limit(1)
    return connection.execute(query).first() is not None


def answered(connection: Connection, incident_id: str, event_id: str, again_at: datetime) -> None:
    """That question is answered; the next one is due at `again_at`."""
    asked = (incidents.c.id == incident_id, incidents.c.recheck_id == event_id)
    connection.execute(update(incidents).where(*asked).values(recheck_at=again_at, recheck_id=None, recheck_for=None))


def sooner(connection: Connection, incident_id: str, at: datetime) -> bool:
    """Have it asked at `at`, if that is sooner than it would be."""
    mine = (incidents.c.id == incident_id, _NOT_OVER, incidents.c.recheck_id.is_(None))
    later = or_(incidents.c.recheck_at.is_(None), incidents.c.recheck_at > at)
    changed = update(incidents).where(*mine, later).values(recheck_at=at)
    return bool(connection.execute(changed).rowcount)


def unanswered(
    connection: Connection, now: datetime, after: timedelta, limit: int, beyond: tuple[datetime, str] | None
) -> list[Incident]:
    """What has a thread, has lasted for longer than `after`, and nobody acknowledged; once for each time it opened."""
    began = func.coalesce(incidents.c.reopened_at, incidents.c.opened_at)
    waiting = (incidents.c.state.in_(("new", "open")), began <= now - after, _PARENT, ~_REMINDED)
    at, key = incidents.c.opened_at, incidents.c.id
    query = select(incidents).where(*_ALONE, *waiting).order_by(at, key).limit(limit)
    if beyond is not None:
        query = query.where(or_(at > beyond[0], and_(at == beyond[0], key > beyond[1])))
    return [incident_of(row) for row in connection.execute(query).mappings()]


def _question(connection: Connection, row: RowMapping, now: datetime) -> Event | None:
    """The event that asks: that of before, if nobody has answered it."""
    both = select(events.c.id, events.c.event).where(events.c.id.in_([row["opened_by"], row["recheck_id"] or ""]))
    logged = {found.id: found.event for found in connection.execute(both)}
    if (before := logged.get(row["recheck_id"])) is not None:
        return Event.from_json(before)
    if (opening := logged.get(row["opened_by"])) is None:
        return None
    event_id = str(ULID.from_timestamp(now.timestamp()))
    return recheck_event(incident_of(row), Event.from_json(opening).source, event_id=event_id, now=now)
