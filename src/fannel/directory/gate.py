"""Whether a miss may ask pagoda: what keeps strangers and outages from delaying everybody's alerts.

Pure bookkeeping; the time is passed in (seconds, monotonic). Three reasons to say no: the same question was answered
"nobody" a moment ago, a question failed less than 30 s ago, or events have waited for pagoda long enough of late.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BREAK_S: Final = 30.0
UNKNOWN_FOR_S: Final = 60.0
MAX_UNKNOWN: Final = 4096
# Waiting that may be saved up, in seconds, and what is earned per second: a fifth of the time at most.
BUDGET_S: Final = 4.0
BUDGET_RATE: Final = 0.2


class Gate:
    """Thread-safe. Callers ask `allows()`, then report `spent()` and one of `failed()`, `nobody()`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unknown_until: OrderedDict[str, float] = OrderedDict()
        self._broken_until = float("-inf")
        self._budget_s = BUDGET_S
        self._counted_at: float | None = None

    def allows(self, addresses: Sequence[str], now: float) -> bool:
        """Whether pagoda may be asked about these addresses now."""
        with self._lock:
            if now < self._broken_until:
                return False
            if all(self._unknown_until.get(address, now) > now for address in addresses):
                return False
            self._earn(now)
            return self._budget_s > 0

    def spent(self, seconds: float, now: float) -> None:
        """An event has waited this long for an answer."""
        with self._lock:
            self._earn(now)
            self._budget_s -= seconds

    def failed(self, now: float) -> None:
        """Pagoda did not answer, or not in time: no questions for a while."""
        with self._lock:
            self._broken_until = now + BREAK_S

    def nobody(self, addresses: Iterable[str], now: float) -> None:
        """Pagoda knows none of these addresses: not worth asking again soon. The oldest is forgotten when full."""
        with self._lock:
            for address in addresses:
                self._unknown_until[address] = now + UNKNOWN_FOR_S
                self._unknown_until.move_to_end(address)
            while len(self._unknown_until) > MAX_UNKNOWN:
                self._unknown_until.popitem(last=False)

    def _earn(self, now: float) -> None:
        if self._counted_at is not None:
            self._budget_s = min(BUDGET_S, self._budget_s + BUDGET_RATE * max(0.0, now - self._counted_at))
        self._counted_at = now
