"""Silences in the database: revisions that only come, what was observed under each, and what is asked at its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, and_, func, insert, or_, select, update

from fannel.incidents.silence import OvertakenError, Silence, scopes_of
from fannel.incidents.silences import Silences
from fannel.incidents.store import unfinished
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import events, incidents, silence_revisions, silences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping, Select

    from fannel.event import Json

# What is told of a silence; how much there was is counted whole.
_MOST_TOLD = 200
# Incidents that are asked about in one statement.
_SETTLED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Quieted:
    """An incident that was raised under a silence: how often, and how it is now."""

    incident_id: str
    fingerprint: str
    state: str
    events: int


@dataclass(frozen=True, slots=True)
class Account:
    """What came under a silence: events in all (those of no incident included), and the incidents."""

    events: int
    incidents: tuple[Quieted, ...]


class KeptSilences:
    """All silences. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, wanted: Silence, now: datetime) -> Silence:
        """Keep a new one, whatever its `id`; returns it with the id it got."""
        with writing(self._engine) as connection:
            return add(connection, wanted, now)

    def change(self, changed: Sequence[Silence]) -> None:
        """Keep the next revision of each, or of none.

        Raises:
            OvertakenError: somebody else changed one of them in between.
        """
        with writing(self._engine) as connection:
            change(connection, changed)

    def current(self, now: datetime) -> list[Silence]:
        """Those that are pending or active."""
        with reading(self._engine) as connection:
            return current(connection, now)

    def listed(self, limit: int) -> list[Silence]:
        """The latest, over or not, the newest first."""
        with reading(self._engine) as connection:
            query = _revisions().order_by(silences.c.id.desc()).limit(limit)
            return [silence_of(row) for row in connection.execute(query).mappings()]

    def one(self, silence_id: int) -> Silence | None:
        """The silence of that id as it is now."""
        with reading(self._engine) as connection:
            return one(connection, silence_id)

    def history(self, silence_id: int) -> list[Silence]:
        """All revisions of a silence, the first first."""
        query = (
            select(silence_revisions)
            .where(silence_revisions.c.silence_id == silence_id)
            .order_by(silence_revisions.c.revision)
        )
        with reading(self._engine) as connection:
            return [silence_of(row) for row in connection.execute(query).mappings()]

    def version(self) -> tuple[int, int]:
        """Another one after every change, by whichever replica.

        The count is part of it: in PostgreSQL a revision may be committed after one with a higher number.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(func.count(), func.max(silence_revisions.c.seq))).one()
        return row[0], row[1] or 0

    def account(self, silence_id: int) -> Account:
        """What came under a silence."""
        mine = events.c.silence_id == silence_id
        query = (
            select(incidents.c.id, incidents.c.fingerprint, incidents.c.state, func.count().label("n"))
            .join(events, events.c.incident_id == incidents.c.id)
            .where(mine)
            .group_by(incidents.c.id, incidents.c.fingerprint, incidents.c.state)
            .order_by(incidents.c.id)
            .limit(_MOST_TOLD)
        )
        with reading(self._engine) as connection:
            total = connection.execute(select(func.count()).select_from(events).where(mine)).scalar_one()
            found = [Quieted(row.id, row.fingerprint, row.state, row.n) for row in connection.execute(query)]
        return Account(total, tuple(found))

    def settle(self, now: datetime) -> list[Json]:
        """What silences kept quiet that ended, or cover less than before: events that ask the rules about it now.

        Only what is still there and nobody has answered; what another silence covers goes on under that one. Each
        silence is settled by one replica.
        """
        due = and_(silences.c.over.is_(False), or_(silences.c.settled < silences.c.revision, silences.c.ends_at <= now))
        query = select(silences).where(due).order_by(silences.c.id).limit(_SETTLED_AT_ONCE)
        with reading(self._engine) as connection:
            # Nearly always nothing: no write lock is worth that.
            if connection.execute(query).first() is None:
                return []
        asking: list[Json] = []
        with writing(self._engine) as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            left = Silences(current(connection, now))
            for row in rows:
                asking += _settled(connection, row.id, left, now)
                values = {"settled": row.revision, "over": row.ends_at <= now}
                connection.execute(update(silences).where(silences.c.id == row.id).values(values))
        return asking


def add(connection: Connection, wanted: Silence, now: datetime) -> Silence:
    """Keep a new one in the transaction of `connection`; returns it with the id it got."""
    row = {"revision": 1, "settled": 1, "over": False, "ends_at": wanted.ends_at}
    (new_id,) = connection.execute(insert(silences).values(row)).inserted_primary_key or (0,)
    by = wanted.changed_by or wanted.author
    kept = replace(wanted, id=new_id, revision=1, what="added", changed_by=by, changed_at=now)
    connection.execute(insert(silence_revisions).values(_row(kept)))
    return kept


def change(connection: Connection, changed: Sequence[Silence]) -> None:
    """Keep the next revision of each in the transaction of `connection`.

    Raises:
        OvertakenError: somebody else changed one of them in between; the transaction must not be committed.
    """
    for silence in changed:
        # Whoever is first has the row; the other finds the next revision there.
        before = (silences.c.id == silence.id, silences.c.revision == silence.revision - 1)
        values = {"revision": silence.revision, "ends_at": silence.ends_at}
        if not connection.execute(update(silences).where(*before).values(values)).rowcount:
            raise OvertakenError(f"silence #{silence.id} was changed by somebody else just now: look again")
        connection.execute(insert(silence_revisions).values(_row(silence)))


def current(connection: Connection, now: datetime) -> list[Silence]:
    """Those that are pending or active."""
    query = _revisions().where(silences.c.ends_at > now).order_by(silences.c.id)
    return [silence_of(row) for row in connection.execute(query).mappings()]


def one(connection: Connection, silence_id: int) -> Silence | None:
    """The silence of that id as it is now."""
    row = connection.execute(_revisions().where(silences.c.id == silence_id)).mappings().first()
    return None if row is None else silence_of(row)


def _settled(connection: Connection, silence_id: int, left: Silences, now: datetime) -> list[Json]:
    asking = []
    for opening, event in unfinished.silenced(connection, silence_id):
        other = left.of(opening, now)
        if other is None:
            asked = update(incidents).where(incidents.c.id == event["incident"]["id"]).values(asked_at=now)
            connection.execute(asked)
            asking.append(event)
        elif other.id != silence_id:
            connection.execute(update(events).where(events.c.id == opening.id).values(silence_id=other.id))
    return asking


def _revisions() -> Select[Any]:
    """The revisions that hold."""
    holds = and_(silence_revisions.c.silence_id == silences.c.id, silence_revisions.c.revision == silences.c.revision)
    return select(silence_revisions).join(silences, holds)


def _row(silence: Silence) -> Json:
    return {
        "silence_id": silence.id,
        "revision": silence.revision,
        "what": silence.what,
        "at": silence.changed_at,
        "who": silence.changed_by,
        "scopes": [[matcher.to_json() for matcher in scope] for scope in silence.scopes],
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "reason": silence.reason,
        "author": silence.author,
        "origin": silence.origin,
    }


def silence_of(row: RowMapping) -> Silence:
    """The revision that a row is."""
    return Silence(
        id=row["silence_id"],
        scopes=scopes_of(row["scopes"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        author=row["author"],
        origin=row["origin"],
        reason=row["reason"],
        revision=row["revision"],
        what=row["what"],
        changed_by=row["who"],
        changed_at=row["at"],
    )
