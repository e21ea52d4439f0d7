"""From the observer's pipe to the rule engine's queue: each event is put, then confirmed.

Putting waits for the rule engine; the observer sends no more than a window of unconfirmed events. With a feedback
queue (`feedback: true` and --persistence-id) an event is confirmed only when the engine has it inside, and on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from fannel import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.event import Json

log = logs.Logger("fannel.source")

# After an observer died its successor sends again what was not confirmed: the rules must not see it twice.
REMEMBERED = 10_000
# The engine hands back every event it took, in order, but none that it failed on. When nothing has come back for so
# long after the last event was put, what is outstanding is taken for failed.
FEEDBACK_TIMEOUT_S = 120.0
# Confirmed together while more waits to be put: each line wakes the observer to send one more event, which wakes us.
TOGETHER = 16
# An event is some kilobytes; a line that is longer than this is none of ours.
LONGEST_LINE = 4 * 2**20
_BLOCK = 2**16


class EventQueue(Protocol):
    """What ansible-rulebook hands a source: a queue of one place, so putting waits for the rule engine."""

    async def put(self, item: Json) -> None:
        """Hand one event over."""


# An event, and what the rules must see it once more for: nobody answered when they were asked, or it was held for its
# cause when they saw it first, and now stands on its own.
_Question = tuple[str, str | None]


async def serve(said: asyncio.StreamReader, answers: asyncio.StreamWriter, feed_of: Callable[[Json], Feed]) -> None:
    """Take what an observer says, to its end: each event to the feed it is for."""
    rest = b""
    # A block, not a line at a time: with every turn of the loop the rule engine waits for its next event.
    while block := await said.read(_BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > LONGEST_LINE:
            msg = f"a line of more than {LONGEST_LINE} octets"
            raise ValueError(msg)
        for line in lines:
            event = orjson.loads(line)
            feed_of(event).take(event, answers)


class Feed:
    """What one source is fed, by one observer after the other. `run()` puts, `take_feedback()` listens, for ever."""

    def __init__(self, queue: EventQueue, feedback: asyncio.Queue[Any] | None = None) -> None:
        self._queue = queue
        self._feedback = feedback
        # Bounded by the window of the observer: it does not send again what waits here already.
        self._said: asyncio.Queue[Json] = asyncio.Queue()
        self._waiting: set[str] = set()
        self._known: OrderedDict[_Question, None] = OrderedDict()
        # Events put and not handed back yet, in order; and when that changed last.
        self._outstanding: OrderedDict[str, None] = OrderedDict()
        self._moved_at = 0.0
        self._answers: asyncio.StreamWriter | None = None
        self._confirmed: list[str] = []

    def take(self, event: Json, answers: asyncio.StreamWriter) -> None:
        """Take one event of an observer in, however busy the rule engine is; `answers` is where it is confirmed."""
        self._answers = answers
        event_id, question = event["id"], _question(event)
        if question not in self._known:
            self._remember(event_id, question)
            self._said.put_nowait(event)
        elif event_id not in self._waiting:
            self._confirm(event_id)

    async def run(self) -> None:
        """Put what was said to the rules, one after the other."""
        while True:
            event = await self._said.get()
            event_id = event["id"]
            if self._feedback is not None:
                self._outstanding[event_id] = None
            try:
                await self._queue.put(event)
            except Exception:
                # A filter of the rulebook runs in here. One that fails must cost its event, not all sources.
                log.exception("an event could not be put to the rules", event_id=event_id)
                self._outstanding.pop(event_id, None)
                self._confirm(event_id)
                continue
            self._moved_at = time.monotonic()
            if self._feedback is None:
                self._confirm(event_id)

    async def take_feedback(self) -> None:
        """Confirm what the rule engine hands back."""
        if self._feedback is None:
            return
        while True:
            try:
                event = await asyncio.wait_for(self._feedback.get(), FEEDBACK_TIMEOUT_S / 4)
            except TimeoutError:
                if self._outstanding and time.monotonic() - self._moved_at > FEEDBACK_TIMEOUT_S:
                    self._fail(len(self._outstanding))
                continue
            self._moved_at = time.monotonic()
            event_id = event.get("id") if isinstance(event, dict) else None
            if not isinstance(event_id, str) or event_id not in self._outstanding:
                continue
            # It takes events in the order they were put: those before this one it failed on.
            self._fail(list(self._outstanding).index(event_id))
            del self._outstanding[event_id]
            self._confirm(event_id)

    def _fail(self, count: int) -> None:
        for _ in range(count):
            event_id, _ = self._outstanding.popitem(last=False)
            log.error("the rule engine did not hand an event back, it may have failed on it", event_id=event_id)
            self._confirm(event_id)

    def _remember(self, event_id: str, question: _Question) -> None:
        self._waiting.add(event_id)
        self._known[question] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _confirm(self, event_id: str) -> None:
        self._waiting.discard(event_id)
        self._confirmed.append(event_id)
        if len(self._confirmed) < TOGETHER and self._waiting:
            return
        lines = "".join(f"{confirmed}\n" for confirmed in self._confirmed)
        self._confirmed.clear()
        # Without waiting: the observer reads these in a thread that does nothing else, and a window is little.
        if self._answers is not None and not self._answers.is_closing():
            self._answers.write(lines.encode())


def _question(event: Json) -> _Question:
    incident = event.get("incident") or {}
    return event["id"], incident.get("asked_again_at") or ("held" if incident.get("state") == "held" else None)
