"""The drain: a thread that does nothing but move datagrams from the kernel, which keeps few, to our buffer.

It is in system calls, without Python's global lock, nearly all the time. Where datagrams come fast it pauses for a
moment after each call, so that the next brings many: a call costs as much as several datagrams.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.receiver.mmsg import MOST_PER_CALL, Vector
from fannel.intake.vital import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.intake.counters import Counters
    from fannel.intake.listen import Listener
    from fannel.intake.receiver.buffer import Buffer

log = logs.Logger("fannel.receiver")

# How often it says that it lives while nothing comes.
IDLE_S, STALLED_AFTER_S = 1.0, 10.0
# Datagrams that come closer than `FAST_S` wait for each other, `PAUSE_S` long: less than it takes a storm to fill what
# a kernel keeps by default (about 200 small traps).
FAST_S, PAUSE_S = 0.002, 0.001
ERROR_PAUSE_S = 0.01
# In how many of a call it looks for informs, so that a storm of traps is not held up; many are appended at once anyway.
LOOK_AT = 16
# Whoever sends without end does not keep it from ending.
LAST_LOOK_S = 1.0
# A chunk becomes part of one append; large datagrams must not make that large.
CHUNK_OCTETS = 256 * 1024


class Drain:
    """Moves datagrams from `listeners` to `buffer` from `start()` until `stop()`; then closes the buffer.

    `concerns` says which want an answer, and thus do not wait for others. `failed` is called when it had to end by
    itself, which only a defect does.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        buffer: Buffer,
        counters: Counters,
        *,
        concerns: Callable[[bytes], bool],
        failed: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._buffer, self._counters, self._failed, self._now = buffer, counters, failed, now
        self._concerns = concerns
        self._vectors = [Vector(listener) for listener in listeners]
        self._listeners = listeners
        self._wake, self._waker = socket.socketpair()
        self._stopping = False
        self.heartbeat = Heartbeat("drain", STALLED_AFTER_S)
        self._thread = threading.Thread(target=self._run, name="fannel-drain", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take what the kernel still has, and end."""
        self._stopping = True
        self._waker.send(b".")
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._drain()
        except Exception:
            # A receiver that does not drain must not look alive: the process ends and is started again.
            log.exception("the drain failed")
            self._failed()
        finally:
            self._buffer.close()

    def _drain(self) -> None:
        by_descriptor = {
            listener.socket.fileno(): vector for listener, vector in zip(self._listeners, self._vectors, strict=True)
        }
        with select.epoll() as kernel:
            for descriptor in (self._wake.fileno(), *by_descriptor):
                kernel.register(descriptor, select.EPOLLIN)
            last = 0.0
            while not self._stopping:
                self.heartbeat.beat()
                wait = self._buffer.ripen_due()
                most = 0
                for descriptor, _ in kernel.poll(IDLE_S if wait is None else wait):
                    if (vector := by_descriptor.get(descriptor)) is not None:
                        most = max(most, self._receive(vector))
                if not most:
                    continue
                before, last = last, time.monotonic()
                if last - before < FAST_S and most < MOST_PER_CALL:
                    time.sleep(PAUSE_S)
        deadline = time.monotonic() + LAST_LOOK_S
        for vector in self._vectors:
            while self._receive(vector) and time.monotonic() < deadline:
                pass

    def _receive(self, vector: Vector) -> int:
        """One call; how many came."""
        try:
            chunk = vector.receive(self._now())
        except OSError:
            self._counters.add("socket_errors")
            time.sleep(ERROR_PAUSE_S)
            return 0
        if chunk is None:
            return 0
        urgent = chunk.wants_answers and any(map(self._concerns, chunk.payloads[:LOOK_AT]))
        for part in chunk.divided(CHUNK_OCTETS):
            self._buffer.put(part, urgent=urgent)
        return len(chunk.payloads)
