"""SNMPv3 between the socket and the receiver: Reports within bounds, one clock, and what is kept of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fannel.config import TrapUser
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram
from fannel.intake.engine_file import EngineFile
from fannel.intake.refusals import Refusal, Refusals
from fannel.intake.v3 import Heard, V3Intake
from fannel.intake.v3_users import usm_user
from fannel.wire.snmpv3 import read_envelope
from fannel.wire.v3_sender import V3Sender

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
DEVICE = bytes.fromhex("80001f8804") + b"device"
START = datetime(2026, 1, 1, tzinfo=UTC)
NOC = TrapUser(name="noc", auth="sha256", auth_password="s3cret-auth-pw", sources=("192.0.2.0/24",))
NOBODY = TrapUser(name="noc", sources=("192.0.2.0/24",))


class Lab:
    """One start of an engine in a folder, and what it reported."""

    def __init__(self, path, **options) -> None:
        self.reports: list[bytes] = []
        self.counters = Counters()
        self.engine = EngineFile.open(path)
        self.intake = V3Intake([NOC], self.engine, self._report, self.counters, START, **options)

    def _report(self, datagram: Datagram, reply: bytes) -> None:
        self.reports.append(reply)

    def trap(self, after_s=1.0, engine_time=1000) -> Heard | Refusal:
        return self._accept(
            V3Sender(usm_user(NOC), DEVICE).encode(LINK_DOWN, boots=3, engine_time=engine_time), after_s
        )

    def inform(self, after_s: float, engine_time: int) -> Heard | Refusal:
        sender = V3Sender(usm_user(NOC), self.engine.engine_id)
        boots = self.engine.boots
        return self._accept(sender.encode(LINK_DOWN, boots=boots, engine_time=engine_time, pdu="inform"), after_s)

    def discovery(self, after_s: float) -> Heard | Refusal:
        return self._accept(
            V3Sender(usm_user(NOBODY), b"").encode(LINK_DOWN, boots=0, engine_time=0, pdu="inform"), after_s
        )

    def _accept(self, payload: bytes, after_s: float) -> Heard | Refusal:
        return self.intake.accept(Datagram(payload, "192.0.2.1", 40000, START + timedelta(seconds=after_s)))


@pytest.fixture
def start(tmp_path):
    labs = []

    def one(**options) -> Lab:
        labs.append(Lab(tmp_path / "engine.json", **options))
        return labs[-1]

    yield one
    labs[-1].intake.close()


def test_reports_are_sent_up_to_a_limit_each_second_and_the_rest_is_counted(start):
    lab = start(most_reports_per_s=3)
    refusals = [lab.discovery(10 + n / 10) for n in range(8)]
    assert len(lab.reports) == 3
    assert lab.counters.get("reports_suppressed") == 5
    assert {refusal.reason for refusal in refusals} == {"unknown_engine"}
    lab.discovery(11.5)
    assert len(lab.reports) == 4


def test_the_steps_of_a_discovery_are_not_said_and_do_not_count_as_unsaid(start):
    lab, refusals = start(), Refusals()
    assert refusals.say(lab.discovery(1), START) is None
    assert refusals.say(lab.inform(2, engine_time=5000), START) is None
    assert len(lab.reports) == 2
    assert refusals.say(Refusal("undecodable", "192.0.2.9", ""), START).unsaid == 0


def test_an_old_trap_is_said(start):
    lab = start()
    assert isinstance(lab.trap(engine_time=1000), Heard)
    old = lab.trap(engine_time=10)
    assert (old.reason, old.routine) == ("not_in_time_window", False)


@pytest.mark.parametrize("set_to_s", [-3600.0, 0.0], ids=["an hour back", "to the start"])
def test_a_clock_set_back_does_not_stop_our_engines_time(start, set_to_s):
    lab = start()
    assert isinstance(lab.inform(1000, engine_time=1000), Heard)
    lab.trap(set_to_s)
    assert isinstance(lab.inform(set_to_s + 200, engine_time=1200), Heard)


def test_an_inform_that_had_to_wait_is_judged_and_answered_as_of_its_arrival(start):
    lab = start()
    waited = lab.inform(1000, engine_time=1000)
    lab.intake.save()
    assert read_envelope(waited.respond()).time == 1000
    assert isinstance(lab.inform(1001, engine_time=1001), Heard)


def test_a_restart_goes_on_with_the_clocks_of_the_senders(start):
    lab = start()
    lab.trap(after_s=1, engine_time=1000)
    lab.intake.close()
    again = start()
    assert again.trap(engine_time=800).reason == "not_in_time_window"
    assert isinstance(again.trap(engine_time=1001), Heard)


def test_when_it_was_heard_is_kept_in_seconds_since_the_epoch(start):
    lab = start()
    lab.trap(after_s=50)
    lab.intake.save()
    (clock,) = lab.engine.clocks
    assert clock.heard_at == pytest.approx(START.timestamp() + 50)


def test_a_disk_that_is_full_is_counted_and_tried_again(start, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    lab = start()
    lab.trap()
    with monkeypatch.context() as broken:
        broken.setattr("fannel.atomic.replacing", full)
        lab.intake.save()
    assert lab.counters.get("engine_file_errors") == 1
    lab.intake.save()
    assert b"80001f8804" in lab.engine._path.read_bytes()


def test_nothing_is_written_while_nothing_is_heard(start):
    lab = start()
    before = lab.engine._path.stat().st_ino
    lab.intake.save()
    assert lab.engine._path.stat().st_ino == before
