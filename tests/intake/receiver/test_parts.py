"""The receiver's parts, each alone: the buffer and its bound, canaries, notices, drops, importance."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from receiving import COLD_START, LINK_DOWN, trap

from fannel.config.address import Address
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.listen import open_listeners
from fannel.intake.receiver.buffer import LINGER_S, MANY, Buffer
from fannel.intake.receiver.canary import Canaries, Canary
from fannel.intake.receiver.importance import is_info
from fannel.intake.receiver.kernel_drops import KernelDrops, drops_in_proc
from fannel.intake.receiver.mmsg import Chunk, Vector
from fannel.intake.receiver.notice import Notice, Notices

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LISTENER = SimpleNamespace(transport=Transport.SNMP_UDP)
NAME = bytes([2, 0, 0x9C, 0x40, 192, 0, 2, 1, *bytes(8)])


def chunk(count=1, octets=100):
    return Chunk(LISTENER, [bytes(octets)] * count, NAME * count, 16, NOON, count * octets)


@pytest.fixture
def listeners():
    opened = open_listeners([Address("127.0.0.1", 0)], so_rcvbuf=4096, reuse_port=False)
    yield opened
    opened[0].close()


class TestBuffer:
    @pytest.fixture
    def counters(self):
        return Counters()

    def test_what_does_not_fit_is_counted_and_the_rest_stays_in_order(self, counters):
        buffer = Buffer(counters, octets=1000)
        chunks = [chunk(octets=n) for n in (400, 500, 300, 100)]
        for one in chunks:
            buffer.put(one, urgent=True)
        assert buffer.take(10, 10_000, 0) == [chunks[0], chunks[1], chunks[3]]
        assert counters.as_dict() == {"received": 4, "buffered": 3, "lost.buffer_full": 1}

    def test_what_was_taken_makes_room(self, counters):
        buffer = Buffer(counters, octets=1000)
        for _ in range(5):
            buffer.put(chunk(octets=800), urgent=True)
            assert len(buffer.take(1, 1, 0)) == 1
        assert counters.get("lost") == 0
        assert buffer.filled == 0

    def test_it_gives_out_whole_chunks_until_a_number_is_reached(self, counters):
        buffer = Buffer(counters)
        for _ in range(4):
            buffer.put(chunk(10), urgent=True)
        assert len(buffer.take(15, 10**6, 0)) == 2
        assert len(buffer.take(10**6, 1, 0)) == 1

    def test_a_trap_waits_for_others_for_a_moment_only(self, counters):
        now = [100.0]
        buffer = Buffer(counters, clock=lambda: now[0])
        buffer.put(chunk(), urgent=False)
        assert buffer.ripen_due() == pytest.approx(LINGER_S)
        now[0] += LINGER_S
        assert buffer.ripen_due() is None
        assert buffer.take(1, 1000, timeout_s=60), "it would wait for a minute if it were not ripe"

    @pytest.mark.parametrize(("count", "urgent"), [(1, True), (MANY, False)])
    def test_what_is_urgent_or_many_does_not_wait(self, counters, count, urgent):
        buffer = Buffer(counters)
        buffer.put(chunk(count), urgent=urgent)
        assert buffer.take(1, 1000, timeout_s=60)
        assert buffer.ripen_due() is None


class TestVector:
    def test_a_chunk_of_large_datagrams_is_divided_without_losing_any(self):
        payloads = [bytes([n]) * 60_000 for n in range(9)]
        names = b"".join(NAME[:3] + bytes([n]) + NAME[4:] for n in range(9))
        whole = Chunk(LISTENER, payloads, names, 16, NOON, 540_000)
        parts = list(whole.divided(200_000))
        assert [datagram for part in parts for datagram in part.datagrams()] == list(whole.datagrams())
        assert max(part.octets for part in parts) <= 200_000

    def test_a_chunk_that_is_divided_still_knows_where_each_came_to(self):
        payloads, arrivals = [bytes([n]) * 60_000 for n in range(9)], bytes(n for n in range(9) for _ in range(40))
        whole = Chunk(LISTENER, payloads, NAME * 9, 16, NOON, 540_000, arrivals)
        parts = [(part, place) for part in whole.divided(200_000) for place in range(len(part.payloads))]
        assert [part.arrival(place) for part, place in parts] == [bytes([n]) * 40 for n in range(9)]
        assert [part.payloads[place] for part, place in parts] == payloads

    def test_a_socket_on_one_address_does_not_ask_where_they_came_to(self, listeners):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"one", listeners[0].address)
        assert Vector(listeners[0]).receive(NOON).arrival(0) == b""

    def test_an_icmp_error_of_an_earlier_answer_is_an_error_and_then_over(self, listeners):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            nobody = gone.getsockname()
        listeners[0].socket.connect(nobody)  # only a connected socket is told
        listeners[0].send(b"response", *nobody)
        vector = Vector(listeners[0])
        with pytest.raises(ConnectionRefusedError):
            vector.receive(NOON)
        assert vector.receive(NOON) is None


class TestKernelDrops:
    def test_what_the_socket_had_no_room_for_is_counted_once(self, listeners):
        drops = KernelDrops(listeners)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(500):
                sender.sendto(bytes(100), listeners[0].address)
        kept = 0
        vector = Vector(listeners[0])
        while (found := vector.receive(NOON)) is not None:
            kept += len(found.payloads)
        assert 0 < kept < 500
        assert drops.since_last() == 500 - kept
        assert drops.since_last() == 0
        assert drops_in_proc(listeners[0].socket) == 500 - kept, "the kernel's two ways to say it agree"

    def test_the_count_goes_on_where_32_bits_begin_anew(self, listeners, monkeypatch):
        values = iter([2**32 - 3, 4])
        monkeypatch.setattr("fannel.intake.receiver.kernel_drops._drops", lambda _: next(values))
        assert KernelDrops(listeners).since_last() == 7


class TestCanaries:
    def received(self, listener):
        listener.socket.setblocking(True)
        listener.socket.settimeout(5)
        return listener.socket.recv(1000)

    def test_it_is_well_while_they_come_through(self, listeners):
        canaries = Canaries(listeners, 10, now=0)
        for now in (0, 10, 20):
            canaries.send_due(now, NOON)
            canaries.spooled(self.received(listeners[0]), now + 1)
        (vital,) = canaries.vitals(45)
        assert vital.ok
        assert "24 s ago" in vital.detail

    def test_until_the_first_came_through_it_is_not_well(self, listeners):
        canaries = Canaries(listeners, 10, now=0)
        assert [vital.ok for vital in canaries.vitals(0)] == [False]
        canaries.send_due(0, NOON)
        canaries.spooled(self.received(listeners[0]), 1)
        assert [vital.ok for vital in canaries.vitals(1)] == [True]

    def test_one_that_did_not_arrive_is_named_with_its_listener(self, listeners):
        canaries = Canaries(listeners, 10, now=0)
        canaries.send_due(0, NOON)
        (vital,) = canaries.vitals(26)
        assert not vital.ok
        assert f"sent to {listeners[0]}" in vital.detail
        assert "not received" in vital.detail

    def test_one_the_spool_did_not_take_says_so(self, listeners):
        canaries = Canaries(listeners, 10, now=0)
        canaries.send_due(0, NOON)
        canaries.received(self.received(listeners[0]))
        (vital,) = canaries.vitals(26)
        assert "the spool did not take it" in vital.detail

    def test_the_same_one_twice_disturbs_nobody(self, listeners):
        canaries = Canaries(listeners, 10, now=0)
        canaries.send_due(0, NOON)
        payload = self.received(listeners[0])
        for _ in range(2):
            canaries.received(payload)
            canaries.spooled(payload, 1)
        assert not canaries.expected

    def test_only_the_last_of_each_listener_is_waited_for(self, listeners):
        canaries = Canaries(listeners, 10, now=0)
        for now in range(0, 1000, 10):
            canaries.send_due(now, NOON)
        assert len(canaries.expected) <= 2

    def test_off_means_none(self, listeners):
        canaries = Canaries(listeners, 0, now=0)
        canaries.send_due(1000, NOON)
        assert canaries.vitals(1000) == []
        assert not canaries.expected

    def test_it_can_be_read_back(self):
        canary = Canary("abc", "udp 127.0.0.1:162", NOON)
        assert Canary.read(canary.payload()) == canary

    @pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"\xff", b'{"canary": 1, "listener": 2, "sent_at": 3}'])
    def test_what_is_none_is_not_read_as_one(self, payload):
        with pytest.raises(ValueError, match=r".+"):
            Canary.read(payload)


class TestNotices:
    def test_the_first_loss_is_told_at_once_and_the_next_after_a_minute_with_what_was_added(self):
        counters = Counters()
        notices = Notices(counters, NOON)
        assert notices.due(NOON) is None
        counters.add("lost", "kernel", 5)
        first = notices.due(NOON + timedelta(seconds=1))
        assert first.note == Note.NOTICE
        assert Notice.read(first.payload) == Notice({"kernel": 5}, NOON)
        notices.told(first)
        counters.add("lost", "kernel", 2)
        counters.add("lost", "buffer_full", 3)
        assert notices.due(NOON + timedelta(seconds=60)) is None
        second = notices.due(NOON + timedelta(seconds=61))
        assert Notice.read(second.payload) == Notice({"kernel": 2, "buffer_full": 3}, NOON + timedelta(seconds=1))

    def test_what_the_spool_did_not_take_is_told_again(self):
        counters = Counters()
        notices = Notices(counters, NOON)
        counters.add("lost", "spool_refused", 5)
        assert notices.due(NOON) is not None
        assert Notice.read(notices.due(NOON).payload).lost == {"spool_refused": 5}

    def test_before_the_end_all_is_told(self):
        counters = Counters()
        notices = Notices(counters, NOON)
        counters.add("lost", "kernel")
        notices.told(notices.due(NOON))
        counters.add("lost", "kernel")
        assert notices.due(NOON) is None
        assert notices.due(NOON, final=True) is not None

    def test_a_clock_set_back_does_not_silence_it(self):
        counters = Counters()
        notices = Notices(counters, NOON)
        counters.add("lost", "kernel")
        notices.told(notices.due(NOON))
        counters.add("lost", "kernel")
        assert notices.due(NOON - timedelta(hours=1)) is not None

    @pytest.mark.parametrize("payload", [b"", b"{}", b'{"lost": 1, "since": ""}', b'{"lost": {}, "since": "noon"}'])
    def test_what_is_none_is_not_read_as_one(self, payload):
        with pytest.raises(ValueError, match=r".+"):
            Notice.read(payload)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (trap(oid=LINK_DOWN), False),
        (trap(oid="1.3.6.1.4.1.99999.0.1"), True),
        (trap(oid=COLD_START)[:-3], False),
        (b"", False),
        (b"\x30\x03\x02\x01\x03", False),
        (Canary("abc", "udp 127.0.0.1:162", NOON).payload(), False),
        (Notice({"kernel": 1}, NOON).payload(), False),
    ],
)
def test_only_what_merely_informs_may_go_first(payload, expected):
    counters = Counters()
    assert is_info(counters, Datagram(payload, "192.0.2.1", 1, NOON)) is expected
    assert not counters.get("defects", "classification")


def test_what_cannot_be_classified_by_a_defect_stays_and_is_counted(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("fannel.intake.receiver.importance._catalogues", broken)
    counters = Counters()
    payload = trap(oid=LINK_DOWN)
    assert not is_info(counters, Datagram(payload, "192.0.2.1", 1, NOON))
    assert counters.get("defects", "classification") == 1


def test_the_catalogues_are_not_loaded_before_somebody_asks():
    code = "import sys, fannel.intake.receiver.receiver; print('fannel.naming.catalogue' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
