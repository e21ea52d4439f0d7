"""Seconds that never run backwards, counted from readings of a wall clock that may. Pure: readings are passed in.

A clock that was set back goes on from where it was set to: what waits for a moment waits no longer than before.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

# Readings of several threads may arrive out of order; the clock was set back only if it goes back by more than this.
JITTER_S = 1.0


class Elapsed:
    """Turns readings into seconds since the first one.

    No single step counts for more than `longest_step_s`: whoever measures *silence* must not take a clock set
    forward, or an hour in which this process itself was asleep, for an hour in which nobody spoke.
    """

    __slots__ = ("_last", "_longest_step_s", "_seconds")

    def __init__(self, longest_step_s: float = math.inf) -> None:
        self._longest_step_s = longest_step_s
        self._last: datetime | None = None
        self._seconds = 0.0

    def at(self, now: datetime) -> float:
        """Seconds elapsed when the clock reads `now` (aware)."""
        if self._last is None:
            self._last = now
        step = (now - self._last).total_seconds()
        if step > 0:
            self._seconds += min(step, self._longest_step_s)
            self._last = now
        elif step < -JITTER_S:
            self._last = now
        return self._seconds
