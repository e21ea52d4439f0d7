"""SNMPv3 for the observer: who sent it, is it genuine, is it of now. It answers nobody: the receiver did.

Traps are judged here, by the clocks of their senders. What names our own engine was judged by the receiver when it
came (`answerer`): with its word for it (Note.ACKNOWLEDGED) it is read again at any age, whatever our engine is by now;
without, it is found wanting again, and said.

The clocks outlive a restart, but must not run ahead of what the spool still holds: a trap that is read again after the
restart would be found too old. `save()` keeps them as they were when all that was read by then had been acknowledged.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake import clocks_file
from fannel.intake.clocks_file import ClocksFile
from fannel.intake.datagram import Note
from fannel.intake.elapsed import Elapsed
from fannel.intake.engine_file import read_engine_id
from fannel.intake.refusals import Refusal
from fannel.intake.v3_users import usm_user
from fannel.wire.engine import DistantEngine
from fannel.wire.v3_receiver import Accepted, V3Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fannel.config import TrapUser
    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram
    from fannel.wire.engine import EngineClock
    from fannel.wire.message import Message
    from fannel.wire.v3_receiver import Outcome

log = logs.Logger("fannel.intake.v3")


@dataclass(frozen=True, slots=True)
class _Moment:
    """The clocks at one moment, when their seconds began (since the epoch), and the moment by the process's clock."""

    clocks: tuple[EngineClock, ...]
    began: float
    at: float


class V3Intake:
    """The judge of one observer. `accept()` is for one thread at a time; `save()` may come from another."""

    def __init__(
        self,
        users: Sequence[TrapUser],
        engine_file: Path,
        clocks: ClocksFile,
        counters: Counters,
        started: datetime,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`engine_file` is the receiver's; `started` is now, aware. See `open()`."""
        self._engine_file = engine_file
        self._file = clocks
        self._counters = counters
        self._clock = clock
        # Seconds since now, read from when datagrams came and from nothing else: one that had to wait is judged as of
        # its arrival, and a wall clock that is set back stops nothing.
        self._elapsed = Elapsed()
        self._began = started.timestamp() - self._elapsed.at(started)
        self._lock = threading.Lock()
        self._engine_written = _written(engine_file)
        self._receiver = V3Receiver(
            map(usm_user, users),
            DistantEngine(read_engine_id(engine_file)),
            known_engines=[_moved(known, -self._began) for known in clocks.clocks],
        )
        self._saved = self._receiver.engines()
        self._waits: _Moment | None = None

    @classmethod
    def open(cls, users: Sequence[TrapUser], engine_file: Path, counters: Counters) -> V3Intake:
        """Judge as the observer beside the receiver that keeps `engine_file`.

        Raises:
            EngineFileError: The clocks cannot be kept.
            UserError: Two users cannot be told apart, or one wants what this machine's OpenSSL does not allow.
        """
        clocks = ClocksFile.open(clocks_file.beside(engine_file))
        try:
            return cls(users, engine_file, clocks, counters, datetime.now(UTC))
        except BaseException:
            clocks.close()
            raise

    def accept(self, datagram: Datagram) -> Message | Refusal:
        """Judge one datagram that says it is SNMPv3."""
        with self._lock:
            outcome = self._judge(datagram)
        if isinstance(outcome, Accepted):
            return outcome.message
        return Refusal(outcome.reason, datagram.source, outcome.detail)

    def save(self, oldest_s: float = 0.0) -> None:
        """Keep the senders' clocks, if anything was heard since. A full disk is said, not raised.

        `oldest_s` is how long the oldest datagram in the spool has been there unacknowledged; 0 where there is none.
        """
        with self._lock:
            now = _Moment(self._receiver.engines(), self._began, self._clock())
        if oldest_s <= 0:
            self._waits = None
            self._write(now)
            return
        if self._waits is not None and now.at - self._waits.at > oldest_s:
            self._write(self._waits)
            self._waits = None
        if self._waits is None:
            self._waits = now

    def close(self, oldest_s: float = 0.0) -> None:
        """Keep the clocks, as `save()` does, and let go of the file."""
        self.save(oldest_s)
        self._file.close()

    def _judge(self, datagram: Datagram) -> Outcome:
        payload, source = datagram.payload, datagram.source
        now = self._elapsed.at(datagram.received_at)
        self._began = datagram.received_at.timestamp() - now
        if datagram.note is Note.ACKNOWLEDGED:
            return self._receiver.reread(payload, source)
        outcome = self._receiver.receive(payload, source, now)
        if not isinstance(outcome, Accepted) and outcome.reason == "unknown_engine" and self._engine_is_another():
            return self._receiver.receive(payload, source, now)
        return outcome

    def _engine_is_another(self) -> bool:
        """Whether the receiver began another engine, or its first, since we looked last."""
        written = _written(self._engine_file)
        if written == self._engine_written:
            return False
        self._engine_written = written
        engine_id = read_engine_id(self._engine_file)
        if engine_id is None:
            return False
        self._receiver.follow(DistantEngine(engine_id))
        return True

    def _write(self, moment: _Moment) -> None:
        if moment.clocks == self._saved:
            return
        try:
            self._file.save(_moved(known, moment.began) for known in moment.clocks)
            self._saved = moment.clocks
        except OSError as error:
            log.error("cannot keep the clocks of SNMPv3 engines", reason=error.strerror or str(error))
            self._counters.add("engine_file_errors")


def _written(path: Path) -> tuple[int, int] | None:
    """What tells one writing of a file from another; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _moved(clock: EngineClock, seconds: float) -> EngineClock:
    """The same clock, heard on another scale of seconds."""
    return replace(clock, heard_at=clock.heard_at + seconds)
