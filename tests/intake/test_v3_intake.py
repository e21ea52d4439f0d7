"""SNMPv3 as the observer judges it: by the senders' clocks, on the receiver's word for what names our own engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from v3_lab import DEVICE, LINK_DOWN, NOC, START, USER, Lab

from fannel.intake import clocks_file
from fannel.intake.clocks_file import ClocksFile
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram, Note
from fannel.intake.engine_file import EngineFile
from fannel.intake.v3 import V3Intake
from fannel.wire.message import Message
from fannel.wire.usm import SecurityLevel, UsmUser
from fannel.wire.v3_sender import V3Sender

HOURS = 6 * 3600.0


@pytest.fixture
def lab(tmp_path):
    one = Lab(tmp_path)
    yield one
    one.close()


class TestInforms:
    def test_one_that_was_acknowledged_is_accepted_hours_later(self, lab):
        kept = lab.spooled(lab.inform())
        assert kept.note is Note.ACKNOWLEDGED
        lab.trap(after_s=HOURS)
        assert lab.intake.accept(kept).pdu == "inform"

    def test_and_after_restarts_of_both_when_boots_have_moved_on(self, lab):
        kept = lab.spooled(lab.inform())
        for _ in range(3):
            lab.restart()
        assert isinstance(lab.intake.accept(kept), Message)

    def test_and_when_the_engine_file_was_lost_so_that_we_are_another_engine(self, lab):
        kept = lab.spooled(lab.inform())
        before = lab.engine.engine_id
        lab.path.unlink()
        lab.restart()
        assert lab.engine.engine_id != before
        assert isinstance(lab.intake.accept(kept), Message)

    def test_and_read_twice_because_the_first_observer_was_killed(self, lab):
        kept = lab.spooled(lab.inform())
        assert isinstance(lab.intake.accept(kept), Message)
        lab.kill_observer()
        assert isinstance(lab.intake.accept(kept), Message)

    @pytest.mark.parametrize(
        ("user", "options", "reason"),
        [
            (replace(USER, auth_password="not-the-password"), {}, "wrong_digest"),
            (replace(USER, name="somebody"), {}, "unknown_user"),
            (replace(USER, priv_password="not-the-password"), {}, "decryption_error"),
            (USER, {"level": SecurityLevel.AUTH_NO_PRIV}, "unsupported_level"),
        ],
        ids=["digest", "user", "decryption", "level"],
    )
    def test_one_that_failed_is_refused_for_the_reason_its_sender_was_told(self, lab, user, options, reason):
        kept = lab.spooled(lab.inform(user, **options))
        assert kept.note is Note.NONE
        refusal = lab.intake.accept(kept)
        assert (refusal.reason, refusal.routine) == (reason, False)

    def test_the_receivers_word_does_not_make_a_forged_one_genuine(self, lab):
        forged = lab.inform(replace(USER, auth_password="not-the-password"))
        datagram = Datagram(forged, "192.0.2.1", 40000, START, Note.ACKNOWLEDGED)
        assert lab.intake.accept(datagram).reason == "wrong_digest"

    def test_a_genuine_one_without_the_receivers_word_was_not_of_now(self, lab):
        kept = lab.spooled(lab.inform(boots=9, reportable=False))
        assert kept.note is Note.NONE
        assert lab.intake.accept(kept).reason == "not_in_time_window"

    def test_a_receiver_that_began_another_engine_is_followed_without_a_restart(self, lab):
        lab.answerer.close()
        lab.path.unlink()
        lab.start_receiver()
        kept = lab.spooled(lab.inform(boots=9, reportable=False))
        assert lab.intake.accept(kept).reason == "not_in_time_window", "it names our engine, as we found"

    def test_a_receiver_that_came_after_us_is_found(self, tmp_path):
        clocks = ClocksFile.open(clocks_file.beside(tmp_path / "engine.json"))
        intake = V3Intake((NOC,), tmp_path / "engine.json", clocks, Counters(), START)
        engine = EngineFile.open(tmp_path / "engine.json")
        payload = V3Sender(USER, engine.engine_id).encode(LINK_DOWN, boots=9, engine_time=1, pdu="inform")
        assert intake.accept(Datagram(payload, "192.0.2.1", 40000, START)).reason == "not_in_time_window"
        engine.close()
        intake.close()

    def test_a_trap_that_names_our_engine_is_taken_on_the_receivers_word(self, lab):
        payload = V3Sender(USER, lab.engine.engine_id).encode(LINK_DOWN, boots=lab.engine.boots, engine_time=1)
        kept = lab.spooled(payload)
        lab.restart()
        assert isinstance(lab.intake.accept(kept), Message)
        assert lab.intake.accept(kept._replace(note=Note.NONE)).reason == "not_in_time_window"


class TestTraps:
    def test_one_of_its_senders_clock_is_accepted_and_an_old_one_is_said(self, lab):
        assert isinstance(lab.trap(engine_time=1000), Message)
        old = lab.trap(engine_time=10)
        assert (old.reason, old.routine) == ("not_in_time_window", False)

    def test_one_that_wants_reports_although_it_should_not_is_accepted(self, lab):
        assert isinstance(lab.trap(reportable=True), Message)

    def test_a_replayed_one_is_refused(self, lab):
        payload = V3Sender(USER, DEVICE).encode(LINK_DOWN, boots=3, engine_time=1000)
        datagram = Datagram(payload, "192.0.2.1", 40000, START)
        assert isinstance(lab.intake.accept(datagram), Message)
        assert lab.intake.accept(datagram._replace(source_port=50000)).reason == "replayed"

    def test_a_clock_set_back_an_hour_refuses_nothing_new_and_revives_nothing_old(self, lab):
        lab.trap(engine_time=5000, after_s=4000)
        assert isinstance(lab.trap(engine_time=5010, after_s=410), Message)
        assert lab.trap(engine_time=1010, after_s=410).reason == "not_in_time_window"

    def test_nor_does_one_set_back_before_a_restart(self, lab):
        lab.trap(engine_time=5000, after_s=4000)
        lab.intake.close()
        lab.start_observer(START + timedelta(seconds=400))
        assert isinstance(lab.trap(engine_time=5010, after_s=410), Message)
        assert lab.trap(engine_time=1010, after_s=410).reason == "not_in_time_window"

    def test_boots_at_their_last_are_refused_and_the_engine_with_them(self, lab):
        """RFC 3414 §2.2.3: such a clock is latched, and whoever recorded one message could send it for ever."""
        latched = 2**31 - 1
        assert lab.trap(boots=latched).reason == "not_in_time_window"
        lab.trap(boots=3)
        assert lab.trap(boots=latched, engine_time=2000).reason == "not_in_time_window"
        assert lab.trap(boots=3, engine_time=2000).reason == "not_in_time_window"

    def test_a_restart_goes_on_with_the_clocks_of_the_senders(self, lab):
        lab.trap(engine_time=1000)
        lab.restart()
        assert lab.trap(engine_time=800).reason == "not_in_time_window"
        assert isinstance(lab.trap(engine_time=1001), Message)


class TestKeepingTheClocks:
    def test_when_it_was_heard_is_kept_in_seconds_since_the_epoch(self, lab):
        lab.trap(after_s=50)
        lab.intake.save()
        (clock,) = lab.clocks.clocks
        assert clock.heard_at == pytest.approx(START.timestamp() + 50)

    def test_a_trap_that_the_spool_still_holds_is_not_too_old_after_a_kill(self, lab):
        """The clock moved on by 1,000 s and by a boot, while the first trap waited for the rules."""
        waits = {"engine_time": 1000, "after_s": 0.0}
        lab.trap(**waits)
        for minute in range(1, 20):
            lab.uptime_s = 60.0 * minute
            lab.trap(engine_time=1000 + 60 * minute, after_s=60.0 * minute, boots=3 if minute < 18 else 4)
            lab.intake.save(oldest_s=lab.uptime_s)
        lab.kill_observer()
        assert isinstance(lab.trap(**waits), Message)

    def test_the_clocks_follow_as_what_was_read_is_acknowledged(self, lab):
        for minute in range(1, 20):
            lab.uptime_s = 60.0 * minute
            lab.trap(engine_time=1000 + 60 * minute, after_s=60.0 * minute)
            lab.intake.save(oldest_s=10.0)
        lab.kill_observer()
        (clock,) = lab.clocks.clocks
        assert clock.time == 1000 + 60 * 18

    def test_nothing_is_written_while_nothing_is_heard(self, lab):
        lab.trap()
        lab.intake.save()
        path = clocks_file.beside(lab.path)
        before = path.stat().st_ino
        lab.intake.accept(lab.spooled(lab.inform(), after_s=2.0))
        lab.intake.save()
        assert path.stat().st_ino == before

    def test_a_disk_that_is_full_is_counted_and_tried_again(self, lab, monkeypatch):
        def full(path):
            raise OSError(28, "No space left on device")

        lab.trap()
        with monkeypatch.context() as broken:
            broken.setattr("fannel.atomic.replacing", full)
            lab.intake.save()
        assert lab.counters.get("engine_file_errors") == 1
        lab.intake.save()
        assert DEVICE.hex() in clocks_file.beside(lab.path).read_text()


def test_no_secret_is_in_a_refusal(lab):
    nobody = UsmUser(name="noc", sources=USER.sources)
    for payload in (lab.inform(replace(USER, auth_password="not-the-password")), lab.inform(nobody)):
        shown = repr(lab.intake.accept(Datagram(payload, "192.0.2.1", 40000, START)))
        assert "s3cret" not in shown
