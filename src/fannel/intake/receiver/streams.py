"""Syslog over connections: a thread with an event loop of its own, which puts lines into the receiver's buffer.

    accept ─▶ may it? ─▶ PROXY header? ─▶ TLS handshake ─▶ octets ─▶ lines (wire.syslog_frames) ─▶ buffer

A handshake or a sender that takes its time holds nobody up but itself. While the spool refuses, or the buffer fills,
nothing is read: TCP makes the senders wait, and what they have sent is held by the append thread instead of lost.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fannel import logs
from fannel.config import ConfigError
from fannel.intake.datagram import Transport
from fannel.intake.listen import plain_address
from fannel.intake.networks import within
from fannel.intake.offenders import Offenders
from fannel.intake.receiver import tls
from fannel.intake.receiver.buffer import LINGER_S
from fannel.intake.receiver.canary_line import CanaryLines
from fannel.intake.receiver.connection import Connection, Peer, keep_alive, proxy_header
from fannel.intake.receiver.mmsg import OVERHEAD_OCTETS, Chunk, sender_name
from fannel.intake.vital import Heartbeat, Vital

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from fannel.config import Syslog
    from fannel.intake.counters import Counters
    from fannel.intake.listen import Listener
    from fannel.intake.receiver.buffer import Buffer

log = logs.Logger("fannel.receiver")

HANDSHAKE_S = 10.0
# How often it looks whether it may read again, and whether a certificate was renewed.
LOOK_S, RENEW_S = 0.1, 60.0
STALLED_AFTER_S = 10.0
ACCEPT_PAUSE_S = 0.2
STOP_S = 5.0
# At the end what senders have sent already is read for so long.
LAST_LOOK_S = 0.25


class Streams:
    """Takes connections from `start()` until `stop()`. `may_read` says whether there is room for what would come."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        syslog: Syslog,
        buffer: Buffer,
        counters: Counters,
        *,
        may_read: Callable[[], bool],
        failed: Callable[[], None],
    ) -> None:
        """Raises ConfigError where the certificate cannot be used."""
        self._listeners, self.syslog, self._buffer, self.counters = listeners, syslog, buffer, counters
        self._may_read, self._failed = may_read, failed
        # By whether it is for a canary.
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._renewed: list[float] = []
        if any(listener.transport is Transport.SYSLOG_TLS for listener in listeners):
            self._contexts, self._renewed = self._made_contexts(), self._times()
        self._connections: set[Connection] = set()
        self._of_source: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._canaries = CanaryLines()
        self._reading = True
        self._ripening: asyncio.TimerHandle | None = None
        self._offenders = Offenders()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._begun = threading.Event()
        self.heartbeat = Heartbeat("connections", STALLED_AFTER_S)
        self._thread = threading.Thread(target=self._run, name="fannel-streams", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._begun.wait(STOP_S)

    def stop(self) -> None:
        """Take no more, put what was read into the buffer, close all. Idempotent."""
        if self._loop is not None and self._over is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._over.set)
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def send_canary(self, listener: Listener, payload: bytes, told: Callable[[str], None]) -> bool:
        """Send ourselves a line; False while an earlier one is on its way. `told` hears how far it came. Any thread."""
        if self._loop is None or not self._canaries.begin(listener):
            return False

        def begin() -> None:
            self._keep(asyncio.create_task(self._canaries.send(listener, payload, told)))

        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(begin)
        return True

    def vitals(self) -> list[Vital]:
        """How it is; from any thread."""
        waiting = "" if self._reading else ", waiting for the spool: nothing is read"
        return [Vital("connections", ok=True, detail=f"{self.counters.get('connections')} open{waiting}")]

    # --- the loop ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            # A receiver that does not listen must not look alive: the process ends and is started again.
            log.exception("taking connections failed")
            self._failed()
        finally:
            self._begun.set()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        work = [asyncio.create_task(self._accept(listener)) for listener in self._listeners]
        work += [asyncio.create_task(self._look()), asyncio.create_task(self._until_over(self._over))]
        self._begun.set()
        done, endless = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in endless:
            task.cancel()
        await asyncio.sleep(LAST_LOOK_S)
        for task in self._tasks:
            task.cancel()
        for connection in list(self._connections):
            connection.finish()
        for task in done:
            task.result()  # a defect that ended one of them

    @staticmethod
    async def _until_over(over: asyncio.Event) -> None:
        await over.wait()

    async def _look(self) -> None:
        """What is to be done at times."""
        assert self._loop is not None  # noqa: S101
        renew_at = self._loop.time() + RENEW_S
        while True:
            self.heartbeat.beat()
            self._pause_or_resume()
            if told := self._offenders.due(datetime.now(UTC)):
                log.warning("connections were refused", **told)
            if self._contexts and self._loop.time() >= renew_at:
                renew_at = self._loop.time() + RENEW_S
                self._renew()
            await asyncio.sleep(LOOK_S)

    def _pause_or_resume(self) -> None:
        reading = self._may_read()
        if reading is self._reading:
            return
        self._reading = reading
        if not reading:
            self.counters.add("stream_pauses")
        for connection in self._connections:
            connection.let_read(reading)

    def _renew(self) -> None:
        """A certificate lives for weeks, this process for years."""
        times = self._times()
        if times == self._renewed:
            return
        self._renewed = times
        try:
            self._contexts = self._made_contexts()
        except ConfigError as error:
            log.error("the certificate was changed and cannot be used, going on with the one before", reason=str(error))
        else:
            log.info("the certificate was renewed")

    def _made_contexts(self) -> dict[bool, ssl.SSLContext]:
        return {own: tls.server_context(self.syslog, of_ourselves=own) for own in (False, True)}

    def _times(self) -> list[float]:
        times = []
        for path in tls.files(self.syslog):
            with suppress(OSError):
                times.append(path.stat().st_mtime)
        return times

    # --- a connection --------------------------------------------------------------------------------------------

    async def _accept(self, listener: Listener) -> None:
        assert self._loop is not None  # noqa: S101
        while True:
            try:
                sock, name = await self._loop.sock_accept(listener.socket)
            except OSError as error:
                # Given up before it was taken; or there are no more file descriptors, which passes.
                self.counters.add("socket_errors")
                log.warning("a connection could not be taken", where=str(listener), reason=error.strerror or str(error))
                await asyncio.sleep(ACCEPT_PAUSE_S)
                continue
            address, port = plain_address(name[0]), name[1]
            peer = Peer(listener, sock.family, name[0], port, own=self._canaries.is_own(address, port))
            if not peer.own and (reason := self._refused(address)) is not None:
                self._refuse(reason, address)
                if reason == "source_not_allowed":
                    # The observer says who tried, as it does of a datagram.
                    self.take([b""], peer)
                sock.close()
                continue
            if not peer.own:
                self._of_source[address] += 1
            self._keep(asyncio.create_task(self._open(sock, address, peer)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _refused(self, address: str) -> str | None:
        balanced = within(address, self.syslog.proxy_from)
        if not balanced and not within(address, self.syslog.allowed_sources):
            return "source_not_allowed"
        if self._of_source.total() >= self.syslog.connections:
            return "too_many"
        if not balanced and self._of_source[address] >= self.syslog.connections_per_source:
            return "too_many_of_source"
        return None

    def _refuse(self, reason: str, address: str) -> None:
        self.counters.add("connections_refused", reason)
        self._offenders.add(reason, address)

    async def _open(self, sock: socket.socket, address: str, peer: Peer) -> None:
        """What comes before the first line; the connection is on its own after that."""
        assert self._loop is not None  # noqa: S101
        connection: Connection | None = None
        secure = peer.listener.transport is Transport.SYSLOG_TLS
        try:
            keep_alive(sock)
            header = await proxy_header(sock, HANDSHAKE_S if secure else None)
            made = connection = Connection(self, peer._replace(header=header), address, self.syslog.line_octets)
            await self._loop.connect_accepted_socket(
                lambda: made,
                sock,
                ssl=self._contexts[peer.own] if secure else None,
                ssl_handshake_timeout=HANDSHAKE_S if secure else None,
            )
        except (OSError, EOFError, TimeoutError) as error:
            if not peer.own:  # which tells it itself
                self._refuse("handshake" if secure else "broken", address)
                log.info("a connection came to nothing", source=address, reason=_said(error))
        finally:
            if connection is None or not connection.made:
                sock.close()
                self._gone(peer, address)

    def admit(self, connection: Connection, certificate: dict[str, object] | None) -> bool:
        """Whether a connection that is made may go on."""
        own = connection.peer.own
        if (
            connection.peer.listener.transport is Transport.SYSLOG_TLS
            and not own
            and not tls.is_let_in(certificate, self.syslog.tls_client_names)
        ):
            self._refuse("client_name", connection.address)
            return False
        self._connections.add(connection)
        if not own:
            self.counters.add_all({("connections", ""): 1, ("connections_taken", ""): 1})
        if not self._reading:
            connection.let_read(False)  # noqa: FBT003
        return True

    def leave(self, connection: Connection) -> None:
        """A connection is over."""
        if connection in self._connections:
            self._connections.discard(connection)
            if not connection.peer.own:
                self.counters.add("connections", n=-1)
        self._gone(connection.peer, connection.address)

    def _gone(self, peer: Peer, address: str) -> None:
        if peer.own:
            self._canaries.left(address, peer.port)
            return
        self._of_source[address] -= 1
        if self._of_source[address] <= 0:
            del self._of_source[address]

    def take(self, lines: list[bytes], peer: Peer) -> None:
        """Put lines into the buffer, each behind the header of the load balancer they came through."""
        payloads = [peer.header + line for line in lines] if peer.header else lines
        name = sender_name(peer.family, peer.address.partition("%")[0], peer.port)
        octets = sum(map(len, payloads)) + OVERHEAD_OCTETS * len(payloads)
        names = name * len(payloads)
        self._buffer.put(Chunk(peer.listener, payloads, names, len(name), datetime.now(UTC), octets), urgent=False)
        if self._ripening is None and self._loop is not None:
            self._ripening = self._loop.call_later(LINGER_S, self._ripen)
        self._pause_or_resume()

    def _ripen(self) -> None:
        self._ripening = None
        if (wait_s := self._buffer.ripen_due()) is not None and self._loop is not None:
            self._ripening = self._loop.call_later(wait_s, self._ripen)


def _said(error: Exception) -> str:
    """What a failed handshake says of itself; nothing in it is a sender's text."""
    if isinstance(error, ssl.SSLError):
        return error.reason or type(error).__name__
    if isinstance(error, TimeoutError):
        return "it took too long"
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
