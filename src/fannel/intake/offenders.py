"""Who is refused most, by reason: counted in bounded memory, however many sources there are. Pure.

Misra and Gries' counters: a source that makes up more than one in `MOST_REMEMBERED` of the refusals is among those
remembered, whatever forged addresses come between; what is remembered of it is at least, not exactly, how often.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from fannel.intake.elapsed import Elapsed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MOST_REMEMBERED: Final = 500
# Of each reason, in a line of the log.
MOST_NAMED: Final = 5
EVERY_S: Final = 60.0


class Offenders:
    """Counts refusals by reason and source, to be told once a minute."""

    def __init__(self, most: int = MOST_REMEMBERED, every_s: float = EVERY_S) -> None:
        self._most = most
        self._every_s = every_s
        self._counts: dict[tuple[str, str], int] = {}
        self._of_reason: Counter[str] = Counter()
        self._elapsed = Elapsed()
        self._told_at: float | None = None

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, reason: str, source: str) -> None:
        """One more."""
        self._of_reason[reason] += 1
        key = (reason, source)
        if key in self._counts or len(self._counts) < self._most:
            self._counts[key] = self._counts.get(key, 0) + 1
            return
        # Full: everybody is one less, and this one is not counted. Each of these rounds was paid for by as many before.
        self._counts = {known: n - 1 for known, n in self._counts.items() if n > 1}

    def due(self, now: datetime) -> Mapping[str, Mapping[str, int]]:
        """Every minute what was counted since: by reason how many in `all`, and the worst sources; else nothing."""
        at = self._elapsed.at(now)
        if not self._of_reason or (self._told_at is not None and at - self._told_at < self._every_s):
            return {}
        told: dict[str, dict[str, int]] = {reason: {"all": n} for reason, n in sorted(self._of_reason.items())}
        for (reason, source), n in sorted(self._counts.items(), key=lambda item: -item[1]):
            if len(told[reason]) <= MOST_NAMED:
                told[reason][source] = n
        self._told_at = at
        self._counts, self._of_reason = {}, Counter()
        return told
