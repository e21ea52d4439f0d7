"""A UDP listener that drains the kernel from a thread of its own, so that a busy event loop loses nothing.

What it drained waits in a buffer bounded by bytes. When that is full, the oldest datagram makes room and is counted
as lost. This is the seam for the receiver process: whoever offers `take()` and `acknowledge()` can stand here.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fannel.intake.datagram import Datagram
from fannel.intake.listen import MAX_DATAGRAM, bind, plain_address, wire_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.intake.counters import Counters

BUFFER_BYTES = 64 * 2**20
# What a datagram costs in memory beside its payload; small ones must not make a bounded buffer unbounded.
OVERHEAD_BYTES = 300


class UdpListener:
    """Receives on one address until `close()`. `open()` raises ListenError when the port cannot be had."""

    def __init__(
        self,
        host: str,
        port: int,
        counters: Counters,
        *,
        buffer_bytes: int = BUFFER_BYTES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = (host, port)
        self._counters = counters
        self._room = buffer_bytes
        self._now = now
        self._socket: socket.socket | None = None
        self._buffer: deque[Datagram] = deque()
        self._waiting = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def open(self) -> int:
        """Bind and begin to receive; returns the port (useful when 0 was asked for)."""
        self._socket = bind(*self._address)
        self._thread = threading.Thread(target=self._drain, name="fannel-udp", daemon=True)
        self._thread.start()
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def receive_buffer_bytes(self) -> int:
        """What the kernel granted for SO_RCVBUF (it counts its own overhead in, so about double the payload)."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) if self._socket else 0

    def take(self, most: int, timeout_s: float) -> list[Datagram]:
        """Up to `most` datagrams in order of arrival; waits up to `timeout_s` for the first."""
        with self._waiting:
            if not self._buffer and not self._closing:
                self._waiting.wait(timeout_s)
            taken = [self._buffer.popleft() for _ in range(min(most, len(self._buffer)))]
            self._room += sum(len(d.payload) + OVERHEAD_BYTES for d in taken)
            return taken

    def acknowledge(self, datagram: Datagram, response: bytes) -> None:
        """Answer the sender of an inform. An unreachable sender is its own problem: it will repeat itself."""
        self._counters.add("acknowledged" if self._send(datagram, response) else "acknowledgements_failed")

    def report(self, datagram: Datagram, reply: bytes) -> None:
        """Tell the sender of an SNMPv3 message why it was not accepted. Who forged its address cannot be told."""
        self._counters.add("reports_sent" if self._send(datagram, reply) else "reports_failed")

    def _send(self, datagram: Datagram, octets: bytes) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.sendto(octets, (wire_address(self._socket, datagram.source), datagram.source_port))
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Stop receiving; what is in the buffer can still be taken."""
        with self._waiting:
            self._closing = True
            self._waiting.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=2)
        if self._socket is not None:
            self._socket.close()

    def _drain(self) -> None:
        assert self._socket is not None  # noqa: S101  (open() started this thread)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._closing:
                if selector.select(timeout=0.2):
                    self._receive_all(self._socket)

    def _receive_all(self, sock: socket.socket) -> None:
        """Empty the kernel's buffer, up to a batch, before anybody looks at what came."""
        arrived = []
        for _ in range(1000):
            try:
                payload, peer = sock.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                # An ICMP error of an earlier answer, reported here; the socket itself is fine.
                self._counters.add("socket_errors")
                time.sleep(0.01)
                break
            arrived.append(Datagram(payload, plain_address(peer[0]), peer[1], self._now()))
        if arrived:
            self._counters.add("received", n=len(arrived))
            self._keep(arrived)

    def _keep(self, arrived: list[Datagram]) -> None:
        with self._waiting:
            for datagram in arrived:
                self._buffer.append(datagram)
                self._room -= len(datagram.payload) + OVERHEAD_BYTES
                while self._room < 0:
                    oldest = self._buffer.popleft()
                    self._room += len(oldest.payload) + OVERHEAD_BYTES
                    self._counters.add("lost", "buffer_full")
            self._waiting.notify()
