"""Silences in the database: revisions that only come. What came under each is `endings.py`'s."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, and_, func, insert, select, update

from fannel.incidents.silence import OvertakenError, Silence, scopes_of
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import silence_revisions, silences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping, Select

    from fannel.event import Json


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


def asked_for(connection: Connection, silence_id: int) -> Silence | None:
    """The silence as whoever asked for it put it last, whatever others made of it since."""
    mine = (silence_revisions.c.silence_id == silence_id, silence_revisions.c.what.in_(("added", "changed")))
    query = select(silence_revisions).where(*mine).order_by(silence_revisions.c.revision.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else silence_of(row)


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
