"""Counters that say what became of every datagram: received = handled + rejected + lost, at any time.

One small object shared by the threads of a source; the receiver process of a later release exports the same names.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Counters:
    """Monotonic counts by (name, reason). Thread-safe."""

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

    def as_dict(self) -> dict[str, int]:
        """All counts, `name` or `name.reason` each, for a log line."""
        with self._lock:
            return {f"{name}.{why}" if why else name: n for (name, why), n in sorted(self._counts.items())}
