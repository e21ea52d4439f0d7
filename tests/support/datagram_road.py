"""The road of one datagram without sockets and processes: receiver's judgement, spool, observer, rule queue.

`travel()` asserts what has to hold for any octets whatever. Hypothesis and atheris (tests/fuzz) both drive it.
"""

from __future__ import annotations

import gc
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator, FormatChecker

from fannel.config import Syslog, Trap, TrapUser
from fannel.directory.host_directory import HostDirectory
from fannel.event import Event, schema
from fannel.intake.answerer import Answerer
from fannel.intake.counters import Counters
from fannel.intake.datagram import SYSLOG, Datagram, Note, Transport
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.intake.spool.packing import pack, unpack
from fannel.intake.v3 import V3Intake
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.pipeline import Pipeline, Seen
from fannel.wire.snmpv3 import is_v3, read_envelope

if TYPE_CHECKING:
    from pathlib import Path

# For one datagram, from its judgement to the rule queue, in CPU time: the machine may have other things to do.
MOST_S = 0.05
SOURCE, BALANCER, RELAY = "192.0.2.1", "192.0.2.254", "192.0.2.253"
VALID = Draft202012Validator(schema(), format_checker=FormatChecker())


def _user(name: str, **secrets: str) -> TrapUser:
    return TrapUser(name=name, sources=("192.0.2.0/24",), **secrets)


PRIVATE = _user("private", auth="sha256", auth_password="s3cret-auth", priv="aes128", priv_password="s3cret-priv")
SIGNED = _user("signed", auth="md5", auth_password="s3cret-auth")
OPEN = _user("open")
USERS = (PRIVATE, SIGNED, OPEN)


class DatagramRoad:
    """One receiver and one observer with users of every level, a load balancer, and an empty directory."""

    def __init__(self, folder: Path, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self._began = datetime.now(UTC)
        trap = Trap(users=USERS, proxy_from=(f"{BALANCER}/32",), engine_file=folder / "engine.json")
        self.counters = Counters()
        self.answerer = Answerer.open(trap, self.counters)
        self.v3 = V3Intake.open(trap.users, trap.engine_file, self.counters)
        self.engine_id = bytes.fromhex(json.loads(trap.engine_file.read_bytes())["engine_id"])
        self.pipeline = Pipeline(
            trap=trap,
            catalogue=Catalogue.load(),
            kinds=Kinds.load(),
            directory=HostDirectory(None),
            store=None,
            refusals=Refusals(window=timedelta(0)),  # every refusal becomes an event
            v3=self.v3,
            syslog=Syslog(relays=(f"{RELAY}/32",), proxy_from=(f"{BALANCER}/32",)),
        )
        self._sent = 0

    def close(self) -> None:
        self.v3.close()
        self.answerer.close()

    def travel(self, payload: bytes, source: str = SOURCE, transport: Transport = Transport.SNMP_UDP) -> Event | None:
        """The event of one datagram; None where the receiver answered it and that was all.

        Raises:
            AssertionError: Something does not hold.
        """
        event, spent_s = self._timed(payload, source, transport)
        if spent_s >= self._most_s:  # once may be the machine's doing
            _, spent_s = self._timed(payload, source, transport)
        assert spent_s < self._most_s, f"{spent_s:.3f} s for one datagram"
        return None if event is None else _checked(event)

    def _timed(self, payload: bytes, source: str, transport: Transport) -> tuple[Event | None, float]:
        self._sent += 1
        at = self._began + timedelta(microseconds=self._sent)
        datagram = Datagram(payload, source, 40_000, at, transport=transport)
        gc.disable()  # its long passes are the tests' garbage
        began = time.thread_time()
        try:
            event = self._travel(datagram)
            if event is not None:
                event.to_queue()
            return event, time.thread_time() - began
        finally:
            gc.enable()

    def _travel(self, datagram: Datagram) -> Event | None:
        if datagram.transport in SYSLOG:  # no line is ever answered
            return self._observed(datagram).event
        judged = self.answerer.judge(datagram)
        assert not self.counters.get("defects", "answering"), "the receiver could not judge it"
        wants_answer = judged.note is not Note.NONE or judged.reply or judged.respond or not judged.keep
        assert self.answerer.concerns(datagram.payload) or not wants_answer, "an answer is due, and it looked plain"
        if judged.reply is not None:
            read_envelope(judged.reply)
        if judged.respond is not None:
            _check_response(judged.respond())
        if not judged.keep:
            assert judged.rejected
            return None
        seen = self._observed(datagram._replace(note=judged.note))
        assert seen.refusal is None or judged.note is not Note.ACKNOWLEDGED, f"answered, and refused: {seen.refusal}"
        return seen.event

    def _observed(self, noted: Datagram) -> Seen:
        (spooled,) = unpack(pack([noted]), 1)
        assert spooled == noted
        (seen,) = self.pipeline.observe([Spooled(SpoolId(self._sent, 0), spooled)])
        assert seen.refusal is None or seen.refusal.reason != "defect", "the observer could not cope with it"
        return seen


def _check_response(response: bytes) -> None:
    if is_v3(response):
        read_envelope(response)
    assert response[0] == 0x30


def _checked(event: Event) -> Event:
    queued = event.to_queue()
    VALID.validate(queued)
    assert not any("{" in text for text in _texts(queued)), "a template could begin in it"
    logged = json.loads(json.dumps(event.to_json()))
    assert Event.from_json(logged).to_json() == event.to_json()
    return event


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *_texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
