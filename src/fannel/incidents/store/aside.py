"""What else an incident's thread tells: what follows from it, that it flaps, outlived its cause, or is silenced."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, union

from fannel.event import Event, Host, Subject
from fannel.incidents.incident import Aside, Hush, Related, Turn
from fannel.incidents.silences import Silences
from fannel.incidents.store.silences import current
from fannel.incidents.store.tables import events, flaps, history, incidents, posts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from fannel.incidents.incident import Incident

# A thread shows a few, and how many more there are.
_MOST = 100
# Of what flaps, how many changes are told, and how many events are read to find them.
_MOST_TURNS = 8
_MOST_EVENTS = 100
# How long after its end a consequence may still be news to the thread.
_NEWS_FOR = timedelta(minutes=10)


def aside_of(connection: Connection, incident_id: str, now: datetime, silences: Silences | None = None) -> Aside:
    """What is beside an incident. `silences` are those that hold, for who asks about many."""
    attached = (
        select(incidents.c.problem, incidents.c.host, incidents.c.subject, incidents.c.cause, incidents.c.resolved_at)
        .where(incidents.c.cause_id == incident_id)
        .order_by(incidents.c.opened_at, incidents.c.id)
        .limit(_MOST)
    )
    flapping = (
        select(flaps.c.transitions, flaps.c.flapping_since, flaps.c.phase)
        .join(incidents, incidents.c.fingerprint == flaps.c.fingerprint)
        .where(incidents.c.id == incident_id, flaps.c.flapping_since.is_not(None))
    )
    related = [
        Related(
            row.problem,
            Host(**row.host),
            Subject(**row.subject),
            (row.cause or {}).get("why", ""),
            over=row.resolved_at is not None,
        )
        for row in connection.execute(attached)
    ]
    silences = Silences(current(connection, now)) if silences is None else silences
    hush = dict(_hushed(connection, silences, now, incidents.c.id == incident_id)).get(incident_id)
    aside = Aside(0, tuple(related), _outlived(connection, incident_id), hush=hush)
    flap = connection.execute(flapping).first()
    if flap is None:
        return aside
    return replace(aside, flapping=flap.transitions, flapping_since=flap.flapping_since, there=flap.phase == "raise")


def asides_of(connection: Connection, incident_ids: Iterable[str], now: datetime) -> dict[str, Aside]:
    """The same of many: the silences are read once."""
    silences = Silences(current(connection, now))
    return {one: aside_of(connection, one, now, silences) for one in incident_ids}


def _hushed(
    connection: Connection, silences: Silences, now: datetime, *which: ColumnElement[bool]
) -> Iterator[tuple[str, Hush]]:
    """Those of some unresolved incidents that a silence covers now. While nothing is silenced nobody looks."""
    if not silences.all:
        return
    query = (
        select(incidents.c.id, events.c.event)
        .join(events, events.c.id == incidents.c.opened_by)
        .where(incidents.c.resolved_at.is_(None), *which)
    )
    for row in connection.execute(query):
        silence = silences.of(Event.from_json(row.event), now)
        if silence is not None:
            yield row.id, Hush(silence.id, silence.ends_at, silence.author)


def turns_of(connection: Connection, incident_id: str) -> tuple[Turn, ...]:
    """The latest changes of what flaps. What says the same again (a trap and its syslog line, a repeat) is none.

    Costs more the more events an incident has, so it is not part of what is looked at every few seconds.
    """
    said = (events.c.incident_id == incident_id, events.c.phase.in_(("raise", "clear")))
    query = select(events.c.received_at, events.c.phase).where(*said).order_by(events.c.id.desc()).limit(_MOST_EVENTS)
    heard = connection.execute(query).all()[::-1]
    turns: list[Turn] = []
    for before, event in zip((None, *heard), heard, strict=False):
        if before is None or before.phase != event.phase:
            turns.append(Turn(event.received_at, event.phase == "raise"))
    # Of events that were cut off in the middle the first need not be a change.
    return tuple((turns[1:] if len(heard) == _MOST_EVENTS else turns)[-_MOST_TURNS:])


def _outlived(connection: Connection, incident_id: str) -> str:
    """Why it was attached before it got a thread of its own, in the words of the rule; empty where it never was."""
    moved = (history.c.incident_id == incident_id, history.c.what.in_(("attached", "detached")))
    last = connection.execute(
        select(history.c.what, history.c.why).where(*moved).order_by(history.c.seq.desc()).limit(2)
    ).all()
    if len(last) < 2 or (last[0].what, last[1].what) != ("detached", "attached"):
        return ""
    return last[1].why or ""


def is_left_over(connection: Connection, incident: Incident) -> bool:
    """Whether it outlived its cause, in this life of it."""
    since = incident.reopened_at or incident.opened_at
    detached = (history.c.incident_id == incident.id, history.c.what == "detached", history.c.at >= since)
    return connection.execute(select(history.c.seq).where(*detached).limit(1)).first() is not None


def with_aside(connection: Connection, now: datetime) -> list[str]:
    """Incidents that have something beside them that may be news."""
    caused = select(incidents.c.cause_id).where(incidents.c.cause_id.is_not(None))
    restless = (
        select(incidents.c.id)
        .join(flaps, flaps.c.fingerprint == incidents.c.fingerprint)
        .where(flaps.c.flapping_since.is_not(None), incidents.c.resolved_at.is_(None), incidents.c.cause_id.is_(None))
    )
    query = union(
        caused.where(incidents.c.resolved_at.is_(None)),
        caused.where(incidents.c.resolved_at > now - _NEWS_FOR),
        restless,
    )
    told = select(posts.c.seq).where(posts.c.key == incidents.c.id + "/parent").exists()
    silences = Silences(current(connection, now))
    hushed = (one for one, _ in _hushed(connection, silences, now, incidents.c.cause_id.is_(None), told))
    return sorted({*connection.execute(query).scalars(), *hushed})
