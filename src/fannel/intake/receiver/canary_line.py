"""A canary over a connection: the receiver connects to itself, as a device would, and sends one line.

It is known by the port it comes from, which nobody else can have meanwhile. So it needs no place among the connections
of devices, no permission and no client certificate: what it proves is that connections are taken, that a TLS handshake
with our certificate succeeds, and that a line reaches the spool.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from fannel.intake.datagram import Transport
from fannel.intake.listen import plain_address
from fannel.intake.receiver.canary import to_ourselves

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.intake.listen import Listener

CONNECT_S = 10.0


class CanaryLines:
    """Those on their way, one for each listener at most. On the loop of connections, except `begin()`."""

    def __init__(self) -> None:
        self._sending: set[Listener] = set()
        # By the address and port it comes from: set when it is over at our receiving end.
        self._over: dict[tuple[str, int], asyncio.Event] = {}
        self._context = _client_context()

    def begin(self, listener: Listener) -> bool:
        """Whether none is on its way to this listener; then one is, until `send()` has ended. For one thread only."""
        if listener in self._sending:
            return False
        self._sending.add(listener)
        return True

    async def send(self, listener: Listener, payload: bytes, told: Callable[[str], None]) -> None:
        """Connect, send, and wait until the other end is done with it; `told` hears what it waits for meanwhile."""
        sock = socket.socket(listener.socket.family, socket.SOCK_STREAM)
        own: tuple[str, int] | None = None
        try:
            sock.setblocking(False)  # noqa: FBT003
            host, port, *scope = to_ourselves(listener)
            sock.bind((host, 0, *scope))
            own = plain_address(sock.getsockname()[0]), sock.getsockname()[1]
            over = self._over[own] = asyncio.Event()
            await self._say(listener, sock, (host, port, *scope), payload, told)
            await over.wait()
        except TimeoutError:  # an OSError as well
            told(f"no connection within {CONNECT_S:.0f} s")
        except OSError as error:
            told(f"it cannot be sent: {_reason(error)}")
        finally:
            sock.close()
            self._sending.discard(listener)
            if own is not None:
                self._over.pop(own, None)

    async def _say(
        self,
        listener: Listener,
        sock: socket.socket,
        to: tuple[str | int, ...],
        payload: bytes,
        told: Callable[[str], None],
    ) -> None:
        secure = listener.transport is Transport.SYSLOG_TLS
        async with asyncio.timeout(CONNECT_S):
            await asyncio.get_running_loop().sock_connect(sock, to)
            if secure:
                told("sent, but the handshake does not end")
            try:
                _, writer = await asyncio.open_connection(
                    sock=sock, ssl=self._context if secure else None, server_hostname="" if secure else None
                )
            except OSError as error:
                raise OSError(None, f"the handshake failed ({_reason(error)})") from None
        told("sent, but not read, see connections")
        try:
            async with asyncio.timeout(CONNECT_S):
                writer.write(payload + b"\n")
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    def is_own(self, address: str, port: int) -> bool:
        """Whether a connection from there is one of these."""
        return (address, port) in self._over

    def left(self, address: str, port: int) -> None:
        """That connection is over, however it ended."""
        if (over := self._over.get((address, port))) is not None:
            over.set()


def _client_context() -> ssl.SSLContext:
    """Who is at the other end is known; a certificate that devices do not accept is theirs to tell."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: OSError) -> str:
    """What it says of itself: none of a sender's text is in it."""
    said = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return said or type(error).__name__
