"""What stands between the record and the rules: coalescing, a limit for each source, and a queue of few places.

    offer ─▶ Coalescer ─▶ SourceLimits ─▶ the queue: urgent │ state │ routine ─▶ take

All events are on record already; here it is decided what goes to the rules, and when. A state may be overtaken by a
newer state of its fingerprint, and is otherwise never lost: what cannot be bounded otherwise is refused
(RulesBehind), so that it waits on disk. Pure; `now` is an aware wall clock and may jump.

At any time: offered = passed + coalesced + held + suppressed (`Tally.adds_up`).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fannel.intake.backlog import Backlog
from fannel.intake.coalesce import Coalescer, rank_of
from fannel.intake.elapsed import Elapsed
from fannel.intake.passing import Passing, Rank
from fannel.intake.source_limit import SourceLimit, SourceLimits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from fannel.event import Event


class RulesBehind(Exception):  # noqa: N818  (a state of the rules, not a mistake of the caller)
    """The queue holds nothing but states and is full. Nothing was changed: `take()`, then offer the event again."""


@dataclass(frozen=True, slots=True)
class StormPolicy:
    """Bounds, in seconds and events. `window_s` 0 turns coalescing off, `source_limit` None the limits."""

    window_s: float = 10.0
    most_windows: int = 20_000
    source_limit: SourceLimit | None = field(default_factory=SourceLimit)
    most_queued: int = 10_000

    def __post_init__(self) -> None:
        if self.window_s < 0 or min(self.most_windows, self.most_queued) < 1:
            raise ValueError("window_s must not be negative, and every bound at least 1")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of every occurrence offered (an event that says `repeats: 3` is three).

    `passed` were told as events, `coalesced` by the `repeats` of one that passed, `held` wait. `suppressed` were
    only recorded: "superseded" by a newer state before the rules could see them, or routine in a "source_storm" or
    while the rules were behind ("rules_behind").
    """

    offered: int
    passed: int
    coalesced: int
    held: int
    suppressed: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """The promise: nothing disappears without a name."""
        return self.offered == self.passed + self.coalesced + self.held + sum(self.suppressed.values())


class Storm:
    """The road from the record to the rules. Not thread-safe: `offer()` and `take()` from one thread or event loop."""

    def __init__(self, policy: StormPolicy) -> None:
        self._policy = policy
        self._elapsed = Elapsed()
        self._suppressed: Counter[str] = Counter()
        self._coalescer = Coalescer(policy.window_s, policy.most_windows) if policy.window_s else None
        self._limits = SourceLimits(policy.source_limit, self._suppressed) if policy.source_limit else None
        self._queue = Backlog()
        self._offered = self._passed = self._coalesced = 0

    @property
    def has_room(self) -> bool:
        """Whether `offer()` accepts another event."""
        return self._queue.events < self._policy.most_queued or self._queue.can_shrink

    @property
    def storming(self) -> int:
        """How many sources are beyond their limit now."""
        return self._limits.storming if self._limits else 0

    def offer(self, event: Event, now: datetime) -> None:
        """Take an event that is on record. What of it passes, `take()` gives.

        Raises:
            RulesBehind: there is no room; nothing was changed.
        """
        if not self._make_room():
            raise RulesBehind(f"{self._queue.events} states wait for the rules")
        at = self._elapsed.at(now)
        self._offered += event.repeats
        if self._coalescer is None:
            self._limit(Passing(event, rank_of(event)), at)
            return
        for passing in self._coalescer.offer(event, at):
            self._limit(passing, at)

    def take(self, most: int, now: datetime) -> list[Event]:
        """Up to `most` events for the rules, the urgent first; each fingerprint's in the order they were offered."""
        at = self._elapsed.at(now)
        if self._coalescer is not None:
            for passing in self._coalescer.due(at, self._policy.most_queued - self._queue.events):
                self._limit(passing, at)
        if self._limits is not None:
            for passing in self._limits.due(at, self._policy.most_queued - self._queue.events):
                self._put(passing)
        taken = self._queue.take(most)
        self._passed += len(taken)
        self._coalesced += sum(one.repeats - 1 for one in taken)
        return [one.told() for one in taken]

    def due_in_s(self, now: datetime) -> float | None:
        """Seconds until `take()` has something to give or to do; None while nothing waits for its time."""
        if self._queue.events:
            return 0.0
        next_at = min(
            (stage.next_at() for stage in (self._coalescer, self._limits) if stage is not None), default=math.inf
        )
        return None if math.isinf(next_at) else max(0.0, next_at - self._elapsed.at(now))

    def notices(self, now: datetime) -> list[Event]:
        """Events that say a source's storm began or ended, once each. Record them, then `offer()` them."""
        return [notice.event(now) for notice in self._limits.notices()] if self._limits else []

    def holding(self) -> Iterator[str]:
        """The ids of all events that wait here: what took others in stands for them."""
        return (passing.event.id for stage in self._stages() for passing in stage)

    def tally(self) -> Tally:
        """The sums, from counters kept along the way."""
        return self._tally(sum(stage.waiting for stage in self._stages()))

    def audit(self) -> Tally:
        """The same sums with what is held counted anew, one by one: slow, for tests and for doubt."""
        return self._tally(sum(stage.recount() for stage in self._stages()))

    def _tally(self, held: int) -> Tally:
        return Tally(self._offered, self._passed, self._coalesced, held, dict(self._suppressed))

    def _stages(self) -> list[Coalescer | SourceLimits | Backlog]:
        return [stage for stage in (self._coalescer, self._limits, self._queue) if stage is not None]

    def _limit(self, passing: Passing, at: float) -> None:
        if self._limits is None:
            self._put(passing)
            return
        for one in self._limits.offer(passing, at):
            self._put(one)

    def _put(self, passing: Passing) -> None:
        """Queue it. In a full queue a fingerprint keeps its last state only, and what is routine is left out."""
        if self._queue.events < self._policy.most_queued:
            self._queue.add(passing)
        elif self._queue.holds(passing):
            self._suppressed["superseded"] += self._queue.fold(passing)
        elif passing.rank is Rank.ROUTINE:
            self._suppressed["rules_behind"] += passing.repeats
        else:
            # Beyond the bound by one if there is no room: offer() accepts no event that would make it many.
            self._make_room()
            self._queue.add(passing)

    def _make_room(self) -> bool:
        """Whether there is room for one more event, after leaving out or folding what costs no state."""
        queue = self._queue
        while queue.events >= self._policy.most_queued and queue.can_shrink:
            if left_out := queue.leave_out():
                self._suppressed["rules_behind"] += left_out
            else:
                self._suppressed["superseded"] += queue.compact()
        return queue.events < self._policy.most_queued
