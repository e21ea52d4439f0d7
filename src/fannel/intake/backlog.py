"""Events that wait, by fingerprint, in a lane for each rank: the urgent overtake, a fingerprint keeps its order.

A fingerprint waits as a whole in the lane of its most urgent event, so that a clear takes what it follows along.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from fannel.intake.passing import Rank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fannel.intake.passing import Passing

_Lane = OrderedDict[str, list["Passing"]]


class Backlog:
    """What waits, first in first out within a lane. `events` wait, standing for `waiting` occurrences."""

    __slots__ = ("_histories", "_lanes", "events", "waiting")

    def __init__(self) -> None:
        self._lanes: tuple[_Lane, ...] = tuple(OrderedDict() for _ in Rank)
        # Fingerprints with more than one event: what can be folded when room is short.
        self._histories: dict[str, None] = {}
        self.events = 0
        self.waiting = 0

    def __iter__(self) -> Iterator[Passing]:
        return (one for lane in self._lanes for history in lane.values() for one in history)

    @property
    def highest(self) -> Rank:
        """The rank that goes next."""
        return next((rank for rank in reversed(Rank) if self._lanes[rank]), Rank.ROUTINE)

    def outranks(self, rank: Rank) -> bool:
        """Whether anything of this rank or a higher one waits."""
        return any(self._lanes[rank:])

    def holds(self, passing: Passing) -> bool:
        """Whether folding this one in takes no room."""
        fingerprint = passing.event.fingerprint
        lane = self._lane_of(fingerprint)
        return lane is not None and any(one.stream == passing.stream for one in lane[fingerprint])

    @property
    def can_shrink(self) -> bool:
        """Whether anything waits that may be left out or folded."""
        return bool(self._lanes[Rank.ROUTINE] or self._histories)

    def add(self, passing: Passing) -> None:
        """Wait behind everything of its fingerprint."""
        self._append(passing.event.fingerprint, passing)

    def fold(self, passing: Passing) -> int:
        """Wait as the last state of its stream; how many occurrences that hides for good."""
        fingerprint = passing.event.fingerprint
        lane = self._lane_of(fingerprint)
        hidden = 0
        if lane is not None:
            kept = []
            for earlier in lane[fingerprint]:
                if earlier.stream == passing.stream:
                    self._count(earlier, -1)
                    hidden += passing.follow(earlier)
                else:
                    kept.append(earlier)
            lane[fingerprint] = kept
        self._append(fingerprint, passing)
        return hidden

    def take(self, most: int) -> list[Passing]:
        """Up to `most`, the highest rank first; they wait no longer."""
        taken: list[Passing] = []
        for lane in reversed(self._lanes):
            while lane and len(taken) < most:
                fingerprint = next(iter(lane))
                taken += self._take(lane, fingerprint, most - len(taken))
        return taken

    def take_first(self) -> list[Passing]:
        """All of the fingerprint that goes next, in order."""
        lane = self._lanes[self.highest]
        return self.take_fingerprint(next(iter(lane))) if lane else []

    def take_fingerprint(self, fingerprint: str) -> list[Passing]:
        """All of one fingerprint, in order."""
        lane = self._lane_of(fingerprint)
        return [] if lane is None else self._take(lane, fingerprint, len(lane[fingerprint]))

    def leave_out(self) -> int:
        """Forget what has waited longest among the routine; how many occurrences that were (0: there is none)."""
        lane = self._lanes[Rank.ROUTINE]
        return sum(one.repeats for one in self._take(lane, next(iter(lane)), 1)) if lane else 0

    def compact(self) -> int:
        """Fold the oldest history to its last states; how many occurrences that hides."""
        fingerprint = next(iter(self._histories), None)
        lane = None if fingerprint is None else self._lane_of(fingerprint)
        if lane is None or fingerprint is None:
            return 0
        history, lane[fingerprint] = lane[fingerprint], []
        for one in history:
            self._count(one, -1)
        hidden = sum(self.fold(one) for one in history)
        self._histories.pop(fingerprint, None)
        return hidden

    def recount(self) -> int:
        """`waiting`, counted anew."""
        return sum(one.repeats for one in self)

    def _lane_of(self, fingerprint: str) -> _Lane | None:
        return next((lane for lane in self._lanes if fingerprint in lane), None)

    def _append(self, fingerprint: str, passing: Passing) -> None:
        lane = self._lane_of(fingerprint)
        wanted = self._lanes[passing.rank]
        if lane is None:
            wanted[fingerprint] = [passing]
        else:
            if lane is not wanted and not any(fingerprint in higher for higher in self._lanes[passing.rank :]):
                wanted[fingerprint] = lane.pop(fingerprint)
                lane = wanted
            lane[fingerprint].append(passing)
            if len(lane[fingerprint]) > 1:
                self._histories[fingerprint] = None
            else:
                self._histories.pop(fingerprint, None)
        self._count(passing, 1)

    def _take(self, lane: _Lane, fingerprint: str, most: int) -> list[Passing]:
        history = lane[fingerprint]
        taken, lane[fingerprint] = history[:most], history[most:]
        if len(lane[fingerprint]) <= 1:
            self._histories.pop(fingerprint, None)
        if not lane[fingerprint]:
            del lane[fingerprint]
        for one in taken:
            self._count(one, -1)
        return taken

    def _count(self, passing: Passing, sign: int) -> None:
        self.events += sign
        self.waiting += sign * passing.repeats
