"""What was said while nobody listened: each channel's history since the last look, and the threads that are open.

Everything goes into the inbox, which knows what was heard before. How far a channel was read is on record, and moves on
only when all up to there is in the inbox. A look after a gap (a new connection, a start) goes a day back, because
messages that were edited or deleted meanwhile stand where they were.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fannel import logs
from fannel.slack.errors import MessageNotFound
from fannel.slack.inbound.entries import entry_of
from fannel.slack.inbound.heard import Message, from_json
from fannel.slack.inbound.reading import is_ts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fannel.incidents.store.inbox import Inbox
    from fannel.slack.blocks import Json
    from fannel.slack.client import SlackClient
    from fannel.slack.inbound.keeping import Keeper
    from fannel.slack.inbound.reading import Ears

log = logs.Logger("fannel.slack")

PAGE = "200"
GAP_S = 86_400.0
# What was edited a moment after it was read, and what Slack showed late.
OVERLAP_S = 600.0
# All open threads are looked at this often, a few in each round (conversations.replies is tier 3).
SWEEP_EVERY_S = 600.0
THREADS_A_ROUND = 20
# Not to be found so soon after it was heard is no sign that somebody deleted it.
SETTLED_S = 30.0
_MOST_SEEN = 5000


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a channel was read: nothing before `began` is ever heard; all up to `read`; threads up to `threads`."""

    began: str
    read: str
    threads: str

    def to_text(self) -> str:
        """For the database."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, kept: str | None) -> Mark | None:
        """What `to_text` gave; None for nothing, and for what is no mark."""
        try:
            found = json.loads(kept or "")
            return cls(str(found["began"]), str(found["read"]), str(found["threads"]))
        except (ValueError, KeyError, TypeError):
            return None


class ChannelHistory:
    """One channel's. Every method raises SlackError and StoreError: what was not done is done at the next look."""

    def __init__(
        self,
        channel: str,
        client: SlackClient,
        inbox: Inbox,
        keeper: Keeper,
        open_threads: Callable[[str], Iterable[str]],
        now: Callable[[], datetime],
    ) -> None:
        self.channel = channel
        self._client = client
        self._inbox = inbox
        self._keeper = keeper
        self._open_threads = open_threads
        self._now = now
        # Threads still to be looked at, each with the window that is to be compared with what was heard of it, or
        # None where only what is new matters; and the mark that holds once they are.
        self._due: dict[str, str | None] = {}
        # The newest reply of each thread when that was planned last.
        self._seen: dict[str, str] = {}
        self._sweep_to: str | None = None
        self._swept_at: datetime | None = None

    def look(self, ears: Ears, *, gap: bool) -> int:
        """Look once; how many messages were news."""
        now = self._now()
        mark = Mark.from_text(self._inbox.mark(self.channel))
        if mark is None:
            mark = self._first(now)
            self._keep(mark)
        sweep = gap or self._swept_at is None or (now - self._swept_at).total_seconds() >= SWEEP_EVERY_S
        oldest = max(mark.began, min(mark.read, _back(now, GAP_S)) if gap else _earlier(mark.read, OVERLAP_S))
        said = list(self._pages("conversations.history", oldest=oldest, inclusive=True))
        news = self._take(ears, said, now, deleted_since=oldest if gap else None)
        newest = max((mark.read, *(one["ts"] for one in said)))
        if newest > mark.read:
            mark = replace(mark, read=newest)
            self._keep(mark)
        if gap:
            # Edits and deletions of replies show nowhere else.
            self._due |= {heard.thread_ts: oldest for heard in self._heard(oldest) if heard.thread_ts is not None}
        self._plan(mark, said, sweep=sweep, now=now)
        return news + self._look_at_threads(ears, mark, now)

    def _first(self, now: datetime) -> Mark:
        """Nobody ever read here: what is there is old, by Slack's own clock."""
        newest = self._client.call("conversations.history", channel=self.channel, limit="1").get("messages") or []
        ts = next((str(one["ts"]) for one in newest if isinstance(one, dict) and is_ts(one.get("ts"))), None)
        ts = ts or _back(now, 0)
        log.info("listening to a channel from now on", channel=self.channel, since=ts)
        return Mark(began=_just_after(ts), read=ts, threads=ts)

    def _plan(self, mark: Mark, said: list[Json], *, sweep: bool, now: datetime) -> None:
        """Which threads are to be looked at: those with a newer reply than was read; in a sweep, all that are open."""
        heads = {one["ts"]: str(one.get("latest_reply") or "") for one in said}
        if len(self._seen) > _MOST_SEEN:
            self._seen.clear()
        for ts, latest in heads.items():
            if latest > self._seen.get(ts, mark.threads):
                self._due.setdefault(ts)
                self._seen[ts] = latest
        if sweep:
            self._swept_at = now
            for ts in self._open_threads(self.channel):
                if ts not in heads:
                    self._due.setdefault(ts)
            self._sweep_to = max((mark.read, *heads.values()))

    def _look_at_threads(self, ears: Ears, mark: Mark, now: datetime) -> int:
        news = 0
        for ts, window in list(self._due.items())[:THREADS_A_ROUND]:
            since = max(mark.began, min(mark.threads, window or mark.threads))
            # Without its head there is no thread to read any more.
            with contextlib.suppress(MessageNotFound):
                replies = list(self._pages("conversations.replies", ts=ts, oldest=since, inclusive=True))
                replies = [one for one in replies if one["ts"] != ts]
                news += self._take(ears, replies, now, deleted_since=window, thread_ts=ts)
            del self._due[ts]
        if not self._due and self._sweep_to is not None:
            if self._sweep_to > mark.threads:
                self._keep(replace(mark, threads=self._sweep_to))
            self._sweep_to = None
        return news

    def _take(
        self, ears: Ears, said: list[Json], now: datetime, *, deleted_since: str | None, thread_ts: str | None = None
    ) -> int:
        """Put what people wrote into the inbox, the oldest first; with `deleted_since`, also what is not there now."""
        messages = [found for one in said if (found := ears.message(self.channel, one)) is not None]
        if deleted_since is not None:
            messages += self._deleted(deleted_since, {one["ts"] for one in said}, now, thread_ts)
        messages.sort(key=lambda message: message.ts)
        return self._keeper.put([entry_of(message, now) for message in messages])

    def _deleted(self, since: str, there: set[str], now: datetime, thread_ts: str | None) -> Iterator[Message]:
        """What was heard of this channel (or thread) before the look began, and is not there any more."""
        for heard in self._heard(since, until=now - timedelta(seconds=SETTLED_S)):
            if heard.thread_ts == thread_ts and heard.ts not in there:
                yield replace(heard, deleted=True)

    def _heard(self, since: str, *, until: datetime | None = None) -> Iterator[Message]:
        """Messages of this channel that were written since then, and heard until then, as they were heard last."""
        heard_since = datetime.fromtimestamp(float(since), UTC) - timedelta(seconds=OVERLAP_S)
        for entry in self._inbox.latest(f"{self.channel}:", heard_since):
            heard = from_json(entry.kind, entry.facts)
            if not isinstance(heard, Message) or heard.deleted or heard.ts < since:
                continue
            if until is None or entry.heard_at <= until:
                yield heard

    def _pages(self, method: str, **arguments: str | bool) -> Iterator[Json]:
        while True:
            said = self._client.call(method, channel=self.channel, limit=PAGE, **arguments)
            messages = said.get("messages")
            for message in messages if isinstance(messages, list) else ():
                if isinstance(message, dict) and is_ts(message.get("ts")):
                    yield message
            arguments["cursor"] = _cursor(said)
            if not arguments["cursor"]:
                return

    def _keep(self, mark: Mark) -> None:
        self._inbox.keep_mark(self.channel, mark.to_text(), self._now())


def _cursor(said: Mapping[str, object]) -> str:
    metadata = said.get("response_metadata")
    return str(metadata.get("next_cursor") or "") if isinstance(metadata, dict) else ""


def _back(now: datetime, seconds: float) -> str:
    return f"{now.timestamp() - seconds:.6f}"


def _earlier(ts: str, seconds: float) -> str:
    """As text it sorts like any ts of this century."""
    return f"{max(0.0, float(ts) - seconds):.6f}"


def _just_after(ts: str) -> str:
    seconds, _, micros = ts.partition(".")
    whole = int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6]) + 1
    return f"{whole // 1_000_000}.{whole % 1_000_000:06d}"
