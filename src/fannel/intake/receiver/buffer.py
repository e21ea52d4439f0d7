"""What was drained and is not in the spool yet: in memory, bounded by octets, between the two threads.

What does not fit is counted as lost and goes; what came before it stays in order. The thread that appends is woken for
what is urgent, for many, or when the first has waited a moment: waking it for each of a few traps would cost more than
the traps do.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.intake.counters import Counters
    from fannel.intake.receiver.mmsg import Chunk

OCTETS = 64 * 2**20
# How long a trap waits for others to share an append with (`kill -9` loses what waits), and how many go at once.
LINGER_S, MANY = 0.2, 1024


class Buffer:
    """Chunks in order of arrival: `received`, and `buffered` until whoever took them counts them as something else."""

    def __init__(
        self, counters: Counters, octets: int = OCTETS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._counters, self._bound, self._clock = counters, octets, clock
        self._octets = 0
        self._chunks: deque[Chunk] = deque()
        self._changed = threading.Condition()
        self._closed = self._ripe = False
        self._waiting = 0  # datagrams that came since the last take
        self._due: float | None = None

    def put(self, chunk: Chunk, *, urgent: bool) -> None:
        """Take a chunk in, or count it as lost."""
        count = len(chunk.payloads)
        with self._changed:
            fits = self._octets + chunk.octets <= self._bound
            place = ("buffered", "") if fits else ("lost", "buffer_full")
            self._counters.add_all({("received", ""): count, place: count})
            if not fits:
                return
            self._octets += chunk.octets
            self._chunks.append(chunk)
            self._waiting += count
            if urgent or self._waiting >= MANY:
                self._ripen()
            elif self._due is None:
                self._due = self._clock() + LINGER_S

    def ripen_due(self) -> float | None:
        """Let what has waited long enough go; seconds until the rest will have (None: there is none)."""
        with self._changed:
            if self._due is None:
                return None
            left = self._due - self._clock()
            if left > 0:
                return left
            self._ripen()
            return None

    def take(self, datagrams: int, octets: int, timeout_s: float) -> list[Chunk]:
        """Whole chunks until one of the numbers is reached; waits up to `timeout_s` until some may go."""
        with self._changed:
            if not self._ripe and not self._closed and timeout_s > 0:
                self._changed.wait(timeout_s)
            taken: list[Chunk] = []
            while self._chunks and datagrams > 0 and octets > 0:
                chunk = self._chunks.popleft()
                self._octets -= chunk.octets
                datagrams -= len(chunk.payloads)
                octets -= chunk.octets
                taken.append(chunk)
            self._ripe = bool(self._chunks)
            self._waiting, self._due = 0, None
            return taken

    def close(self) -> None:
        """Nothing more will come: `take` no longer waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def drained(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._chunks

    @property
    def filled(self) -> float:
        """How much of the bound is used, 0 to 1."""
        return self._octets / self._bound

    def _ripen(self) -> None:
        self._ripe, self._due = True, None
        self._changed.notify()
