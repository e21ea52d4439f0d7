"""One connection that brings syslog: who is at its other end, and lines out of what comes.

Half a line is kept when a connection ends: it may be what a device said last.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from fannel.wire.proxy import SIGNATURE
from fannel.wire.syslog_frames import Frames

if TYPE_CHECKING:
    from fannel.intake.counters import Counters
    from fannel.intake.listen import Listener

HEADER_S = 10.0
# A peer that is gone without a word is noticed after two minutes.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
_HEADER_FIXED = 16
_LOOK_AGAIN_S = 0.02


class Peer(NamedTuple):
    """The other end. `header` is the PROXY protocol header that stood in front, for the observer to judge."""

    listener: Listener
    family: socket.AddressFamily
    address: str  # as the socket has it: an IPv4 address may wear IPv6's clothes
    port: int
    header: bytes = b""
    own: bool = False  # a canary's, see canary_line.py


class Owner(Protocol):
    """Whoever has all connections: `streams.Streams`."""

    counters: Counters

    def admit(self, connection: Connection, certificate: dict[str, Any] | None) -> bool:
        """Whether it may go on."""

    def leave(self, connection: Connection) -> None:
        """It is over."""

    def take(self, lines: list[bytes], peer: Peer) -> None:
        """What it said."""


class Connection(asyncio.Protocol):
    """`address` is the other end's, plain; `made` says that it is open, or was."""

    def __init__(self, owner: Owner, peer: Peer, address: str, line_octets: int) -> None:
        self._owner, self.peer, self.address = owner, peer, address
        self._frames = Frames(line_octets)
        self._transport: asyncio.Transport | None = None
        self._over = False
        self.made = False

    def let_read(self, reading: bool) -> None:  # noqa: FBT001  (a state, handed through)
        """Read on, or leave what comes to the kernel, and thus to the sender."""
        if self._transport is None or self._transport.is_closing():
            return
        with suppress(RuntimeError):  # it ends at this moment
            (self._transport.resume_reading if reading else self._transport.pause_reading)()

    def finish(self) -> None:
        """Take what is there of a last line, and close."""
        if not self._over:
            self._over = True
            if (rest := self._frames.end()) is not None:
                self._owner.counters.add("lines_cut", "unfinished")
                self._owner.take([rest], self.peer)
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio's side ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP's, or TLS's, handshake is through."""
        self.made = True
        self._transport = cast("asyncio.Transport", transport)
        if not self._owner.admit(self, transport.get_extra_info("peercert")):
            self._over = True
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Some octets, cut anywhere."""
        if self._over:
            return
        cut = self._frames.cut
        if lines := self._frames.feed(data):
            self._owner.take(lines, self.peer)
        if self._frames.cut > cut:
            self._owner.counters.add("lines_cut", "too_long", self._frames.cut - cut)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The end, orderly or not."""
        self.finish()
        self._owner.leave(self)


def keep_alive(sock: socket.socket) -> None:
    """Let the kernel notice when the other end is gone. Raises OSError."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, option, value)


async def proxy_header(sock: socket.socket, first_s: float | None) -> bytes:
    """The PROXY protocol header that stands first, taken off; empty where there is none.

    Raises:
        TimeoutError: nothing came within `first_s` (None: it may be silent for ever), or the header did not end.
        EOFError, OSError: the connection is over.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(first_s):
        first = await _peek(sock, 1)
    if first != SIGNATURE[:1]:
        return b""
    async with asyncio.timeout(HEADER_S):
        while not (start := await _peek(sock, len(SIGNATURE))).startswith(SIGNATURE):
            if not SIGNATURE.startswith(start):
                return b""
            await asyncio.sleep(_LOOK_AGAIN_S)
        header = await _exactly(loop, sock, _HEADER_FIXED)
        return header + await _exactly(loop, sock, int.from_bytes(header[-2:], "big"))


async def _peek(sock: socket.socket, most: int) -> bytes:
    """What stands first, without taking it."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            found = sock.recv(most, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            readable = asyncio.Event()
            loop.add_reader(sock.fileno(), readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(sock.fileno())
        else:
            if not found:
                raise EOFError("closed before a word")
            return found


async def _exactly(loop: asyncio.AbstractEventLoop, sock: socket.socket, octets: int) -> bytes:
    found = b""
    while len(found) < octets:
        if not (some := await loop.sock_recv(sock, octets - len(found))):
            raise EOFError("closed within a PROXY protocol header")
        found += some
    return found
