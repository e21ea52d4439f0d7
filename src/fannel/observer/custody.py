"""What is between the spool and the rules, under one lock: who has which datagram, and counts that add up.

Everything that was read is in custody until it may be acknowledged: while it is worked on, while the storm holds its
event, and until the rule engine confirmed it. At any time, in datagrams:

    read + said = handled + coalesced + rejected + lost + held + notices + canaries

`said` are events of FANNEL's own: what it says of refusals, storms, quiet devices and losses. Bounded: by the storm,
by the window of events that are sent and not confirmed, and by `MOST_PENDING`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fannel.event import Event, Json
    from fannel.intake.spool import SpoolId
    from fannel.intake.storm import Storm

# Few, so that what is urgent overtakes here and does not wait behind what was sent before it was known.
WINDOW = 64
# Datagrams that are read and not acknowledged; beyond it no more are read.
MOST_PENDING = 100_000


class Custody:
    """Shared by the thread that records and the one that feeds the rules."""

    def __init__(self, storm: Storm, *, window: int = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._storm = storm
        self._window = window
        self._clock = clock
        self._changed = threading.Condition()
        self._news = False
        self._closed = False
        # What goes to the rules before and beside the storm: the last canary, and what is asked again after a restart.
        self._canary: Event | None = None
        self._again: deque[Json] = deque()
        self._pending: dict[str, SpoolId] = {}
        self._settled: list[SpoolId] = []
        self._sent: dict[str, float] = {}
        # When the rule engine last took anything, by `clock`; when a canary came, and when the rule engine took one.
        self.confirmed_at: float | None = None
        self.canary_came_at: float | None = None
        self.canary_confirmed_at: float | None = None
        self._canary_sent = ""
        self._counts: Counter[tuple[str, str]] = Counter()
        self._in_work = 0

    # --- the side that records -----------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the rule engine's process is gone, or we are to end."""
        return self._closed

    def close(self) -> None:
        """Wake everybody up to end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait for the end, so long at most; whether it is there."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, timeout_s)
            return self._closed

    @property
    def has_room(self) -> bool:
        """Whether more may be read."""
        with self._changed:
            return self._storm.has_room and len(self._pending) + len(self._settled) < MOST_PENDING

    def wait_room(self, timeout_s: float) -> bool:
        """Wait until more may be read, so long at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self.has_room, timeout_s)
            return self.has_room

    def read(self, datagrams: int) -> None:
        """So many were taken from the spool and are worked on."""
        with self._changed:
            self._counts["read", ""] += datagrams
            self._in_work += datagrams

    def offer(self, event: Event, found: SpoolId, now: datetime) -> None:
        """Take the event of a datagram that is on record.

        Raises:
            RulesBehind: there is no room; nothing was changed.
        """
        with self._changed:
            self._storm.offer(event, now)
            self._in_work -= 1
            self._pending[event.id] = found
            self._wake()

    def say(self, event: Event, now: datetime, of: SpoolId | None = None, name: str = "", reason: str = "") -> None:
        """Take an event of FANNEL's own that is on record; `of` is the datagram it is about, counted as `name`.

        Raises:
            RulesBehind: there is no room; nothing was changed.
        """
        with self._changed:
            self._storm.offer(event, now)
            self._counts["said", ""] += 1
            if of is not None:
                self._count(name, reason)
                self._pending[event.id] = of
            self._wake()

    def settle(self, found: SpoolId, name: str, reason: str = "") -> None:
        """Count a datagram that has nothing for the rules; it may be acknowledged."""
        with self._changed:
            self._count(name, reason)
            self._settled.append(found)

    def refer(self, found: SpoolId, event_id: str, name: str, reason: str = "") -> None:
        """Count a datagram that is told by an event already with the rules or on its way; it goes with that one."""
        with self._changed:
            self._count(name, reason)
            self._pending[event_id] = found

    def ask_again(self, events: Sequence[Json]) -> None:
        """Put these to the rules before anything else."""
        with self._changed:
            self._again += events
            self._wake()

    def canary(self, event: Event, found: SpoolId) -> None:
        """Put this to the rules ahead of all; one that still waits gives way to it."""
        with self._changed:
            self._count("canaries")
            self._pending[event.id] = found
            self._canary = event
            self.canary_came_at = self._clock()
            self._wake()

    def notices(self, now: datetime) -> list[Event]:
        """What is to be said of storms: to be recorded, then given to `say()`."""
        with self._changed:
            return self._storm.notices(now)

    # --- the side that feeds the rules ---------------------------------------------------------------------------

    def take(self, now: datetime) -> Sequence[Event | Json]:
        """What goes to the rules now: as much as the window has room for. It is sent as of now."""
        with self._changed:
            self._news = False
            room = self._window - len(self._sent)
            taken: list[Event | Json] = []
            if room > 0 and self._canary is not None:
                taken.append(self._canary)
                self._canary_sent = self._canary.id
                self._canary = None
            taken += [self._again.popleft() for _ in range(min(room - len(taken), len(self._again)))]
            if room > len(taken):
                taken += self._storm.take(room - len(taken), now)
            at = self._clock()
            for event in taken:
                self._sent[_id(event)] = at
            if taken:
                self._changed.notify_all()
            return taken

    def confirm(self, *event_ids: str) -> None:
        """The rule engine has them."""
        with self._changed:
            for event_id in event_ids:
                if self._sent.pop(event_id, None) is None:
                    continue
                self.confirmed_at = self._clock()
                if event_id == self._canary_sent:
                    self.canary_confirmed_at = self.confirmed_at
                self._news = True
            if self._news:
                self._changed.notify_all()

    def wait_news(self, now: datetime, timeout_s: float) -> None:
        """Wait until there may be something to take, so long at most."""
        with self._changed:
            if len(self._sent) < self._window and (due_s := self._storm.due_in_s(now)) is not None:
                timeout_s = min(timeout_s, due_s)
            self._changed.wait_for(lambda: self._news or self._closed, timeout_s)

    def to_acknowledge(self) -> list[SpoolId]:
        """Every datagram that neither waits in the storm nor is on its way to the rules. Say `acknowledged()` after."""
        with self._changed:
            if self._pending:
                here = {*self._storm.holding(), *self._sent, *(event["id"] for event in self._again)}
                if self._canary is not None:
                    here.add(self._canary.id)
                done = [event_id for event_id in self._pending if event_id not in here]
                self._settled += [self._pending.pop(event_id) for event_id in done]
            return list(self._settled)

    def acknowledged(self, count: int) -> None:
        """The first so many of `to_acknowledge()` are acknowledged."""
        with self._changed:
            del self._settled[:count]
            self._changed.notify_all()

    # --- anybody -------------------------------------------------------------------------------------------------

    def counts(self) -> Mapping[tuple[str, str], int]:
        """The counts by name and reason at one moment; `held` among them, though it may fall."""
        with self._changed:
            counts = dict(self._counts)
            tally = self._storm.tally()
            held = tally.held + self._in_work
        counts["handled", ""] = tally.passed
        counts["coalesced", "repeats"] = tally.coalesced
        for reason, n in tally.suppressed.items():
            counts["coalesced", reason] = counts.get(("coalesced", reason), 0) + n
        counts["held", ""] = held
        return counts

    def waits_s(self) -> float:
        """How long the oldest of what was sent has waited for its confirmation."""
        with self._changed:
            return self._clock() - min(self._sent.values()) if self._sent else 0.0

    def _count(self, name: str, reason: str = "") -> None:
        self._in_work -= 1
        self._counts[name, reason] += 1

    def _wake(self) -> None:
        self._news = True
        self._changed.notify_all()


def _id(event: Event | Json) -> Any:  # noqa: ANN401  (a string, in either form)
    return event["id"] if isinstance(event, dict) else event.id
