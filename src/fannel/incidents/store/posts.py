"""The outbox's table: posts that are wanted, by key, and what is known of each.

A post is `wanted` until somebody saw it accepted (`sent`), until its outcome is in doubt (`unknown`: it may or may
not be there), or until it can never be accepted (`refused`). A key is wanted once, however often it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import ColumnElement, Engine, RowMapping, func, insert, select, text, update

from fannel.incidents.store import activities
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import REFUSED, UNSENT, posts, threads
from fannel.incidents.store.upsert import inserter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

Kind = Literal["parent", "reply", "update", "edit", "file", "note", "reaction"]
PostState = Literal["wanted", "unknown", "sent", "refused"]

# The lower, the sooner. What has none says so itself: a summary.
URGENT, FIRST, RECOVERY, VERDICT, OUTPUT, SUMMARY = 5, 10, 20, 30, 40, 50

# What changes a message that is there, and tells nobody.
_LOOKS = ("update", "edit")
_EVENT_ID_LENGTH = 26
_UNSENT, _REFUSED = text(f"posts.{UNSENT}"), text(f"posts.{REFUSED}")
# What keeps its order: the posts of an incident; a post of no incident waits for nobody.
_LANE = func.coalesce(posts.c.incident_id, posts.c.key)


@dataclass(frozen=True, slots=True)
class Post:
    """One wanted post. `seq` orders the posts of an incident; `ts` is Slack's id once it is there.

    `thread_ts` is a message: a note answers it, a reaction (`{"add": …, "remove": […]}`) is on it, an edit changes it.
    """

    key: str
    incident_id: str | None
    kind: Kind
    channel: str
    payload: dict[str, Any]
    wanted_at: datetime
    broadcast: bool = False
    state: PostState = "wanted"
    ts: str | None = None
    attempts: int = 0
    not_before: datetime | None = None
    error: str | None = None
    seq: int = 0
    priority: int = SUMMARY
    thread_ts: str | None = None


class Posts:
    """What is wanted in Slack. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def want(self, post: Post) -> bool:
        """Put a post into the outbox; False when its key is there already."""
        with writing(self._engine) as connection:
            return want(connection, post)

    def unsent(self, incident_id: str | None = None, limit: int = 200) -> list[Post]:
        """Posts that are not there yet, in the order they were wanted: one incident's, or everybody's."""
        query = select(posts).where(_UNSENT).order_by(posts.c.seq).limit(limit)
        if incident_id is not None:
            query = query.where(posts.c.incident_id == incident_id)
        with reading(self._engine) as connection:
            return [_post(row) for row in connection.execute(query).mappings()]

    def listed(self, limit: int) -> list[Post]:
        """What is not there, the most urgent first; what Slack refused for good last, the newest of it first."""
        unsent = select(posts).where(_UNSENT).order_by(posts.c.priority, posts.c.seq).limit(limit)
        refused = select(posts).where(_REFUSED).order_by(posts.c.seq.desc()).limit(limit)
        with reading(self._engine) as connection:
            found = [_post(row) for query in (unsent, refused) for row in connection.execute(query).mappings()]
        return found[:limit]

    def next(self, channel: str, now: datetime, kinds: Collection[Kind], *, doubtful: bool = True) -> Post | None:
        """The post of one of these kinds that is due first in a channel; `doubtful`: one in doubt will do, too.

        Within an incident nothing overtakes, so what is urgent there hurries what stands before it. An update only
        waits for its parent: it changes how the thread looks, not what it tells; the newest stands for all. An edit
        of a reply waits for nothing.
        """
        here = (_UNSENT, posts.c.channel == channel)
        urgency = func.min(posts.c.priority).label("urgency")
        heads = select(func.min(posts.c.seq).label("seq"), urgency).where(*here, posts.c.kind.not_in(_LOOKS))
        edits = select(posts.c.seq, posts.c.priority.label("urgency")).where(*here, posts.c.kind == "edit")
        updates = select(func.max(posts.c.seq).label("seq"), urgency).where(
            *here, posts.c.kind == "update", posts.c.incident_id.in_(select(threads.c.incident_id))
        )
        candidates = heads.group_by(_LANE).union_all(updates.group_by(posts.c.incident_id), edits).subquery()
        query = (
            select(posts)
            .join(candidates, candidates.c.seq == posts.c.seq)
            .where(posts.c.not_before <= now, posts.c.kind.in_(kinds))
            .order_by(candidates.c.urgency, posts.c.seq)
            .limit(1)
        )
        if not doubtful:
            query = query.where(posts.c.state == "wanted")
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return _post(row) if row else None

    def beside(self, post: Post, kind: Kind, limit: int = 100) -> list[Post]:
        """The unsent posts of that kind in the same incident, itself left out, in order."""
        query = select(posts).where(_UNSENT, posts.c.incident_id == post.incident_id, posts.c.kind == kind)
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(posts.c.seq != post.seq).order_by(posts.c.seq).limit(limit))
            return [_post(row) for row in rows.mappings()]

    def merge(self, earlier: Sequence[Post], into: Post, payload: dict[str, Any], now: datetime) -> None:
        """One post stands for all of these from here on, and says so in its payload."""
        with writing(self._engine) as connection:
            _stood_for(connection, posts.c.seq.in_([post.seq for post in earlier]))
            connection.execute(update(posts).where(posts.c.seq == into.seq).values(payload=payload))
            said = f"told by a later one that says the same: {into.key}"
            activities.note(connection, [_outcome(post, now, said) for post in earlier])

    def superseded(self, update_: Post) -> None:
        """This update and those of its parent before it need not be sent any more."""
        with writing(self._engine) as connection:
            _stood_for(
                connection,
                posts.c.incident_id == update_.incident_id,
                posts.c.kind == "update",
                posts.c.seq <= update_.seq,
            )

    def waiting(self, lane: str | None = None) -> int:
        """How many are not there yet: of all, or of one incident (or the one post of that key)."""
        query = select(func.count()).select_from(posts).where(_UNSENT)
        with reading(self._engine) as connection:
            return int(connection.execute(query if lane is None else query.where(_of(lane))).scalar_one())

    def channels(self, lane: str | None = None) -> list[str]:
        """Where posts are waiting to go, all or those of one incident."""
        query = select(posts.c.channel).distinct().where(_UNSENT)
        with reading(self._engine) as connection:
            return sorted(connection.execute(query if lane is None else query.where(_of(lane))).scalars())

    def claim(self, post: Post, now: datetime, until: datetime) -> bool:
        """Take a due post for sending; False when another process has it.

        From here its outcome is in doubt until `sent()` or `failed()` says otherwise; a claimant that dies frees
        it at `until`, still in doubt.
        """
        with writing(self._engine) as connection:
            taken = connection.execute(
                update(posts)
                .where(
                    posts.c.key == post.key,
                    _UNSENT,
                    posts.c.not_before <= now,
                )
                .values(state="unknown", not_before=until)
            )
            return bool(taken.rowcount)

    def find(self, key: str) -> Post | None:
        """The post of that key."""
        with reading(self._engine) as connection:
            row = connection.execute(select(posts).where(posts.c.key == key)).mappings().first()
        return _post(row) if row else None

    def sent(self, post: Post, ts: str, now: datetime) -> None:
        """A post is there. A parent's ts is where its incident's thread hangs; a later parent replaces it."""
        with writing(self._engine) as connection:
            connection.execute(
                update(posts)
                .where(posts.c.key == post.key)
                .values(state="sent", ts=ts, error=None, attempts=posts.c.attempts + 1)
            )
            if post.kind == "parent":
                _set_thread(connection, post, ts)
            # Updates are many and tell nobody anything; where one had trouble before, that it has no more is news.
            if post.kind not in _LOOKS or post.error:
                tries = f" at attempt {post.attempts + 1}" if post.attempts else ""
                activities.note(connection, [_outcome(post, now, f"posted{tries} as {ts} in {post.channel}")])

    def amend(self, post: Post, payload: dict[str, Any]) -> None:
        """Note what was done of a post that is sent in steps."""
        with writing(self._engine) as connection:
            connection.execute(update(posts).where(posts.c.key == post.key).values(payload=payload))

    def at(self, post: Post, ts: str) -> Post | None:
        """The post of the same incident that is Slack's message `ts`."""
        query = select(posts).where(
            posts.c.incident_id == post.incident_id, posts.c.ts == ts, posts.c.kind.not_in(_LOOKS)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return _post(row) if row else None

    def move_thread(self, post: Post, ts: str) -> None:
        """A reply became a message of its own (its parent was deleted): the thread goes on under it."""
        with writing(self._engine) as connection:
            _set_thread(connection, post, ts)

    def failed(self, post: Post, state: PostState, error: str, not_before: datetime, now: datetime) -> None:
        """A try did not succeed; when to try again (`refused` is never tried again)."""
        with writing(self._engine) as connection:
            connection.execute(
                update(posts)
                .where(posts.c.key == post.key)
                .values(state=state, error=error, not_before=not_before, attempts=posts.c.attempts + 1)
            )
            if (state, error) != (post.state, post.error):
                # Once, however often it fails the same way: trouble may last for days.
                said = {"wanted": "waits", "unknown": "in doubt", "refused": "refused for good", "sent": "sent"}[state]
                activities.note(connection, [_outcome(post, now, f"{said}: {error}")])


def want(connection: Connection, post: Post) -> bool:
    """Put a post into the outbox in the transaction of `connection`; False when its key is there already."""
    row = {
        "key": post.key,
        "incident_id": post.incident_id,
        "kind": post.kind,
        "channel": post.channel,
        "payload": post.payload,
        "broadcast": post.broadcast,
        "priority": post.priority,
        "thread_ts": post.thread_ts,
        "state": "wanted",
        "attempts": 0,
        "wanted_at": post.wanted_at,
        "not_before": post.wanted_at,
    }
    # Not asked first: PostgreSQL would let two that ask at the same time both insert, and end one's transaction.
    return bool(connection.execute(_wanted(connection.dialect.name), row).rowcount)


@cache
def _wanted(dialect: str) -> Any:  # noqa: ANN401  (the two dialects share no type)
    return inserter(dialect)(posts).on_conflict_do_nothing(index_elements=[posts.c.key])


def _outcome(post: Post, now: datetime, said: str) -> Activity:
    """A line of the log; the key of what an event asked for ends in that event's id."""
    last = post.key.removesuffix("/file").rsplit("/", 1)[-1]
    event_id = last if len(last) == _EVENT_ID_LENGTH else None
    return Activity(now, "post", f"{post.kind} {said}", post.incident_id, event_id, {"key": post.key})


def _of(lane: str) -> ColumnElement[bool]:
    return (posts.c.incident_id == lane) | (posts.c.key == lane)


def _stood_for(connection: Any, *which: ColumnElement[bool]) -> None:  # noqa: ANN401  (a SQLAlchemy connection)
    connection.execute(update(posts).where(_UNSENT, *which).values(state="sent", ts="", error=None))


def _set_thread(connection: Any, post: Post, ts: str) -> None:  # noqa: ANN401  (a SQLAlchemy connection)
    changed = connection.execute(
        update(threads).where(threads.c.incident_id == post.incident_id).values(channel=post.channel, ts=ts)
    )
    if changed.rowcount == 0:
        connection.execute(insert(threads).values(incident_id=post.incident_id, channel=post.channel, ts=ts))


def _post(row: RowMapping) -> Post:
    return Post(
        key=row["key"],
        incident_id=row["incident_id"],
        kind=row["kind"],
        channel=row["channel"],
        payload=row["payload"],
        wanted_at=row["wanted_at"],
        broadcast=row["broadcast"],
        state=row["state"],
        ts=row["ts"],
        attempts=row["attempts"],
        not_before=row["not_before"],
        error=row["error"],
        seq=row["seq"],
        priority=row["priority"],
        thread_ts=row["thread_ts"],
    )
