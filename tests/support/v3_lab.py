"""The two processes that SNMPv3 goes through, without their sockets and spool: who answers, and who verifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fannel.config import Trap, TrapUser
from fannel.intake import clocks_file
from fannel.intake.answerer import Answerer
from fannel.intake.clocks_file import ClocksFile
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram
from fannel.intake.engine_file import EngineFile
from fannel.intake.v3 import V3Intake
from fannel.intake.v3_users import usm_user
from fannel.wire.v3_sender import V3Sender

if TYPE_CHECKING:
    from fannel.intake.refusals import Refusal
    from fannel.wire.message import Message

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
DEVICE = bytes.fromhex("80001f8804") + b"device"
START = datetime(2026, 1, 1, tzinfo=UTC)
NOC = TrapUser(
    name="noc",
    auth="sha256",
    auth_password="s3cret-auth-pw",
    priv="aes128",
    priv_password="s3cret-priv-pw",
    sources=("192.0.2.0/24",),
)
USER = usm_user(NOC)


class Lab:
    """A receiver's answerer and an observer's intake over the files of one folder; datagrams go through both."""

    def __init__(self, folder, *users: TrapUser) -> None:
        self.users = users or (NOC,)
        self.path = folder / "engine.json"
        self.counters = Counters()
        self.uptime_s = 0.0
        self.start_receiver()
        self.start_observer()

    def start_receiver(self) -> None:
        self.engine = EngineFile.open(self.path)
        self.answerer = Answerer(Trap(users=self.users), self.engine, self.counters, clock=lambda: self.uptime_s)

    def start_observer(self, at=START) -> None:
        self.clocks = ClocksFile.open(clocks_file.beside(self.path))
        self.intake = V3Intake(self.users, self.path, self.clocks, self.counters, at, clock=lambda: self.uptime_s)

    def restart(self) -> None:
        """Both, in order."""
        self.close()
        self.start_receiver()
        self.start_observer()

    def kill_observer(self) -> None:
        """It keeps nothing that is not kept already."""
        self.clocks.close()
        self.start_observer()

    def close(self) -> None:
        self.answerer.close()
        self.intake.close()

    def spooled(self, payload: bytes, after_s=1.0) -> Datagram:
        """What the receiver puts in the spool, with its note."""
        datagram = Datagram(payload, "192.0.2.1", 40000, START + timedelta(seconds=after_s))
        judged = self.answerer.judge(datagram)
        assert judged.keep
        return datagram._replace(note=judged.note)

    def trap(self, engine_time=1000, after_s=1.0, boots=3, **options) -> Message | Refusal:
        payload = V3Sender(USER, DEVICE).encode(LINK_DOWN, boots=boots, engine_time=engine_time, **options)
        return self.intake.accept(Datagram(payload, "192.0.2.1", 40000, START + timedelta(seconds=after_s)))

    def inform(self, user=USER, engine_time=1, boots=None, **options) -> bytes:
        boots = self.engine.boots if boots is None else boots
        sender = V3Sender(user, self.engine.engine_id)
        return sender.encode(LINK_DOWN, boots=boots, engine_time=engine_time, pdu="inform", **options)
