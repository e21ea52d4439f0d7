"""Counters that say what became of every datagram, so that the sums of `docs/running.md` add up at any time.

One small object shared by the threads of a process. Whoever moves a datagram from one count to another does so in one
`add_all()`; whoever wants to add up takes one `snapshot()`.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Counters:
    """Counts by (name, reason). Thread-safe. They only grow, but for `buffered` and `held`, which say what is there.

    A call costs under a microsecond; still, a loop counts once a batch and not once a datagram.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, reason: str = "", n: int = 1) -> None:
        """Count `n` of `name`, for `reason` where there are several."""
        with self._lock:
            self._counts[name, reason] += n

    def add_all(self, changes: Mapping[tuple[str, str], int]) -> None:
        """Count several by (name, reason) as one: nobody sees the sum while it does not add up."""
        with self._lock:
            self._counts.update(changes)

    def get(self, name: str, reason: str | None = None) -> int:
        """The count of `name`, for one reason or (None) for all."""
        with self._lock:
            return sum(n for (found, why), n in self._counts.items() if found == name and reason in (None, why))

    def snapshot(self) -> Mapping[tuple[str, str], int]:
        """All counts by (name, reason), as they were at one moment."""
        with self._lock:
            return dict(self._counts)

    def as_dict(self) -> dict[str, int]:
        """All counts, `name` or `name.reason` each, for a log line."""
        return {f"{name}.{why}" if why else name: n for (name, why), n in sorted(self.snapshot().items())}
