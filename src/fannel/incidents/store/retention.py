"""What is old, or too much, goes: the oldest first, a page at a time, and never anything of an incident that lasts.

There are streams by time: incidents that are over with all that belongs to them, by their end; silences, too; and what
belongs to no incident, by its own time. A round takes from whichever stream has the oldest, until nothing is older than
`keep` and the database holds no more than `octets`, or until the round has taken its fill.

Pages are read without a lock and deleted in transactions of at most PAGE rows, so nobody waits for long. What must hold
is asked again in the transaction that deletes. An incident is closed for good before the first row of it goes, so that
no raise reopens what is half gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import LargeBinary, and_, cast, delete, exists, func, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from fannel.incidents.store.asked_tables import confirmations, requests
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import (
    activities,
    dead_letters,
    events,
    history,
    incidents,
    posts,
    silence_revisions,
    silences,
    threads,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement, Connection, Engine, Table

PAGE = 500
_INCIDENTS = 50
_SILENCES = 50
# More than that waits for the next round.
MOST_ROWS = 100_000
# Nothing that may still be on its way to the rules goes, however much there is.
YOUNGEST = timedelta(hours=1)
# What a row and its entries in the indexes take beside its long values, about.
_ROW_OCTETS = 300
_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Policy:
    """How long things are kept after their end, and how much the database may hold, in octets."""

    keep: timedelta
    octets: int


@dataclass(slots=True)
class Pruned:
    """What one round took, rows by table. `cut`: more is due. `excess`: octets too many, of what may not go."""

    rows: dict[str, int] = field(default_factory=dict)
    octets: int = 0
    cut: bool = False
    excess: int = 0

    def add(self, table: Table, rows: int, octets: int = 0) -> None:
        """Count rows that went, and what their long values took."""
        if rows:
            self.rows[table.name] = self.rows.get(table.name, 0) + rows
            self.octets += octets + rows * _ROW_OCTETS


class _Due(NamedTuple):
    """Something that may go: since when, by which it is found, and the octets of its long values."""

    at: datetime
    key: Any
    octets: int


@dataclass(frozen=True, slots=True)
class _Loose:
    """A table whose rows may belong to no incident, in an order that is that of time and of an index."""

    table: Table
    at: Column[Any]
    key: Column[Any]
    long: tuple[Column[Any], ...]
    alone: ColumnElement[bool] | None = None

    @property
    def by_time(self) -> bool:
        """Whether `at` has an index; otherwise the key counts up with time."""
        return self.table is events


_DELIVERED = posts.c.state.in_(("sent", "refused"))
_LOOSE = (
    _Loose(events, events.c.received_at, events.c.id, (events.c.event, events.c.raw), events.c.incident_id.is_(None)),
    _Loose(
        activities,
        activities.c.at,
        activities.c.seq,
        (activities.c.detail, activities.c.body),
        # What came late, of an incident that was pruned meanwhile, is nobody's either.
        or_(activities.c.incident_id.is_(None), ~exists().where(incidents.c.id == activities.c.incident_id)),
    ),
    _Loose(
        posts,
        posts.c.wanted_at,
        posts.c.seq,
        (posts.c.payload,),
        and_(posts.c.incident_id.is_(None), _DELIVERED),
    ),
    _Loose(dead_letters, dead_letters.c.at, dead_letters.c.seq, (dead_letters.c.detail, dead_letters.c.raw)),
    _Loose(requests, requests.c.at, requests.c.seq, (requests.c.heard,)),
    _Loose(
        confirmations,
        confirmations.c.asked_at,
        confirmations.c.id,
        (confirmations.c.wanted,),
        confirmations.c.state != "waiting",
    ),
)
_LONG = {loose.table: loose.long for loose in _LOOSE}
_BELONGS: tuple[tuple[Table, Column[Any], tuple[ColumnElement[bool], ...]], ...] = (
    (events, events.c.id, ()),
    (posts, posts.c.seq, (_DELIVERED,)),
    (activities, activities.c.seq, ()),
    (history, history.c.seq, ()),
)


class Retention:
    """Prunes one database. Raises StoreError when it cannot be used: what went until then is gone, the rest stays."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"

    def prune(
        self, policy: Policy, now: datetime, *, most: int = MOST_ROWS, pause: Callable[[], object] = lambda: None
    ) -> Pruned:
        """One round. `pause` is called after each transaction, so that others get their turn."""
        pruned = Pruned()
        too_old, youngest = now - policy.keep, now - YOUNGEST
        excess = self.octets() - policy.octets
        horizon = max(youngest, too_old) if excess > 0 else too_old
        streams = [_Stream(self._over(horizon), lambda page: self._prune_incidents(page, now, pruned, pause))]
        streams.append(_Stream(self._silenced(too_old), lambda page: self._prune_silences(page, pruned, pause)))
        streams += [_Stream(self._alone(loose, horizon), self._pruner(loose, pruned, pause)) for loose in _LOOSE]
        while heads := [stream for stream in streams if stream.page]:
            first = min(heads, key=lambda stream: stream.page[0].at)
            if first.page[0].at >= too_old and excess <= pruned.octets:
                break
            if sum(pruned.rows.values()) >= most:
                pruned.cut = True
                break
            first.prune(first.page)
            first.turn()
        pruned.excess = max(0, excess - pruned.octets)
        return pruned

    def octets(self) -> int:
        """What the database holds, about. Not what its files take: they stay as they are and are filled again."""
        with reading(self._engine) as connection:
            if self._sqlite:
                pages, free, size = (
                    int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                    for name in ("page_count", "freelist_count", "page_size")
                )
                return (pages - free) * size
            return sum(self._estimate(connection, loose) for loose in _LOOSE)

    # --- what may go ---------------------------------------------------------------------------------------------

    def _over(self, horizon: datetime) -> Iterator[list[_Due]]:
        """Incidents that ended before `horizon`, by their end."""
        at, key = incidents.c.resolved_at, incidents.c.id
        query = select(at, key).where(at < horizon, _may_go()).order_by(at, key).limit(_INCIDENTS)
        rows = self._read(query)
        while rows:
            yield [_Due(row[0], row[1], 0) for row in rows]
            rows = self._read(query.where(_after(at, key, rows[-1])))

    def _silenced(self, horizon: datetime) -> Iterator[list[_Due]]:
        """Silences that ended before `horizon`, and after which everybody was asked who had to be. By age alone."""
        at, key = silences.c.ends_at, silences.c.id
        # SQLite gives the highest number again once its row is gone: #7 must not become another silence.
        newest = select(func.max(key)).scalar_subquery()
        changed = select(silence_revisions.c.silence_id).order_by(silence_revisions.c.seq.desc()).limit(1)
        may_go = (at < horizon, silences.c.over, key != newest, key != changed.scalar_subquery())
        query = select(at, key).where(*may_go).order_by(at, key).limit(_SILENCES)
        rows = self._read(query)
        while rows:
            yield [_Due(row[0], row[1], 0) for row in rows]
            rows = self._read(query.where(_after(at, key, rows[-1])))

    def _alone(self, loose: _Loose, horizon: datetime) -> Iterator[list[_Due]]:
        """Rows from before `horizon` that belong to no incident. What stays is passed once in a round."""
        at, key = loose.at, loose.key
        order = (at, key) if loose.by_time else (key,)
        alone = text("1") if loose.alone is None else loose.alone
        # The sieve is applied here: the database would choose another index for it, and sort all of it.
        query = select(at, key, alone, self._size(loose.long)).order_by(*order).limit(PAGE)
        if loose.by_time:
            query = query.where(at < horizon)
        rows = self._read(query)
        while rows and rows[0][0] < horizon:
            if page := [_Due(row[0], row[1], row[3]) for row in rows if row[2] and row[0] < horizon]:
                yield page
            rows = self._read(query.where(_after(at, key, rows[-1]) if loose.by_time else key > rows[-1][1]))

    # --- and goes ------------------------------------------------------------------------------------------------

    def _pruner(self, loose: _Loose, pruned: Pruned, pause: Callable[[], object]) -> Callable[[Sequence[_Due]], None]:
        def prune(page: Sequence[_Due]) -> None:
            gone = delete(loose.table).where(loose.key.in_([due.key for due in page]))
            with writing(self._engine) as connection:
                rows = connection.execute(gone if loose.alone is None else gone.where(loose.alone)).rowcount
            pruned.add(loose.table, rows, sum(due.octets for due in page))
            pause()

        return prune

    def _prune_incidents(
        self, page: Sequence[_Due], now: datetime, pruned: Pruned, pause: Callable[[], object]
    ) -> None:
        ids = self._close([due.key for due in page], now)
        for table, key, conditions in _BELONGS:
            may_go = [table.c.incident_id.in_(ids), *conditions]
            query = select(key, self._size(_LONG.get(table, ()))).where(*may_go).limit(PAGE)
            while rows := self._read(query):
                with writing(self._engine) as connection:
                    gone = delete(table).where(key.in_([row[0] for row in rows]), *may_go)
                    count = connection.execute(gone).rowcount
                pruned.add(table, count, sum(row[1] for row in rows))
                pause()
        try:
            with writing(self._engine) as connection:
                ids = list(
                    connection.execute(select(incidents.c.id).where(incidents.c.id.in_(ids), _may_go())).scalars()
                )
                connection.execute(delete(threads).where(threads.c.incident_id.in_(ids)))
                count = connection.execute(delete(incidents).where(incidents.c.id.in_(ids))).rowcount
        except IntegrityError:
            return  # somebody has just written about one of them: the next round takes them
        pruned.add(incidents, count)
        pause()

    def _prune_silences(self, page: Sequence[_Due], pruned: Pruned, pause: Callable[[], object]) -> None:
        ids = [due.key for due in page]
        seq = silence_revisions.c.seq
        query = select(seq, self._size((silence_revisions.c.scopes,))).where(silence_revisions.c.silence_id.in_(ids))
        while rows := self._read(query.limit(PAGE)):
            with writing(self._engine) as connection:
                gone = delete(silence_revisions).where(seq.in_([row[0] for row in rows]))
                count = connection.execute(gone).rowcount
            pruned.add(silence_revisions, count, sum(row[1] for row in rows))
            pause()
        with writing(self._engine) as connection:
            pruned.add(silences, connection.execute(delete(silences).where(silences.c.id.in_(ids))).rowcount)
        pause()

    def _close(self, ids: Sequence[str], now: datetime) -> list[str]:
        """Close them for good; those that may still go."""
        closed = {"state": "closed", "closed_at": func.coalesce(incidents.c.closed_at, now)}
        with writing(self._engine) as connection:
            connection.execute(update(incidents).where(incidents.c.id.in_(ids), _may_go()).values(closed))
            return list(
                connection.execute(
                    select(incidents.c.id).where(incidents.c.id.in_(ids), incidents.c.state == "closed", _may_go())
                ).scalars()
            )

    # --- inside ---------------------------------------------------------------------------------------------------

    def _read(self, query: Any) -> Sequence[Any]:  # noqa: ANN401  (a SQLAlchemy query)
        with reading(self._engine) as connection:
            return connection.execute(query).all()

    def _size(self, columns: Iterable[Column[Any]]) -> ColumnElement[int]:
        """The octets that long values take."""
        size: Any = text("0")
        for column in columns:
            octets = func.length(cast(column, LargeBinary)) if self._sqlite else func.pg_column_size(column)
            size = func.coalesce(octets, 0) + size
        found: ColumnElement[int] = size
        return found

    def _estimate(self, connection: Connection, loose: _Loose) -> int:
        """PostgreSQL's own count of rows, times what the newest of them take."""
        live = text("SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = CAST(:name AS regclass)")
        rows = connection.execute(live, {"name": loose.table.name}).scalar() or 0
        newest = select(self._size(loose.long).label("octets")).order_by(loose.key.desc()).limit(_SAMPLE).subquery()
        octets = connection.execute(select(func.avg(newest.c.octets))).scalar() or 0
        return int(rows * (float(octets) + _ROW_OCTETS))


class _Stream:
    """Pages of one kind, the oldest first, and how such a page is pruned."""

    def __init__(self, pages: Iterator[list[_Due]], prune: Callable[[Sequence[_Due]], None]) -> None:
        self._pages = pages
        self.prune = prune
        self.page: list[_Due] = []
        self.turn()

    def turn(self) -> None:
        """Go on to the next page; an empty one is the end."""
        self.page = next(self._pages, [])


def _may_go() -> ColumnElement[bool]:
    """It is over, nothing of it waits for Slack, and nothing that lasts follows from it."""
    effect = incidents.alias("effect")
    return and_(
        incidents.c.resolved_at.is_not(None),
        ~exists().where(effect.c.cause_id == incidents.c.id, effect.c.resolved_at.is_(None)),
        ~exists().where(posts.c.incident_id == incidents.c.id, posts.c.state.in_(("wanted", "unknown"))),
    )


def _after(at: Column[Any], key: Column[Any], row: Any) -> ColumnElement[bool]:  # noqa: ANN401  (a row)
    # Said twice, so that the database goes on in its index where it was.
    return and_(at >= row[0], or_(at > row[0], key > row[1]))
