"""What is kept of each Slack channel between two senders, and what the sender wants to know of all its posts at once.

The state itself is the sender's (slack/sending.py) and opaque here. It is written by whoever holds the channel's
lease; the last one wins, which costs at most a moment of pace.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from fannel.event import Host, Subject
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import REFUSED, UNSENT, incidents, posts, watermarks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fannel.event import Severity

_PREFIX = "channel/"
_UNSENT, _REFUSED = text(f"posts.{UNSENT}"), text(f"posts.{REFUSED}")


@dataclass(frozen=True, slots=True)
class FirstPost:
    """An incident whose first post waits."""

    seq: int
    incident_id: str
    severity: Severity
    problem: str
    host: Host
    subject: Subject


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, by priority; when the oldest of it was wanted; how many Slack refused for good."""

    waiting: Mapping[int, int]
    oldest: datetime | None
    refused: int


class Channels:
    """The state of each channel. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def states(self) -> dict[str, Any]:
        """What was kept of each channel that was ever written to."""
        query = select(watermarks.c.name, watermarks.c.value).where(watermarks.c.name.startswith(_PREFIX))
        with reading(self._engine) as connection:
            return {row.name.removeprefix(_PREFIX): _decoded(row.value) for row in connection.execute(query)}

    def state(self, channel: str) -> Any:  # noqa: ANN401  (whatever was kept)
        """What was kept of a channel, None when nothing was."""
        query = select(watermarks.c.value).where(watermarks.c.name == _PREFIX + channel)
        with reading(self._engine) as connection:
            value = connection.execute(query).scalar()
        return None if value is None else _decoded(value)

    def keep(self, channel: str, state: Mapping[str, Any], now: datetime) -> None:
        """Keep the state of a channel for the next sender."""
        name, values = _PREFIX + channel, {"value": json.dumps(state, separators=(",", ":")), "at": now}
        changed = update(watermarks).where(watermarks.c.name == name).values(values)
        try:
            with writing(self._engine) as connection:
                if connection.execute(changed).rowcount == 0:
                    connection.execute(insert(watermarks).values(name=name, **values))
        except IntegrityError:
            with writing(self._engine) as connection:
                connection.execute(changed)

    def newest_first_posts(self, channel: str, limit: int) -> list[datetime]:
        """When the newest first posts were wanted, there or not."""
        query = select(posts.c.wanted_at).where(posts.c.channel == channel, posts.c.kind == "parent")
        with reading(self._engine) as connection:
            return list(connection.execute(query.order_by(posts.c.seq.desc()).limit(limit)).scalars())

    def first_posts_waiting(self, channel: str, after: int, limit: int) -> list[FirstPost]:
        """The incidents whose first post waits and was wanted after the one numbered `after`, oldest first."""
        facts = (incidents.c[name] for name in ("id", "severity", "problem", "host", "subject"))
        query = (
            select(posts.c.seq, *facts)
            .join(incidents, incidents.c.id == posts.c.incident_id)
            .where(_UNSENT, posts.c.channel == channel, posts.c.kind == "parent", posts.c.seq > after)
            .order_by(posts.c.seq)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                FirstPost(row.seq, row.id, row.severity, row.problem, Host(**row.host), Subject(**row.subject))
                for row in connection.execute(query)
            ]

    def first_posts_unsent(self, channel: str) -> int:
        """How many threads are still to come."""
        query = select(func.count()).where(_UNSENT, posts.c.channel == channel, posts.c.kind == "parent")
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def backlog(self) -> Backlog:
        """What waits in all channels."""
        by_priority = select(posts.c.priority, func.count(), func.min(posts.c.seq)).where(_UNSENT)
        refused = select(func.count()).select_from(posts).where(_REFUSED)
        with reading(self._engine) as connection:
            rows = connection.execute(by_priority.group_by(posts.c.priority)).all()
            oldest = None
            if rows:
                # Not min(wanted_at): SQLite would give it back as text.
                first = min(row[2] for row in rows)
                oldest = connection.execute(select(posts.c.wanted_at).where(posts.c.seq == first)).scalar()
            return Backlog({row[0]: row[1] for row in rows}, oldest, int(connection.execute(refused).scalar_one()))


def _decoded(value: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(value)
    except ValueError:
        return None
