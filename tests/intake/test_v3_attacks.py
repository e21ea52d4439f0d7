"""What somebody on the network can try against SNMPv3: recordings, wrong clocks, borrowed names, floods."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest
from v3_lab import DEVICE, LINK_DOWN, NOC, START, USER, Lab

from fannel.intake.answerer import MOST_REPORTS_PER_S
from fannel.intake.datagram import Datagram, Note
from fannel.intake.offenders import MOST_REMEMBERED
from fannel.intake.refusals import MOST, Refusal, Refusals
from fannel.wire.engine import TIME_WINDOW_S
from fannel.wire.message import Message
from fannel.wire.usm import UserBook, UsmUser
from fannel.wire.v3_sender import V3Sender

OTHER = bytes.fromhex("80001f8804") + b"other"
HOUR = 3600.0
MANY = 10_000


@pytest.fixture
def lab(tmp_path):
    one = Lab(tmp_path)
    yield one
    one.close()


def through(
    lab: Lab, payload: bytes, after_s: float = 1.0, source: str = "192.0.2.1", *, uptime_s: float | None = None
) -> str:
    """What becomes of a datagram on its way through both: "accepted", or why not.

    `after_s` is the wall clock's time; `uptime_s`, the same unless it is said, is how long the receiver really is up.
    """
    lab.uptime_s = after_s if uptime_s is None else uptime_s
    datagram = Datagram(payload, source, 40000, START + timedelta(seconds=after_s))
    if lab.answerer.concerns(payload):
        judged = lab.answerer.judge(datagram)
        if not judged.keep:
            return judged.rejected
        datagram = datagram._replace(note=judged.note)
    outcome = lab.intake.accept(datagram)
    return "accepted" if isinstance(outcome, Message) else outcome.reason


def trap(engine_time=1000, *, boots=3, sender=None, **options) -> bytes:
    return (sender or V3Sender(USER, DEVICE)).encode(LINK_DOWN, boots=boots, engine_time=engine_time, **options)


def with_octet(payload: bytes, at: int, octet: int) -> bytes:
    return payload[:at] + bytes([octet]) + payload[at + 1 :]


class TestRecordings:
    def test_a_trap_is_taken_once_whatever_address_it_comes_from_and_whenever(self, lab):
        recorded = trap()
        assert through(lab, recorded) == "accepted"
        assert through(lab, recorded, source="192.0.2.9") == "replayed"
        assert through(lab, trap(1000 + 600), 601) == "accepted"
        assert through(lab, recorded, 601) == "not_in_time_window"
        lab.restart()
        assert through(lab, recorded, 602) == "not_in_time_window"

    def test_a_trap_is_not_taken_again_for_octets_added_behind_it(self, lab):
        recorded = trap()
        assert through(lab, recorded) == "accepted"
        assert through(lab, recorded + b"\0") == "replayed"

    def test_an_inform_is_of_now_or_refused(self, lab):
        recorded = lab.inform(engine_time=10)
        assert through(lab, recorded, 10) == "accepted"
        assert through(lab, recorded, 10 + TIME_WINDOW_S + 2) == "not_in_time_window"
        lab.restart()
        assert through(lab, recorded, 10) == "not_in_time_window"

    def test_an_inform_does_not_become_a_trap_or_lose_its_flag_on_the_way(self, lab):
        """Without the flag it would pass the receiver by, were our engine not in it. The code covers the flag."""
        recorded = lab.inform(engine_time=10)
        flags = recorded.index(bytes.fromhex("0401070201"), 0) + 2
        assert recorded[flags] == 7
        assert through(lab, with_octet(recorded, flags, 3), 500) == "wrong_digest"

    def test_no_note_that_comes_with_a_datagram_is_believed_by_the_receiver(self, lab):
        lab.uptime_s = 500
        datagram = Datagram(lab.inform(engine_time=10), "192.0.2.1", 40000, START, Note.ACKNOWLEDGED)
        assert not lab.answerer.judge(datagram).keep


class TestClocks:
    @pytest.mark.parametrize("off_s", [-TIME_WINDOW_S - 1, TIME_WINDOW_S + 1, HOUR, 10 * 365 * 24 * HOUR])
    def test_an_inform_of_the_past_or_the_future_is_refused(self, lab, off_s):
        assert through(lab, lab.inform(engine_time=int(HOUR + off_s)), HOUR) == "not_in_time_window"

    @pytest.mark.parametrize("off", [-1, 1, 2**31 - 2])
    def test_an_inform_of_other_boots_is_refused(self, lab, off):
        assert through(lab, lab.inform(boots=lab.engine.boots + off)) == "not_in_time_window"

    def test_when_our_clock_is_set_back_an_hour_no_recording_of_that_hour_counts(self, lab):
        recorded, inform = trap(1000), lab.inform(engine_time=60)
        assert through(lab, recorded, 60) == "accepted"
        assert through(lab, inform, 60) == "accepted"
        assert through(lab, trap(1000 + 3600), 60 + HOUR) == "accepted"
        for set_back in (60.0, 61.0):
            up = {"uptime_s": set_back + HOUR}
            assert through(lab, recorded, set_back, **up) == "not_in_time_window"
            assert through(lab, inform, set_back, **up) == "not_in_time_window"
        assert through(lab, trap(1000 + 3602), 62) == "accepted", "and what is new goes on"
        assert through(lab, lab.inform(engine_time=62 + 3600), 62, uptime_s=62 + HOUR) == "accepted"

    def test_a_forged_trap_of_the_last_boots_does_not_latch_its_engine(self, lab):
        forger = V3Sender(replace(USER, auth_password="not-the-password"), DEVICE)
        assert through(lab, trap()) == "accepted"
        assert through(lab, trap(boots=2**31 - 1, sender=forger)) == "wrong_digest"
        assert through(lab, trap(1001)) == "accepted"


class TestBorrowedNames:
    def test_the_key_of_one_engine_does_not_open_another(self, lab):
        """Whoever took a device's localised key out of its memory speaks as that device and as no other."""
        book = UserBook([USER])
        stolen = replace(
            USER,
            engine_id=DEVICE,
            auth_password=None,
            priv_password=None,
            auth_key=book._localised(USER.auth_protocol, USER.auth_password, DEVICE),
            priv_key=book._localised(USER.auth_protocol, USER.priv_password, DEVICE)[:16],
        )
        assert through(lab, trap(sender=V3Sender(stolen, DEVICE))) == "accepted"
        assert through(lab, trap(sender=V3Sender(stolen, OTHER))) == "wrong_digest"
        assert through(lab, lab.inform(stolen)) == "wrong_digest"

    def test_a_user_of_a_network_does_not_speak_for_an_engine_that_has_its_own(self, tmp_path):
        bound = NOC.model_copy(update={"engine_id": DEVICE.hex(), "sources": (), "auth_password": NOC.priv_password})
        lab = Lab(tmp_path, NOC, bound)
        assert through(lab, trap(sender=V3Sender(USER, OTHER))) == "accepted"
        assert through(lab, trap(sender=V3Sender(USER, DEVICE))) == "wrong_digest"
        own = replace(USER, auth_password=USER.priv_password)
        assert through(lab, trap(sender=V3Sender(own, DEVICE)), source="203.0.113.1") == "accepted"
        lab.close()

    def test_our_own_engine_is_nobody_elses(self, lab):
        forger = V3Sender(replace(USER, auth_password="not-the-password"), lab.engine.engine_id)
        for reportable in (False, True):
            assert through(lab, trap(sender=forger, reportable=reportable)) == "wrong_digest"
        assert lab.intake._receiver.engines() == ()

    def test_a_user_learned_in_a_network_is_unknown_outside(self, lab):
        assert through(lab, trap(), source="203.0.113.1") == "unknown_user"


class TestFloods:
    def test_discoveries_of_ten_thousand_addresses_get_two_hundred_reports_a_second_and_leave_nothing(self, lab):
        payload = V3Sender(UsmUser(name="noc", sources=USER.sources), b"").encode(
            LINK_DOWN, boots=0, engine_time=0, pdu="inform"
        )

        def flood(addresses: int) -> int:
            replies = 0
            for n in range(addresses):
                lab.uptime_s = 2 * n / MANY
                at = START + timedelta(seconds=lab.uptime_s)
                judged = lab.answerer.judge(Datagram(payload, f"10.0.{n // 250}.{n % 250}", 40000, at))
                assert (judged.keep, judged.rejected) == (False, "unknown_engine")
                replies += judged.reply is not None
            return replies

        assert flood(MANY) <= 3 * MOST_REPORTS_PER_S
        assert lab.counters.get("reports_suppressed") >= MANY - 3 * MOST_REPORTS_PER_S
        assert len(lab.answerer._receiver._sessions) == 0
        assert len(lab.answerer._turned_away) <= MOST_REMEMBERED

    @pytest.mark.parametrize("pdu", ["trap", "inform"])
    def test_ten_thousand_addresses_and_engines_that_fail_leave_nothing_and_are_said_ten_times(self, lab, pdu):
        """Each datagram is another's: its address, its engine, its user."""
        engine = lab.engine.engine_id if pdu == "inform" else None
        template = trap(sender=V3Sender(replace(USER, auth_password="not-the-password"), engine or DEVICE), pdu=pdu)
        refusals = Refusals()
        said = []

        def flood(first: int, count: int) -> None:
            for n in range(first, first + count):
                payload = template
                if engine is None:
                    payload = template.replace(DEVICE, DEVICE[:-2] + n.to_bytes(2))
                address = f"192.0.2.{n % 250}" if n % 2 else f"10.0.{n // 250}.{n % 250}"
                datagram = Datagram(payload, address, 40000, START + timedelta(seconds=n / MANY))
                assert lab.answerer.judge(datagram).keep
                refusal = lab.intake.accept(datagram)
                assert isinstance(refusal, Refusal)
                said.extend(filter(None, [refusals.say(refusal, datagram.received_at)]))

        tracemalloc.start()
        flood(0, MANY - 1000)  # now what is bounded is full
        before, _ = tracemalloc.get_traced_memory()
        flood(MANY - 1000, 1000)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < 50_000
        assert {one.reason for one in said} == {"unknown_user", "wrong_digest"}
        assert len(said) <= MOST + 2
        assert len(lab.intake._receiver._sessions) == len(lab.answerer._receiver._sessions) == 0
        assert lab.intake._receiver.engines() == ()
