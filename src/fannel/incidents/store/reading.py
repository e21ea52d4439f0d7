"""Reading the log: events and incidents by time, host and kind, for people.

Every query goes by an index and has a limit. A glob (`rt-*`, case does not matter) is never SQL: the names that are
there are asked for, one step in the index a name, and matched here.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Engine, and_, func, select

from fannel.incidents.store.database import reading
from fannel.incidents.store.tables import events, incidents, posts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import Column, Connection, Select
    from sqlalchemy.engine import Row

# As many names as are asked for by name; with more, it is quicker to go by time and to look at each event.
_FEW_NAMES = 20
# SQLite takes 32,766 values in a statement.
_MOST_NAMES = 10_000
_PAGE = 500


class TooManyNamesError(ValueError):
    """A glob matches more names than a query can hold."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` (included) until `until` (not included); None is no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def of(self, column: Column[datetime]) -> list[ColumnElement[bool]]:
        """The conditions that say so of a column."""
        bounds = []
        if self.since is not None:
            bounds.append(column >= self.since)
        if self.until is not None:
            bounds.append(column < self.until)
        return bounds


@dataclass(frozen=True, slots=True)
class Logged:
    """One event of the log as it was observed (`event`, not neutralised). `raw` only where it was asked for."""

    id: str
    received_at: datetime
    incident_id: str | None
    event: dict[str, Any]
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a list says of an incident."""

    id: str
    state: str
    severity: str
    problem: str
    host: str
    subject: dict[str, Any]
    opened_at: datetime
    last_raise_at: datetime
    resolved_at: datetime | None
    raises: int
    acknowledged_by: str | None
    cause_id: str | None


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post of an incident: what was wanted when, and what became of it."""

    key: str
    kind: str
    state: str
    wanted_at: datetime
    attempts: int
    error: str | None
    text: str


class Reading:
    """The log as people read it. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def events(
        self, span: Span, *, host: str = "*", kind: str = "*", incident_id: str | None = None, limit: int = 100
    ) -> list[Logged]:
        """The newest `limit` events that match, oldest first.

        Raises:
            TooManyNamesError: `host` matches more names than one query can hold, but not all.
        """
        columns = (events.c.id, events.c.received_at, events.c.incident_id, events.c.event)
        query = select(*columns).where(*span.of(events.c.received_at))
        if incident_id is not None:
            query = query.where(events.c.incident_id == incident_id)
        with reading(self._engine) as connection:
            for column, glob in ((events.c.host, host), (events.c.kind, kind)):
                query = self._named(connection, query, column, glob)
            newest = query.order_by(events.c.received_at.desc(), events.c.id.desc()).limit(limit)
            rows = connection.execute(newest).all()
        return [Logged(row.id, row.received_at, row.incident_id, row.event) for row in reversed(rows)]

    def event(self, event_id: str) -> Logged | None:
        """One event with the bytes it came as."""
        with reading(self._engine) as connection:
            row = connection.execute(select(events).where(events.c.id == event_id)).first()
        return None if row is None else Logged(row.id, row.received_at, row.incident_id, row.event, row.raw)

    def count_events(self, incident_id: str) -> int:
        """How many events belong to an incident."""
        query = select(func.count()).select_from(events).where(events.c.incident_id == incident_id)
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def incidents(
        self, span: Span, *, host: str = "*", problem: str = "*", over: bool = False, limit: int = 100
    ) -> list[Case]:
        """The newest `limit` incidents that match and were opened in the span, oldest first.

        Only what is unresolved, unless `over` asks for all.
        """
        matches = _matcher(host), _matcher(problem)
        query = _CASES.where(*span.of(incidents.c.opened_at))
        if not over:
            query = query.where(incidents.c.resolved_at.is_(None))
        found: list[Case] = []
        with reading(self._engine) as connection:
            for row in _newest_first(connection, query):
                case = _case(row)
                if matches[0](case.host) and matches[1](case.problem):
                    found.append(case)
                    if len(found) == limit:
                        break
        return found[::-1]

    def consequences(self, incident_id: str, limit: int = 100) -> list[Case]:
        """The incidents that follow from this one."""
        query = _CASES.where(incidents.c.cause_id == incident_id).order_by(incidents.c.opened_at).limit(limit)
        with reading(self._engine) as connection:
            return [_case(row) for row in connection.execute(query).all()]

    def posts(self, incident_id: str, limit: int = 500) -> list[PostLine]:
        """The newest `limit` posts of an incident, in the order they were wanted; no looks that others replaced."""
        # What another look stood for was never sent: what flaps all night has thousands of those.
        stood_for = and_(posts.c.kind.in_(("update", "edit")), posts.c.state == "sent", posts.c.ts == "")
        mine = (posts.c.incident_id == incident_id, ~stood_for)
        query = select(posts).where(*mine).order_by(posts.c.seq.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            PostLine(
                key=row.key,
                kind=row.kind,
                state=row.state,
                wanted_at=row.wanted_at,
                attempts=row.attempts,
                error=row.error,
                text=str(row.payload.get("text") or row.payload.get("title") or ""),
            )
            for row in reversed(rows)
        ]

    def _named(self, connection: Connection, query: Select[Any], column: Column[str], glob: str) -> Select[Any]:
        """The query for what is called as the glob says."""
        if glob == "*":
            return query
        names = list(connection.execute(_distinct(column)).scalars())
        matches = _matcher(glob)
        found = [name for name in names if matches(name)]
        if len(found) == len(names):
            return query
        if len(found) > _MOST_NAMES:
            raise TooManyNamesError(f"{glob}: {len(found)} names match; at most {_MOST_NAMES} can be asked for at once")
        # An expression is no column, so the index on names is not what it goes by.
        asked = column if len(found) <= _FEW_NAMES else func.coalesce(column, "")
        return query.where(asked.in_(found))


_CASES: Select[Any] = select(
    incidents.c.id,
    incidents.c.state,
    incidents.c.severity,
    incidents.c.problem,
    incidents.c.host,
    incidents.c.subject,
    incidents.c.opened_at,
    incidents.c.last_raise_at,
    incidents.c.resolved_at,
    incidents.c.raises,
    incidents.c.acknowledged_by,
    incidents.c.cause_id,
)


def _case(row: Row[Any]) -> Case:
    return Case(**{**row._mapping, "host": row.host["name"]})  # noqa: SLF001  (how SQLAlchemy names it)


def _newest_first(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """All rows of a query of incidents, a page at a time."""
    ordered = query.order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(_PAGE)
    page = connection.execute(ordered).all()
    while page:
        yield from page
        last = page[-1]
        earlier = incidents.c.opened_at < last.opened_at
        same_time = (incidents.c.opened_at == last.opened_at) & (incidents.c.id < last.id)
        page = connection.execute(ordered.where(incidents.c.opened_at <= last.opened_at, earlier | same_time)).all()


def _distinct(column: Column[str]) -> Select[Any]:
    """The values of an indexed column, each found by one step in the index: a log has many rows and few names."""
    first = select(func.min(column).label("name")).cte("names", recursive=True)
    following = column.table.alias()
    step = select(func.min(following.c[column.name])).where(following.c[column.name] > first.c.name).scalar_subquery()
    names = first.union_all(select(step).where(first.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None))


def _matcher(glob: str) -> Callable[[str], bool]:
    pattern = re.compile(fnmatch.translate(glob), re.IGNORECASE)
    return lambda name: pattern.match(name) is not None
