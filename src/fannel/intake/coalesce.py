"""Coalescing: the first event of a fingerprint passes at once, its repeats come as one closing event.

    raise ─▶ passes      raise raise raise        clear ─▶ the repeats (3), then the clear, both at once
    |◀───────────────── window ─────────────────────────────────▶|

Pure and bounded. A window has a fixed end: repeats without end still come once a window. What cannot be remembered is
told early, never forgotten, so a bound costs events, not state.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from fannel.intake.passing import Passing, Rank, asks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fannel.event import Event, Severity

# Kinds that only inform are few for one fingerprint. One more than these passes at once and is not remembered.
MOST_INFO_KINDS = 16

# A raise that is worse than the one the rules know of is news, not a repeat.
_WORST_FIRST = {severity: place for place, severity in enumerate(("critical", "major", "minor", "warning", "info"))}


class _Line:
    """One fingerprint in its window: what the rules were told, and what waits for the window's end."""

    __slots__ = ("ends_at", "kinds", "phase", "repeats", "severity")

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.phase = ""
        self.severity: Severity = "info"
        self.kinds: tuple[str, ...] = ()
        # By stream, the one heard last at the end: the order in which they may be told.
        self.repeats: dict[str, Passing] = {}


class Coalescer:
    """Decides what passes now. Times are seconds that never run backwards; not thread-safe."""

    def __init__(self, window_s: float, most: int) -> None:
        self._window_s = window_s
        self._most = most
        # By fingerprint, in the order in which the windows end.
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self.waiting = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Passing]:
        return (passing for line in self._lines.values() for passing in line.repeats.values())

    def offer(self, event: Event, at: float) -> Sequence[Passing]:
        """What passes because of `event`, in order: nothing, or it and what must go before it."""
        fingerprint = event.fingerprint
        line = self._lines.get(fingerprint)
        ended = line is not None and at >= line.ends_at
        if line is None or (ended and not line.repeats):
            return [*self._open(fingerprint, event, at), Passing(event, rank_of(event))]
        if _is_repeat(line, event):
            self._wait(line, event)
            return self._close(fingerprint, line, at) if ended else ()
        passing = [*self._flush(line), Passing(event, rank_of(event))]
        _remember(line, event)
        self._reopen(fingerprint, line, at)
        return passing

    def due(self, at: float, most: int) -> list[Passing]:
        """Close the windows that have ended, until at least `most` events pass or none is left."""
        passing: list[Passing] = []
        while self._lines and len(passing) < most:
            fingerprint, line = next(iter(self._lines.items()))
            if line.ends_at > at:
                break
            passing += self._close(fingerprint, line, at)
        return passing

    def next_at(self) -> float:
        """When the next window ends; infinity when none is open."""
        return next((line.ends_at for line in self._lines.values()), math.inf)

    def recount(self) -> int:
        """`waiting`, counted anew."""
        return sum(passing.repeats for passing in self)

    def _open(self, fingerprint: str, event: Event, at: float) -> list[Passing]:
        """A new window; the one that would end first makes room."""
        self._lines.pop(fingerprint, None)
        evicted = self._flush(self._lines.popitem(last=False)[1]) if len(self._lines) >= self._most else []
        line = self._lines[fingerprint] = _Line(at + self._window_s)
        _remember(line, event)
        return evicted

    def _close(self, fingerprint: str, line: _Line, at: float) -> list[Passing]:
        """Tell what waited. Where there were repeats more will come: the next window opens at once."""
        passing = self._flush(line)
        if passing:
            self._reopen(fingerprint, line, at)
        else:
            del self._lines[fingerprint]
        return passing

    def _reopen(self, fingerprint: str, line: _Line, at: float) -> None:
        line.ends_at = at + self._window_s
        self._lines.move_to_end(fingerprint)

    def _wait(self, line: _Line, event: Event) -> None:
        stream = event.kind if event.phase == "info" else ""
        waiting = line.repeats.pop(stream, None)
        if waiting is None:
            waiting = Passing(event, Rank.ROUTINE)
        else:
            waiting.add(event)
        line.repeats[stream] = waiting
        self.waiting += event.repeats

    def _flush(self, line: _Line) -> list[Passing]:
        """All that waits in a line, in order: nothing of a fingerprint overtakes its own past."""
        passing = list(line.repeats.values())
        line.repeats.clear()
        self.waiting -= sum(one.repeats for one in passing)
        return passing


def rank_of(event: Event) -> Rank:
    """The rank of an event that is no repeat."""
    return Rank.URGENT if event.phase != "info" or event.severity == "critical" else Rank.ROUTINE


def _is_repeat(line: _Line, event: Event) -> bool:
    if event.phase == "info":
        return event.kind in line.kinds
    if event.phase != line.phase or asks(event):
        return False
    return event.severity == line.severity or _WORST_FIRST[event.severity] >= _WORST_FIRST[line.severity]


def _remember(line: _Line, event: Event) -> None:
    if event.phase != "info":
        line.phase, line.severity = event.phase, event.severity
    elif event.kind not in line.kinds and len(line.kinds) < MOST_INFO_KINDS:
        line.kinds = (*line.kinds, event.kind)
