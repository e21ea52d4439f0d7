"""SNMPv3 on the road: what a `V3Receiver` needs of the world, so that the road sees messages and refusals only.

Informs are answered by whoever has them on disk (`Accepted.respond`); Reports go out at once, because a sender that has
not discovered us yet waits for one, but no more than so many a second: whoever can forge an address must not be able
to make a flood of ours. Kept across restarts: what `engine_file` says.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.elapsed import Elapsed
from fannel.intake.engine_file import EngineFile
from fannel.intake.refusals import Refusal
from fannel.intake.v3_users import usm_user
from fannel.wire.engine import LocalEngine
from fannel.wire.v3_receiver import Refused, Report, V3Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fannel.config import TrapUser
    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram
    from fannel.wire.engine import EngineClock
    from fannel.wire.message import Message

log = logs.Logger("fannel.intake.v3")

# A Report is about as long as what asks for it. After a restart every sender of informs needs two.
MOST_REPORTS_PER_S = 200

# How an inform's sender finds our engine and our clock (RFC 3414 §4): every one of them is told so first. Counted.
_DIALOGUE = frozenset({"unknown_engine", "not_in_time_window"})


@dataclass(frozen=True, slots=True)
class Heard:
    """A notification that is accepted, and for an inform the way to make its Response, once it is on record."""

    message: Message
    respond: Callable[[], bytes] | None = None


class V3Intake:
    """The receiver of one source. `accept()` is for one thread at a time; `save()` may come from another."""

    def __init__(
        self,
        users: Sequence[TrapUser],
        engine: EngineFile,
        report: Callable[[Datagram, bytes], None],
        counters: Counters,
        started: datetime,
        *,
        most_reports_per_s: int = MOST_REPORTS_PER_S,
    ) -> None:
        """`report` sends a Report to the sender of a datagram; `started` is now, aware. See `open()` for the rest."""
        self._engine = engine
        self._report = report
        self._counters = counters
        self._most = most_reports_per_s
        self._second, self._reported = -1, 0
        # Seconds since now, read from when datagrams came and from nothing else: one that had to wait is judged as of
        # its arrival, and a wall clock that is set back does not stop our engine's time.
        self._elapsed = Elapsed()
        self._seconds, self._began = self._elapsed.at(started), started.timestamp()
        self._lock = threading.Lock()
        self._receiver = V3Receiver(
            map(usm_user, users),
            LocalEngine(engine.engine_id, engine.boots, self._seconds),
            known_engines=[_moved(clock, -self._began) for clock in engine.clocks],
        )
        self._kept = self._receiver.engines()

    @classmethod
    def open(
        cls, users: Sequence[TrapUser], path: Path, report: Callable[[Datagram, bytes], None], counters: Counters
    ) -> V3Intake:
        """Start the engine that `path` keeps.

        Raises:
            EngineFileError: It cannot be kept.
            UserError: Two users cannot be told apart, or one wants what this machine's OpenSSL does not allow.
        """
        engine = EngineFile.open(path)
        try:
            return cls(users, engine, report, counters, datetime.now(UTC))
        except BaseException:
            engine.close()
            raise

    def accept(self, datagram: Datagram, outer: Datagram | None = None) -> Heard | Refusal:
        """Judge one datagram that says it is SNMPv3; a Report is sent here and now, to where `outer` came from."""
        with self._lock:
            now = self._seconds = self._elapsed.at(datagram.received_at)
            self._began = datagram.received_at.timestamp() - now
            outcome = self._receiver.receive(datagram.payload, datagram.source, now)
        if isinstance(outcome, Refused):
            return Refusal(outcome.reason, datagram.source, outcome.detail)
        if isinstance(outcome, Report):
            self._send(outer or datagram, outcome.reply, now)
            return Refusal(outcome.reason, datagram.source, outcome.detail, routine=outcome.reason in _DIALOGUE)
        respond = outcome.respond
        return Heard(outcome.message, None if respond is None else lambda: self._response(respond))

    def save(self) -> None:
        """Keep the senders' clocks, if anything was heard since the last time. A full disk is said, not raised."""
        with self._lock:
            clocks, began = self._receiver.engines(), self._began
        if clocks == self._kept:
            return
        try:
            self._engine.save(_moved(clock, began) for clock in clocks)
            self._kept = clocks
        except OSError as error:
            log.error("cannot keep the clocks of SNMPv3 engines", reason=error.strerror or str(error))
            self._counters.add("engine_file_errors")

    def close(self) -> None:
        """Keep the clocks and let go of the file."""
        self.save()
        self._engine.close()

    def _response(self, respond: Callable[[float], bytes]) -> bytes:
        with self._lock:
            return respond(self._seconds)

    def _send(self, datagram: Datagram, reply: bytes, now: float) -> None:
        if int(now) != self._second:
            self._second, self._reported = int(now), 0
        if self._reported >= self._most:
            self._counters.add("reports_suppressed")
            return
        self._reported += 1
        self._report(datagram, reply)


def _moved(clock: EngineClock, seconds: float) -> EngineClock:
    """The same clock, heard on another scale of seconds."""
    return replace(clock, heard_at=clock.heard_at + seconds)
