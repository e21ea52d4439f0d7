"""The receiver: real sockets, a real spool. What arrives is kept, answered once it is kept, and counted."""

from __future__ import annotations

import pytest
from receiving import Sender, inform, payloads, receiving, spooled, trap, until

from fannel.intake.answerer import Judgement
from fannel.intake.datagram import Note
from fannel.intake.receiver.ledger import missing
from fannel.wire.snmp import inform_response


def test_what_arrives_is_in_the_spool_in_order_with_its_source(tmp_path):
    sent = [trap(n) for n in range(300)]
    with receiving(tmp_path) as receiver:
        sender = Sender(receiver.listeners[0])
        sender.send(*sent)
        port = sender.socket.getsockname()[1]
        until(lambda: receiver.counters.get("spooled") == 300)
    found = spooled(tmp_path)
    assert [datagram.payload for datagram in found] == sent
    assert {datagram[1:3] for datagram in found} == {("127.0.0.1", port)}
    assert {datagram.note for datagram in found} == {Note.NONE}


def test_it_listens_on_several_addresses_of_both_families(tmp_path):
    with receiving(tmp_path, "127.0.0.1", "127.0.0.2", "::1") as receiver:
        for n, listener in enumerate(receiver.listeners):
            Sender(listener).send(trap(n), inform(n))
        senders = [Sender(listener) for listener in receiver.listeners]
        for n, sender in enumerate(senders):
            sender.send(inform(10 + n))
            assert sender.answer() == inform_response(inform(10 + n))
    assert {datagram.source for datagram in spooled(tmp_path)} == {"127.0.0.1", "::1"}
    assert len(spooled(tmp_path)) == 9


def test_a_sender_of_either_family_is_heard_and_answered_on_two_colons(tmp_path):
    with receiving(tmp_path, "::") as receiver:
        port = receiver.listeners[0].address.port
        for n, host in enumerate(("127.0.0.1", "::1")):
            sender = Sender(host, port)
            sender.send(inform(n))
            assert sender.answer() == inform_response(inform(n))
    assert [datagram.source for datagram in spooled(tmp_path)] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_answer_comes_from_the_address_that_was_asked(tmp_path, host):
    """A connected socket takes no other, as net-snmp and firewalls do not."""
    with receiving(tmp_path, host) as receiver:
        port = receiver.listeners[0].address.port
        senders = [Sender(f"127.0.0.{n % 5 + 1}", port) for n in range(20)]
        for round_ in range(3):
            for n, sender in enumerate(senders):
                sender.send(trap(n), inform(100 * round_ + n))
            for n, sender in enumerate(senders):
                assert sender.answer() == inform_response(inform(100 * round_ + n)), sender.socket.getpeername()
    assert receiver.counters.get("acknowledged") == 60


class Reporting:
    """Whoever asks is told something at once."""

    def concerns(self, _):
        return True

    def judge(self, _):
        return Judgement(keep=False, reply=b"report", rejected="unknown_engine")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_report_comes_from_the_address_that_was_asked(tmp_path, host):
    with receiving(tmp_path, host, answers=Reporting()) as receiver:
        sender = Sender("127.0.0.3", receiver.listeners[0].address.port)
        sender.send(b"who are you?")
        assert sender.answer() == b"report"


@pytest.mark.parametrize("octets", [1, 511, 512, 513, 60_000, 65_507])
def test_a_datagram_of_any_length_arrives_whole(tmp_path, octets):
    payload = bytes(n % 251 for n in range(octets))
    with receiving(tmp_path) as receiver:
        Sender(receiver.listeners[0]).send(payload, b"next")
        until(lambda: receiver.counters.get("spooled") == 2)
    assert payloads(tmp_path) == [payload, b"next"]


def test_an_inform_is_answered_when_it_is_in_the_spool_and_says_so_there(tmp_path):
    with receiving(tmp_path) as receiver:
        sender = Sender(receiver.listeners[0])
        sender.send(inform())
        assert sender.answer() == inform_response(inform())
        (found,) = spooled(tmp_path)
    assert (found.payload, found.note) == (inform(), Note.ACKNOWLEDGED)
    assert receiver.counters.get("acknowledged") == 1


def test_stopped_it_has_kept_and_answered_what_the_kernel_had(tmp_path):
    with receiving(tmp_path) as receiver:
        sender = Sender(receiver.listeners[0])
        sender.send(*(trap(n) for n in range(1000)), inform())
    assert len(payloads(tmp_path)) == 1001
    assert sender.answer() == inform_response(inform())


def test_every_datagram_is_somewhere_at_any_time(tmp_path):
    with receiving(tmp_path) as receiver:
        sender = Sender(receiver.listeners[0])
        for n in range(20_000):
            sender.send(inform(n) if n % 100 == 0 else trap(n))
            if n % 50 == 0:
                assert missing(receiver.counters.snapshot()) == 0
    counts = receiver.counters.as_dict()
    assert missing(receiver.counters.snapshot()) == 0
    assert counts["received"] == 20_000
    assert counts["spooled"] > 0
    assert counts["buffered"] == 0
