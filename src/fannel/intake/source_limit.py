"""How much one source may put to the rules: a token bucket, and a second one for what must overtake. Pure, bounded.

A source that sends more is in a *storm*: the last state of each of its fingerprints waits until the bucket has
refilled, urgent ones first. Storms and their end are said once each (`notices()`), the rest is only counted.
A source is the host its events speak of, not the packet's address: behind a relay nobody pays for a neighbour.
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.intake.backlog import Backlog
from fannel.intake.passing import Rank
from fannel.intake.source_notice import MOST_RAISES, SOURCE_QUIET, SOURCE_STORM, Allowance, Notice, Sender

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from fannel.event import Event
    from fannel.intake.passing import Passing

# Waking more often than this to release one event more helps nobody.
SHORTEST_WAIT_S = 0.05


@dataclass(frozen=True, slots=True)
class SourceLimit:
    """Events a second and at once of one source; `overtaking_*` is on top, for urgent events alone.

    A storm is over when nothing waits and nothing exceeded the limit for `calm_s`. At most `most_sources` are
    known, `most_held` events wait, `most_said` storms are said in ten minutes.
    """

    rate: float = 20.0
    burst: int = 100
    overtaking_rate: float = 50.0
    overtaking_burst: int = 500
    calm_s: float = 60.0
    most_sources: int = 10_000
    most_held: int = 10_000
    most_said: int = MOST_RAISES

    def __post_init__(self) -> None:
        if min(self.rate, self.overtaking_rate, self.calm_s) <= 0 or min(self.burst, self.overtaking_burst) < 1:
            raise ValueError("rates and calm_s must be above 0, bursts at least 1: what is held must get out again")


class _Source:
    """The two buckets of one source, and its storm if there is one."""

    __slots__ = ("overtaking", "refilled_at", "storm", "tokens")

    def __init__(self, limit: SourceLimit, at: float) -> None:
        self.tokens = float(limit.burst)
        self.overtaking = float(limit.overtaking_burst)
        self.refilled_at = at
        self.storm: _Storm | None = None

    def refill(self, limit: SourceLimit, at: float) -> None:
        passed_s = at - self.refilled_at
        if passed_s > 0:
            self.tokens = min(self.tokens + passed_s * limit.rate, limit.burst)
            self.overtaking = min(self.overtaking + passed_s * limit.overtaking_rate, limit.overtaking_burst)
            self.refilled_at = at

    def spend(self, rank: Rank) -> bool:
        if self.tokens >= 1:
            self.tokens -= 1
        elif rank is Rank.URGENT and self.overtaking >= 1:
            self.overtaking -= 1
        else:
            return False
        return True

    def wait_s(self, limit: SourceLimit, *, urgent: bool) -> float:
        """Until something that waits may pass."""
        wait_s = (1 - self.tokens) / limit.rate
        if urgent:
            wait_s = min(wait_s, (1 - self.overtaking) / limit.overtaking_rate)
        return max(wait_s, SHORTEST_WAIT_S)


class _Storm:
    """A source beyond its limit: what waits, since when, and how many occurrences had to."""

    __slots__ = ("backlog", "exceeded_at", "held_back", "said", "sender")

    def __init__(self, sender: Sender, at: float) -> None:
        self.sender = sender
        self.exceeded_at = at
        self.backlog = Backlog()
        self.held_back = 0
        self.said = False


class SourceLimits:
    """The limits of all sources. Times are seconds that never run backwards; not thread-safe.

    `suppressed` counts what will not be told: "superseded" (a newer state took its place) and "source_storm"
    (routine, and no room to wait). A state for which there is no room passes, behind those that are within limits.
    """

    def __init__(self, limit: SourceLimit, suppressed: Counter[str]) -> None:
        self._limit = limit
        self._suppressed = suppressed
        self._calm: OrderedDict[str, _Source] = OrderedDict()  # the one heard longest ago first
        self._storming: dict[str, _Source] = {}
        self._wake: list[tuple[float, str]] = []  # a heap; every storming source once
        self._held = 0
        self._allowance = Allowance(limit.most_said)
        self._notices: dict[str, Notice] = {}
        self.waiting = 0

    def __len__(self) -> int:
        return len(self._calm) + len(self._storming)

    def __iter__(self) -> Iterator[Passing]:
        return (one for source in self._storming.values() if source.storm is not None for one in source.storm.backlog)

    @property
    def held(self) -> int:
        """How many events wait."""
        return self._held

    @property
    def storming(self) -> int:
        """How many sources are in a storm."""
        return len(self._storming)

    def offer(self, passing: Passing, at: float) -> Sequence[Passing]:
        """What passes because of this one: it, with what waits of its fingerprint before it, or nothing."""
        event = passing.event
        if event.problem in (SOURCE_STORM, SOURCE_QUIET):
            return (passing,)  # FANNEL's own words about a source are not the source's
        name = event.host.name
        source = self._calm.get(name)
        if source is not None:
            self._calm.move_to_end(name)
        else:
            source = self._storming.get(name) or self._meet(name, at)
        if source is None:
            return (passing,)
        source.refill(self._limit, at)
        if source.storm is None:
            if source.spend(Rank.ROUTINE):
                return (passing,)
            source.storm = self._begin(name, source, event, at)
        return self._during(source, source.storm, passing, at)

    def due(self, at: float, most: int) -> list[Passing]:
        """What waited and may pass now, about `most` at a time; storms that are over end."""
        passing: list[Passing] = []
        while self._wake and self._wake[0][0] <= at and len(passing) < most:
            name = heapq.heappop(self._wake)[1]
            source = self._storming[name]
            storm = source.storm
            assert storm is not None  # noqa: S101  (that is what storming means)
            source.refill(self._limit, at)
            passing += self._release(source, storm, most - len(passing))
            if not storm.said:
                self._say(name, storm, at)
            if storm.backlog.events == 0 and at >= storm.exceeded_at + self._limit.calm_s:
                self._end(name, source, storm)
            else:
                heapq.heappush(self._wake, (self._wake_at(source, storm, at), name))
        return passing

    def next_at(self) -> float:
        """When `due()` next has something to do; infinity while all is calm."""
        return self._wake[0][0] if self._wake else math.inf

    def notices(self) -> list[Notice]:
        """What is to be said of storms since the last call. A storm that came and went unsaid meanwhile is not."""
        said, self._notices = list(self._notices.values()), {}
        return said

    def recount(self) -> int:
        """`waiting`, counted anew."""
        return sum(passing.repeats for passing in self)

    def _meet(self, name: str, at: float) -> _Source | None:
        """A source not known yet, with full buckets; None when all that are known are in a storm."""
        if len(self) >= self._limit.most_sources:
            if not self._calm:
                return None
            self._calm.popitem(last=False)
        source = self._calm[name] = _Source(self._limit, at)
        return source

    def _during(self, source: _Source, storm: _Storm, passing: Passing, at: float) -> Sequence[Passing]:
        fingerprint = passing.event.fingerprint
        backlog = storm.backlog
        if source.tokens < 1:
            storm.exceeded_at = at
        # Nobody jumps the line of those who wait with the same right.
        if not backlog.outranks(passing.rank) and source.spend(passing.rank):
            if not backlog.events:
                return (passing,)
            self._fold(backlog, passing)
            return self._take(backlog, fingerprint)
        storm.held_back += passing.repeats
        if backlog.holds(passing) or self._make_room(backlog, passing):
            self._fold(backlog, passing)
            return ()
        if passing.rank is Rank.ROUTINE:
            self._suppressed[SOURCE_STORM] += passing.repeats
            return ()
        passing.rank = Rank.STATE
        self._fold(backlog, passing)
        return self._take(backlog, fingerprint)

    def _make_room(self, backlog: Backlog, passing: Passing) -> bool:
        """Whether there is room for one more event; what is routine gives way to what is not."""
        if self._held < self._limit.most_held:
            return True
        if passing.rank is Rank.ROUTINE or not (left_out := backlog.leave_out()):
            return False
        self._held -= 1
        self.waiting -= left_out
        self._suppressed[SOURCE_STORM] += left_out
        return True

    def _fold(self, backlog: Backlog, passing: Passing) -> None:
        before, waited = backlog.events, backlog.waiting
        hidden = backlog.fold(passing)
        self._held += backlog.events - before
        self.waiting += backlog.waiting - waited
        self._suppressed["superseded"] += hidden

    def _take(self, backlog: Backlog, fingerprint: str) -> list[Passing]:
        return self._gone(backlog.take_fingerprint(fingerprint))

    def _gone(self, taken: list[Passing]) -> list[Passing]:
        self._held -= len(taken)
        self.waiting -= sum(one.repeats for one in taken)
        return taken

    def _release(self, source: _Source, storm: _Storm, most: int) -> list[Passing]:
        released: list[Passing] = []
        while len(released) < most and storm.backlog.events and source.spend(storm.backlog.highest):
            released += self._gone(storm.backlog.take_first())
        return released

    def _begin(self, name: str, source: _Source, event: Event, at: float) -> _Storm:
        storm = _Storm(Sender(event.host, event.source, event.via), at)
        del self._calm[name]
        self._storming[name] = source
        heapq.heappush(self._wake, (at + SHORTEST_WAIT_S, name))
        self._say(name, storm, at)
        return storm

    def _say(self, name: str, storm: _Storm, at: float) -> None:
        """Say that there is a storm, if that many may be said; else it is tried again."""
        storm.said = self._allowance.take(at)
        if storm.said and self._notices.pop(name, None) is None:
            detail = f"more than {self._limit.burst} events at once and {self._limit.rate:g} a second"
            self._notices[name] = Notice(SOURCE_STORM, "raise", storm.sender, detail)

    def _end(self, name: str, source: _Source, storm: _Storm) -> None:
        source.storm = None
        del self._storming[name]
        self._calm[name] = source
        if not storm.said:
            return
        if self._notices.pop(name, None) is None:
            detail = f"over; {storm.held_back} events were held back, folded or only counted"
            self._notices[name] = Notice(SOURCE_STORM, "clear", storm.sender, detail, storm.held_back)

    def _wake_at(self, source: _Source, storm: _Storm, at: float) -> float:
        if not storm.backlog.events:
            return storm.exceeded_at + self._limit.calm_s
        return at + source.wait_s(self._limit, urgent=storm.backlog.highest is Rank.URGENT)
