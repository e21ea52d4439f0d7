"""What was heard and is to be dealt with: each entry once, however often and whichever way it was heard.

An entry is taken by one of the processes that share the database, for a while; if that one dies, another takes it. Of
what is about one thing (`about`) only the newest (`rank`) is given out, and one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, and_, delete, exists, func, not_, or_, select, text, update

from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import UNSETTLED, inbox, incidents, threads, watermarks
from fannel.incidents.store.upsert import inserter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

_PREFIX = "heard/"
_AT_ONCE = 500
_UNSETTLED = text(f"inbox.{UNSETTLED}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something heard. `key` is the same whenever it is heard again; `seq` and `attempts` are the database's."""

    key: str
    kind: str
    facts: Mapping[str, Any]
    heard_at: datetime
    about: str = ""
    rank: str = ""
    seq: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry as people look at it: `waiting`, `taken` by somebody until `due_at`, or `failed` for good."""

    entry: Entry
    state: str
    due_at: datetime
    error: str | None


class Inbox:
    """The entries and how far each channel was read. Every method raises StoreError when the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, entries: Sequence[Entry]) -> int:
        """Keep those that were not heard before; how many those are."""
        return sum(self._put(entries[at : at + _AT_ONCE]) for at in range(0, len(entries), _AT_ONCE))

    def _put(self, entries: Sequence[Entry]) -> int:
        # A look into a history mostly finds what is here: no write lock is worth that.
        unheard = self._unheard({entry.key for entry in entries})
        entries = [entry for entry in entries if entry.key in unheard]
        if not entries:
            return 0
        new = inserter(self._engine.dialect.name)(inbox).on_conflict_do_nothing(index_elements=["key"])
        kept = 0
        with writing(self._engine) as connection:
            for entry in entries:
                values = {
                    "key": entry.key,
                    "kind": entry.kind,
                    "about": entry.about or None,
                    "rank": entry.rank,
                    "facts": dict(entry.facts),
                    "heard_at": entry.heard_at,
                    "state": "waiting",
                    "attempts": 0,
                    "due_at": entry.heard_at,
                }
                kept += connection.execute(new.returning(inbox.c.seq).values(values)).first() is not None
        return kept

    def _unheard(self, keys: set[str]) -> set[str]:
        with reading(self._engine) as connection:
            return keys - set(connection.execute(select(inbox.c.key).where(inbox.c.key.in_(keys))).scalars())

    def take(self, now: datetime, until: datetime) -> Entry | None:
        """The oldest that is due, this process's until then; None when nothing is."""
        query = _due(now)
        with reading(self._engine) as connection:
            # Mostly nothing: no write lock is worth that.
            if connection.execute(query).first() is None:
                return None
        with writing(self._engine) as connection:
            while (row := connection.execute(query.with_for_update(skip_locked=True)).mappings().first()) is not None:
                mine = update(inbox).where(inbox.c.seq == row["seq"])
                newer = select(inbox.c.seq).where(inbox.c.about == row["about"], inbox.c.rank > row["rank"])
                if row["about"] is not None and connection.execute(newer).first() is not None:
                    connection.execute(mine.values(state="superseded"))
                    continue
                attempts = row["attempts"] + 1
                connection.execute(mine.values(state="taken", due_at=until, attempts=attempts))
                return _entry(row, attempts)
        return None

    def done(self, entry: Entry) -> None:
        """It is dealt with."""
        self._settle(entry, state="done")

    def again(self, entry: Entry, at: datetime, error: str) -> None:
        """Give it out once more, then."""
        self._settle(entry, state="waiting", due_at=at, error=error)

    def give_up(self, entry: Entry, error: str) -> None:
        """Nobody will deal with it."""
        self._settle(entry, state="failed", error=error)

    def waiting(self) -> tuple[int, datetime | None]:
        """How many are not dealt with, and when the oldest of them was heard."""
        with reading(self._engine) as connection:
            count, first = connection.execute(
                select(func.count(), func.min(inbox.c.seq)).select_from(inbox).where(_UNSETTLED)
            ).one()
            oldest = None
            if first is not None:
                oldest = connection.execute(select(inbox.c.heard_at).where(inbox.c.seq == first)).scalar()
        return int(count), oldest

    def listed(self, limit: int) -> list[Listed]:
        """What is not dealt with, or was given up; the newest first."""
        query = select(inbox).where(or_(_UNSETTLED, inbox.c.state == "failed")).order_by(inbox.c.seq.desc())
        with reading(self._engine) as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        return [Listed(_entry(row, row["attempts"]), row["state"], row["due_at"], row["error"]) for row in rows]

    def latest(self, prefix: str, since: datetime) -> list[Entry]:
        """What was heard since then, of each thing whose `about` begins so the newest."""
        mine = (inbox.c.heard_at >= since, inbox.c.about.startswith(prefix, autoescape=True))
        query = select(inbox).where(*mine).order_by(inbox.c.rank)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return list({row["about"]: _entry(row, row["attempts"]) for row in rows}.values())

    def prune(self, before: datetime) -> int:
        """Forget what was heard before then and is over, some at a time; how many went."""
        old = (
            select(inbox.c.seq)
            .where(inbox.c.heard_at < before, not_(inbox.c.state.in_(("waiting", "taken"))))
            .order_by(inbox.c.seq)
            .limit(_AT_ONCE)
        )
        with writing(self._engine) as connection:
            return connection.execute(delete(inbox).where(inbox.c.seq.in_(old))).rowcount

    def mark(self, channel: str) -> str | None:
        """How far a channel was read, as whoever reads it said."""
        with reading(self._engine) as connection:
            found: str | None = connection.execute(
                select(watermarks.c.value).where(watermarks.c.name == _PREFIX + channel)
            ).scalar()
            return found

    def keep_mark(self, channel: str, value: str, now: datetime) -> None:
        """Keep that for the next reader."""
        new = inserter(self._engine.dialect.name)(watermarks).values(name=_PREFIX + channel, value=value, at=now)
        with writing(self._engine) as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": now}))

    def open_threads(self, channel: str) -> list[str]:
        """The parents there of incidents that are not closed, the newest first."""
        query = (
            select(threads.c.ts)
            .join(incidents, incidents.c.id == threads.c.incident_id)
            .where(threads.c.channel == channel, incidents.c.state != "closed")
            .order_by(threads.c.ts.desc())
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def _settle(self, entry: Entry, **values: object) -> None:
        # Whoever took too long lost it to somebody else.
        mine = (inbox.c.seq == entry.seq, inbox.c.state == "taken", inbox.c.attempts == entry.attempts)
        with writing(self._engine) as connection:
            connection.execute(update(inbox).where(*mine).values(**values))


def _due(now: datetime) -> Select[Any]:
    other = inbox.alias("other")
    under_way: ColumnElement[bool] = exists().where(
        other.c.about == inbox.c.about, other.c.state == "taken", other.c.due_at > now
    )
    due = and_(_UNSETTLED, inbox.c.due_at <= now, or_(inbox.c.about.is_(None), ~under_way))
    return select(inbox).where(due).order_by(inbox.c.seq).limit(1)


def _entry(row: Mapping[Any, Any], attempts: int) -> Entry:
    return Entry(
        key=row["key"],
        kind=row["kind"],
        facts=row["facts"],
        heard_at=row["heard_at"],
        about=row["about"] or "",
        rank=row["rank"],
        seq=row["seq"],
        attempts=attempts,
    )
