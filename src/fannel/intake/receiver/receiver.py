"""The receiver put together: two threads between the sockets and the spool, and how they are.

receiver = Receiver(settings)   # binds: raises ListenError
… drop privileges …
receiver.start(Answerer.open(…))   # opens the spool: raises SpoolError
receiver.stop()                 # what the kernel has is appended and answered
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from fannel import logs
from fannel.config import ConfigError
from fannel.intake import spool
from fannel.intake.counters import Counters
from fannel.intake.datagram import STREAMS, Transport
from fannel.intake.listen import open_listeners
from fannel.intake.policy import spool_bounds
from fannel.intake.receiver.appender import BATCH_OCTETS, Appender, Stations
from fannel.intake.receiver.buffer import OCTETS, Buffer
from fannel.intake.receiver.canary import Canaries
from fannel.intake.receiver.drain import Drain
from fannel.intake.receiver.importance import is_info
from fannel.intake.receiver.kernel_drops import KernelDrops
from fannel.intake.receiver.notice import Notices
from fannel.intake.receiver.spool_end import Gauges, SpoolEnd
from fannel.intake.vital import Vital

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.config import Settings
    from fannel.intake.listen import Listener
    from fannel.intake.receiver.answers import Answers
    from fannel.intake.receiver.streams import Streams

log = logs.Logger("fannel.receiver")

# How long the append thread may keep Python's lock from the drain. The default, 5 ms, is 750 datagrams of a burst.
SWITCH_S = 0.0001
STOP_S = 20.0
# How much of the buffer connections may fill; the rest is for what cannot wait.
STREAMS_FILL = 1 / 4


class Receiver:
    """Bound from creation. `failed` is set when a thread ended by itself: then the process should."""

    def __init__(self, settings: Settings, *, buffer_octets: int = OCTETS) -> None:
        """Bind every address; raises ListenError, ConfigError (there is none)."""
        self.counters = Counters()
        self.failed = threading.Event()
        self._settings = settings
        wanted = settings.receiver.so_rcvbuf
        self._streams: Streams | None = None
        opened = _open(settings)
        self.listeners = [listener for listener in opened if listener.transport not in STREAMS]
        self.stream_listeners = [listener for listener in opened if listener.transport in STREAMS]
        for listener in self.listeners:
            _say_granted(str(listener), listener.granted, wanted)
        for listener in self.stream_listeners:
            log.info("listening", where=str(listener))
        self._buffer = Buffer(self.counters, buffer_octets)
        self._drops = KernelDrops(self.listeners)
        self._drain: Drain | None = None
        self._appender: Appender | None = None
        self._spool: SpoolEnd | None = None
        self._canaries: Canaries | None = None
        if self.stream_listeners:
            self._streams = self._open_streams()

    def start(self, answers: Answers) -> None:
        """Open the spool and begin; `answers` is for this receiver's threads alone from now on.

        Raises:
            SpoolError: somebody has to do something: another receiver has this spool, or it may not be written.
        """
        settings = self._settings
        bounds = spool_bounds(settings.spool)
        judge = partial(is_info, self.counters, kinds=settings.kinds.path, mibs=settings.mibs.path)
        opened = partial(spool.open_writer, settings.spool.directory, is_info=judge, bounds=bounds)
        self._spool = SpoolEnd(opened, bounds.octets, self.counters)
        self._canaries = Canaries(
            (*self.listeners, *self.stream_listeners),
            settings.health.canary_every_s,
            time.monotonic(),
            self._streams,
        )
        stations = Stations(
            buffer=self._buffer,
            spool=self._spool,
            answers=answers,
            canaries=self._canaries,
            notices=Notices(self.counters, datetime.now(UTC)),
            drops=self._drops,
            counters=self.counters,
            batch_octets=min(BATCH_OCTETS, bounds.octets // 4),
        )
        sys.setswitchinterval(SWITCH_S)
        gc.freeze()  # what is here stays: no collection has to look at it again
        self._appender = Appender(stations, failed=self.failed.set)
        self._drain = Drain(
            self.listeners, self._buffer, self.counters, concerns=answers.concerns, failed=self.failed.set
        )
        self._appender.start()
        self._drain.start()
        if self._streams is not None:
            self._streams.start()

    def stop(self) -> None:
        """Take in what the kernel has, append and answer it, give the ports back. Idempotent."""
        if self._streams is not None:
            self._streams.stop()
        if self._drain is not None:
            self._drain.stop()
        if self._appender is not None and not self._appender.join(STOP_S):
            log.error("the spool keeps the receiver from ending; what it did not take is lost")
        if self._spool is not None:
            self._spool.close()
        for listener in (*self.listeners, *self.stream_listeners):
            listener.close()
        self._drain = self._appender = self._spool = None

    def _open_streams(self) -> Streams:
        from fannel.intake.receiver.streams import Streams  # noqa: PLC0415  (asyncio and ssl, for those who need them)

        try:
            return Streams(
                self.stream_listeners,
                self._settings.syslog,
                self._buffer,
                self.counters,
                may_read=self._may_read,
                failed=self.failed.set,
            )
        except BaseException:
            self.stop()
            raise

    def _may_read(self) -> bool:
        """Whether connections may bring more: what they bring is not lost, so it must not become too much."""
        spool = self._spool
        return spool is not None and spool.trouble is None and self._buffer.filled < STREAMS_FILL

    # --- how it is; from any thread, without waiting -------------------------------------------------------------

    def alive(self) -> list[Vital]:
        """Whether its threads come round. When not, only a restart helps."""
        threads = [thread for thread in (self._drain, self._appender, self._streams) if thread is not None]
        return [thread.heartbeat.vital() for thread in threads]

    def vitals(self) -> list[Vital]:
        """Everything that must be well for the path to be."""
        now = time.monotonic()
        found = [
            Vital(f"socket {listener}", ok=True, detail=f"bound, {listener.granted} octets of receive buffer")
            for listener in self.listeners
        ]
        found += [Vital(f"socket {listener}", ok=True, detail="bound") for listener in self.stream_listeners]
        found += self._streams.vitals() if self._streams is not None else []
        if self._spool is None or self._canaries is None or self._appender is None:
            return [*found, Vital("spool", ok=False, detail="not open yet")]
        found.append(self._spool.vital(now))
        found += self._canaries.vitals(now)
        filled = self._buffer.filled
        found.append(Vital("buffer", ok=filled < 1 / 2, detail=f"{filled:.0%} full"))
        # No reason to send traps elsewhere: where there is no elsewhere, all would be lost instead of some.
        found.append(Vital("kernel", ok=True, detail=_dropped(self._appender.drops_lately)))
        return found

    def gauges(self) -> Gauges:
        """The spool as of a moment ago."""
        return self._spool.gauges if self._spool is not None else Gauges()


def _open(settings: Settings) -> list[Listener]:
    """The sockets of everything that is to be received, all of them or none."""
    wanted, receives = settings.receiver.so_rcvbuf, settings.receiver.receives
    trap, syslog = settings.trap, settings.syslog
    traps = trap.addresses if "snmp_trap" in receives else ()
    ways = ((Transport.SYSLOG_UDP, syslog.udp), (Transport.SYSLOG_TCP, syslog.tcp), (Transport.SYSLOG_TLS, syslog.tls))
    if not traps and not (syslog.addresses and "syslog" in receives):
        msg = "receiver.receives: syslog alone, and syslog.udp (FANNEL_SYSLOG__UDP), tcp and tls say nowhere to listen"
        raise ConfigError(msg)
    opened = open_listeners(traps, so_rcvbuf=wanted, reuse_port=trap.reuse_port)
    try:
        for transport, addresses in ways if "syslog" in receives else ():
            opened += open_listeners(addresses, so_rcvbuf=wanted, reuse_port=syslog.reuse_port, transport=transport)
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    return opened


def well(vitals: Sequence[Vital]) -> bool:
    """Whether all of them are."""
    return all(vital.ok for vital in vitals)


def _dropped(lately: int) -> str:
    if not lately:
        return "dropped nothing lately"
    return f"dropped {lately} datagrams lately: raise net.core.rmem_max and receiver.so_rcvbuf"


def _say_granted(where: str, granted: int, wanted: int) -> None:
    if granted >= wanted:
        log.info("listening", where=where, receive_buffer=granted)
        return
    log.warning(
        "listening, with a smaller receive buffer than wanted: a burst may lose some",
        where=where,
        receive_buffer=granted,
        wanted=wanted,
        remedy=f"sysctl -w net.core.rmem_max={wanted}, or grant CAP_NET_ADMIN",
    )
