"""What the receiver answers, and only that: informs and whatever else names our own SNMPv3 engine.

    payload  ──concerns──▶ no: straight to the spool, as nearly all are
    datagram ──judge─────▶ Judgement: spooled or not, answered at once or once it is on disk, or not at all

A sender takes the Response to an inform for a promise, so it is judged here, before it is spooled, by the same rules as
the observer's. What is refused goes to the spool all the same, for the observer to say so, but for the two steps by
which every sender of SNMPv3 informs finds our engine and our clock (RFC 3414 §4): they are answered and counted.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from fannel import logs
from fannel.config import ConfigError
from fannel.intake import admission
from fannel.intake.datagram import Note
from fannel.intake.engine_file import EngineFile
from fannel.intake.offenders import Offenders
from fannel.intake.proxied import unwrap
from fannel.intake.refusals import Refusal
from fannel.intake.v3_users import usm_user
from fannel.wire.engine import LocalEngine
from fannel.wire.proxy import is_proxied
from fannel.wire.snmp import inform_response
from fannel.wire.snmpv3 import REPORTABLE, is_v3
from fannel.wire.usm import UserError
from fannel.wire.v3_receiver import Accepted, Refused, Report, V3Receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel import config
    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram

log = logs.Logger("fannel.intake.answerer")

# A Report is about as long as what asks for it. After a restart every sender of informs needs two.
MOST_REPORTS_PER_S: Final = 200
# Kinds of defects that are logged; ours, not a stranger's, but he may find new ones.
_MOST_DEFECTS: Final = 100

_INFORM: Final = 0xA6


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of one datagram.

    Attributes:
        keep: Whether it goes to the spool.
        note: What the spool has to say of it.
        reply: To be sent at once: an SNMPv3 Report.
        respond: Makes the Response, once the datagram is durable.
        rejected: The reason when it is not kept.
    """

    keep: bool
    note: Note = Note.NONE
    reply: bytes | None = None
    respond: Callable[[], bytes] | None = None
    rejected: str = ""


_JUST_KEPT: Final = Judgement(keep=True)


class Answerer:
    """Judges for one receiver. `judge()` and the `respond` it gives may be called by two threads, each by one."""

    def __init__(
        self,
        trap: config.Trap,
        engine: EngineFile | None,
        counters: Counters,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_reports_per_s: int = MOST_REPORTS_PER_S,
    ) -> None:
        """`engine` is None where no SNMPv3 user is configured. See `open()`."""
        self._trap = trap
        self._engine = engine
        self._counters = counters
        self._most, self._second, self._reported = most_reports_per_s, -1, 0
        self._defects: set[str] = set()
        self._turned_away = Offenders()
        # Our engine's time goes on whatever happens to the wall clock: were that set back an hour, recordings of that
        # hour would be of now. What waits between its arrival and its judgement is short beside the time window.
        self._clock = clock
        self._lock = threading.Lock()
        self._receiver: V3Receiver | None = None
        self._engine_id = b""
        if engine is not None:
            local = LocalEngine(engine.engine_id, engine.boots, clock())
            self._receiver = V3Receiver(map(usm_user, trap.users), local)
            self._engine_id = engine.engine_id

    @classmethod
    def open(cls, trap: config.Trap, counters: Counters) -> Self:
        """Start answering: with SNMPv3 users, as the engine that `trap.engine_file` keeps.

        Raises:
            EngineFileError: It cannot be kept.
            ConfigError: Two users cannot be told apart, or one wants what this machine's OpenSSL does not allow.
        """
        engine = EngineFile.open(trap.engine_file) if trap.users else None
        try:
            return cls(trap, engine, counters)
        except BaseException as error:
            if engine is not None:
                engine.close()
            if isinstance(error, UserError):
                raise ConfigError(f"trap.users: {error}") from None
            raise

    def concerns(self, payload: bytes) -> bool:
        """Whether this might want an answer: in doubt it does. It looks at a few octets, as every datagram comes here.

        The frame of v1, v2c and v3 is SEQUENCE { version INTEGER, … }: v2c goes on with the community and the PDU, v3
        with msgGlobalData, whose third member holds the flags. What `ber` reads although it is unusual is in doubt.
        """
        try:
            if payload[0] != 0x30:
                return bool(self._trap.proxy_from) and is_proxied(payload)
            size = payload[1]
            at = 2 if size < 0x80 else size - 0x7E  # behind the length: 0x81 has one octet more, 0x82 two
            if payload[at] != 0x02:
                return False
            if payload[at + 1] != 1:
                return True
            version = payload[at + 2]
            if version == 1:
                size = payload[at + 4]
                return payload[at + 3] == 0x04 and (size >= 0x80 or payload[at + 5 + size] == _INFORM)
            return version == 3 and self._concerns_v3(payload, at + 3)
        except IndexError:
            return False  # it ends inside its frame, so nothing will be read of it

    def judge(self, datagram: Datagram) -> Judgement:
        """What becomes of a datagram that `concerns`. Never raises."""
        try:
            return self._judge(datagram)
        except Exception as error:
            # A defect of ours: the datagram is kept, its sender is not told so, and the receiver goes on.
            self._counters.add("defects", "answering")
            kind = f"{type(error).__name__} {_where(error)}"
            if kind not in self._defects and len(self._defects) < _MOST_DEFECTS:
                self._defects.add(kind)
                log.exception("a datagram could not be judged; kept, not answered; said once", source=datagram.source)
            return _JUST_KEPT

    def close(self) -> None:
        """Let go of the engine's file."""
        if self._engine is not None:
            self._engine.close()

    def _concerns_v3(self, payload: bytes, at: int) -> bool:
        if payload[at] != 0x30:
            return False
        if payload[at + 1] >= 0x80:
            return True
        at += 2
        for _ in ("msgID", "msgMaxSize"):
            if payload[at + 1] >= 0x80:
                return True
            at += 2 + payload[at + 1]
        if payload[at + 1] != 1 or payload[at + 2] & REPORTABLE:
            return True
        # It wants no Reports, but may be an inform to us nevertheless: then our engine is in it.
        return self._engine_id in payload if self._engine_id else False

    def _judge(self, arrived: Datagram) -> Judgement:
        """Judged as its sender sent it; an answer goes to where it arrived from."""
        inner = unwrap(arrived, self._trap.proxy_from)
        if isinstance(inner, Refusal):
            return _JUST_KEPT
        datagram = inner.datagram
        if admission.refuse_source(datagram, self._trap):
            return _JUST_KEPT
        if is_v3(datagram.payload):
            return self._judge_v3(datagram)
        message = admission.read(datagram, self._trap)
        if isinstance(message, Refusal) or message.pdu != "inform":
            return _JUST_KEPT
        return Judgement(keep=True, note=Note.ACKNOWLEDGED, respond=partial(inform_response, datagram.payload))

    def _judge_v3(self, datagram: Datagram) -> Judgement:
        if self._receiver is None:
            return _JUST_KEPT
        with self._lock:
            now = self._clock()
            outcome = self._receiver.receive(datagram.payload, datagram.source, now)
            if isinstance(outcome, Refused):
                return _JUST_KEPT
            if isinstance(outcome, Report):
                return self._reported_judgement(outcome, datagram, now)
        return self._accepted_judgement(outcome)

    def _accepted_judgement(self, outcome: Accepted) -> Judgement:
        if outcome.respond is not None:
            return Judgement(keep=True, note=Note.ACKNOWLEDGED, respond=partial(self._response, outcome.respond))
        # A trap is the observer's to judge, but for one that names our own engine: only we know our clock.
        ours = outcome.message.engine_id == self._engine_id.hex()
        return Judgement(keep=True, note=Note.ACKNOWLEDGED) if ours else _JUST_KEPT

    def _reported_judgement(self, outcome: Report, datagram: Datagram, now: float) -> Judgement:
        assert self._receiver is not None  # noqa: S101  (it made the Report)
        if outcome.reason == "unknown_engine":
            # A trap of its sender's engine should not want Reports. One that is genuine is kept, and gets none.
            again = self._receiver.reread(datagram.payload, datagram.source)
            if isinstance(again, Accepted) and again.message.pdu == "trap":
                return _JUST_KEPT
        reply = outcome.reply if self._may_report(now) else None
        if outcome.reason in ("unknown_engine", "not_in_time_window"):
            self._turned_away.add(outcome.reason, datagram.source)
            if told := self._turned_away.due(datagram.received_at):
                log.info("SNMPv3 senders were told our engine or our clock", **told)
            return Judgement(keep=False, reply=reply, rejected=outcome.reason)
        return Judgement(keep=True, reply=reply)

    def _may_report(self, now: float) -> bool:
        """Whoever can forge an address must not be able to make a flood of ours: so many Reports a second, no more."""
        if int(now) != self._second:
            self._second, self._reported = int(now), 0
        if self._reported >= self._most:
            self._counters.add("reports_suppressed")
            return False
        self._reported += 1
        return True

    def _response(self, respond: Callable[[float], bytes]) -> bytes:
        with self._lock:
            return respond(self._clock())


def _where(error: BaseException) -> str:
    """The line that raised: what tells one defect from another."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else ""
