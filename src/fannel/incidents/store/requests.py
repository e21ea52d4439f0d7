"""What people ask for in Slack, each in one transaction: what is done, the answer to it, and that it was heard.

A message is known by its channel and ts, and its versions by what they say: heard twice, or again after a process died
half way, it is done once. The message's row is locked meanwhile, so two replicas that hear the same one take turns.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from sqlalchemy import Engine, insert, select, text, update

from fannel.incidents.store import silences
from fannel.incidents.store.asked_tables import confirmations, requests
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.posts import want
from fannel.incidents.store.tables import COMMANDS, posts, threads
from fannel.incidents.store.upsert import inserter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from fannel.event import Json
    from fannel.incidents.silence import Silence
    from fannel.incidents.store.posts import Post

State = Literal["waiting", "confirmed", "lapsed", "withdrawn"]

# What a slash command did is told by a post of ours: the command's name comes behind this in its key.
COMMANDED: Final = "request/slash/"
_TS: Final = re.compile(r"\d{1,12}\.\d{6}")
_COMMANDED: Final = text(f"posts.{COMMANDS}")


class Place(NamedTuple):
    """A thread, or (without a ts) a channel."""

    channel: str
    ts: str | None


class Under(NamedTuple):
    """What a thread is of: an incident, and the silences that its first message asked for."""

    incident_id: str | None
    silences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Something that waits, or waited, for a second person. `wanted` is whoever's who put it there."""

    id: int
    channel: str
    thread: str
    asked_by: str
    asked_at: datetime
    lapses_at: datetime
    wanted: Json
    state: State = "waiting"
    decided_by: str | None = None
    silence_id: int | None = None


class Acting:
    """What can be done in one transaction, committed at the end of the block."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def current(self, now: datetime) -> list[Silence]:
        """The silences that are pending or active."""
        return silences.current(self._connection, now)

    def silence(self, silence_id: int) -> Silence | None:
        """The silence of that id as it is now."""
        return silences.one(self._connection, silence_id)

    def asked_for(self, silence: Silence) -> Silence:
        """The silence as whoever asked for it put it last, whatever others made of it since."""
        return silences.asked_for(self._connection, silence.id) or silence

    def add(self, wanted: Silence, now: datetime) -> Silence:
        """Keep a new silence; returns it with its id."""
        return silences.add(self._connection, wanted, now)

    def change(self, changed: Sequence[Silence]) -> None:
        """Keep the next revisions.

        Raises:
            OvertakenError: somebody else changed one in between. Leave the block with it: nothing is done then.
        """
        silences.change(self._connection, changed)

    def want(self, post: Post) -> bool:
        """Put a post into the outbox; False when its key is there already."""
        return want(self._connection, post)

    def place(self, channel: str, thread: str) -> Place:
        """The thread of a message's ts; of a command's name, that of our post (none as long as that is not there)."""
        return _place(self._connection, channel, thread)

    def posted(self, key: str) -> Place | None:
        """Where a post of ours is; None as long as it is not in Slack."""
        here = (posts.c.key == key, posts.c.state == "sent")
        found = self._connection.execute(select(posts.c.channel, posts.c.ts).where(*here)).first()
        return Place(found.channel, found.ts) if found is not None and found.ts else None

    def home(self, silence: Silence) -> Place | None:
        """The thread in which a silence was asked for; None for one that was not asked for in Slack."""
        return place_of(self._connection, silence.origin)

    def wait(self, waiting: Confirmation) -> int:
        """Have something wait for a second person, whatever its `id`; returns the id it got."""
        row = {
            "channel": waiting.channel,
            "thread": waiting.thread,
            "asked_by": waiting.asked_by,
            "asked_at": waiting.asked_at,
            "lapses_at": waiting.lapses_at,
            "state": "waiting",
            "wanted": waiting.wanted,
        }
        (new_id,) = self._connection.execute(insert(confirmations).values(row)).inserted_primary_key or (0,)
        return int(new_id)

    def waiting(self, channel: str, thread: str) -> list[Confirmation]:
        """What waits there, locked."""
        here = (confirmations.c.channel == channel, confirmations.c.thread == thread)
        query = select(confirmations).where(*here, confirmations.c.state == "waiting").order_by(confirmations.c.id)
        return [_confirmation(row) for row in self._connection.execute(query.with_for_update()).mappings()]

    def all_waiting(self, now: datetime, limit: int = 100) -> list[Confirmation]:
        """Everything that waits now, the oldest first."""
        waits = (confirmations.c.state == "waiting", confirmations.c.lapses_at > now)
        query = select(confirmations).where(*waits).order_by(confirmations.c.id).limit(limit)
        return [_confirmation(row) for row in self._connection.execute(query).mappings()]

    def decide(self, confirmation_id: int, state: State, by: str, silence_id: int | None = None) -> None:
        """It waits no longer."""
        values = {"state": state, "decided_by": by, "silence_id": silence_id}
        self._connection.execute(update(confirmations).where(confirmations.c.id == confirmation_id).values(values))

    def stands_for(self, channel: str, thread: str, silence_id: int) -> None:
        """A message's silence came to be later than the message was dealt with."""
        here = (requests.c.channel == channel, requests.c.ts == thread)
        row = self._connection.execute(select(requests.c.silences).where(*here).with_for_update()).first()
        if row is not None and silence_id not in row.silences:
            made = [*row.silences, silence_id]
            self._connection.execute(update(requests).where(*here).values(silences=made))


class Asked(Acting):
    """One message, locked. `heard` are the versions dealt with, `silences` what it stands for."""

    def __init__(self, connection: Connection, row: RowMapping) -> None:
        super().__init__(connection)
        self._seq: int = row["seq"]
        self.heard: tuple[str, ...] = tuple(row["heard"])
        self.done: tuple[str, ...] = tuple(row["done"])
        self.silences: tuple[int, ...] = tuple(row["silences"])
        self.withdrawn: bool = row["withdrawn"]

    def keep(self, version: str, silences: Sequence[int], done: Sequence[str], *, withdrawn: bool = False) -> None:
        """This version is dealt with, and this is what the message stands for now."""
        values = {
            "heard": [*self.heard, version],
            "done": [*done],
            "silences": [*silences],
            "withdrawn": withdrawn,
        }
        self._connection.execute(update(requests).where(requests.c.seq == self._seq).values(values))


class Requests:
    """Everything asked for. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def asked(self, channel: str, ts: str, now: datetime) -> Iterator[Asked]:
        """A message (or a command, by its name), in a transaction of its own."""
        with writing(self._engine) as connection:
            fresh: Json = {"channel": channel, "ts": ts, "at": now, "heard": [], "done": [], "silences": []}
            once = inserter(connection.dialect.name)(requests).on_conflict_do_nothing(
                index_elements=[requests.c.channel, requests.c.ts]
            )
            connection.execute(once, {**fresh, "withdrawn": False})
            here = (requests.c.channel == channel, requests.c.ts == ts)
            row = connection.execute(select(requests).where(*here).with_for_update()).mappings().one()
            yield Asked(connection, row)

    @contextmanager
    def acting(self) -> Iterator[Acting]:
        """Something that nobody will ask again."""
        with writing(self._engine) as connection:
            yield Acting(connection)

    @contextmanager
    def confirming(self, confirmation_id: int) -> Iterator[tuple[Acting, Confirmation | None]]:
        """What waits, or waited, under that id, locked, in a transaction of its own."""
        with writing(self._engine) as connection:
            query = select(confirmations).where(confirmations.c.id == confirmation_id).with_for_update()
            row = connection.execute(query).mappings().first()
            yield Acting(connection), None if row is None else _confirmation(row)

    def known(self, channel: str, ts: str) -> bool:
        """Whether that message asked for something before."""
        here = (requests.c.channel == channel, requests.c.ts == ts)
        with reading(self._engine) as connection:
            return connection.execute(select(requests.c.seq).where(*here)).first() is not None

    def under(self, channel: str, ts: str) -> Under | None:
        """What the thread of that message is of; None for a thread of people's own."""
        with reading(self._engine) as connection:
            told = select(threads.c.incident_id).where(threads.c.ts == ts, threads.c.channel == channel)
            incident_id = connection.execute(told).scalar()
            ours = select(posts.c.key).where(_COMMANDED, posts.c.ts == ts, posts.c.channel == channel)
            key = connection.execute(ours).scalar()
            name = ts if key is None else key.removeprefix(COMMANDED)
            here = (requests.c.channel == channel, requests.c.ts == name)
            made = connection.execute(select(requests.c.silences).where(*here)).scalar()
        if incident_id is None and made is None:
            return None
        return Under(incident_id, tuple(made or ()))

    def open_threads(self, channel: str, now: datetime) -> list[str]:
        """The threads there of silences that are not over, the newest first: people answer in them."""
        with reading(self._engine) as connection:
            homes = [place_of(connection, silence.origin) for silence in silences.current(connection, now)]
        return sorted({home.ts for home in homes if home and home.ts and home.channel == channel}, reverse=True)

    def lapsed(self, now: datetime, limit: int = 100) -> list[int]:
        """The ids of what nobody confirmed in time."""
        due = (confirmations.c.state == "waiting", confirmations.c.lapses_at <= now)
        with reading(self._engine) as connection:
            return list(connection.execute(select(confirmations.c.id).where(*due).limit(limit)).scalars())


def place_of(connection: Connection, origin: str) -> Place | None:
    """The thread that a silence was asked for in, by its origin (`slack:C1:171…`); None where that was not in Slack."""
    how, _, where = origin.partition(":")
    channel, _, thread = where.partition(":")
    return _place(connection, channel, thread) if how == "slack" and channel else None


def is_request(connection: Connection, place: Place) -> bool:
    """Whether the first message there asked for something itself: an alert, or what FANNEL said, did not."""
    here = (requests.c.channel == place.channel, requests.c.ts == place.ts)
    return connection.execute(select(requests.c.seq).where(*here)).first() is not None


def _place(connection: Connection, channel: str, thread: str) -> Place:
    if _TS.fullmatch(thread):
        return Place(channel, thread)
    told = posts.c.key == f"{COMMANDED}{thread}"
    found: Any = connection.execute(select(posts.c.channel, posts.c.ts).where(told)).first()
    return Place(channel, None) if found is None else Place(found.channel, found.ts)


def _confirmation(row: RowMapping) -> Confirmation:
    return Confirmation(
        id=row["id"],
        channel=row["channel"],
        thread=row["thread"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        lapses_at=row["lapses_at"],
        wanted=row["wanted"],
        state=row["state"],
        decided_by=row["decided_by"],
        silence_id=row["silence_id"],
    )
