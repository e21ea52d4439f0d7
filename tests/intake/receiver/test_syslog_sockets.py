"""Syslog on the receiver's UDP sockets: kept as it came, marked as what it is, and never answered."""

from __future__ import annotations

import pytest
from receiving import Sender, inform, settings, spooled, trap, until

from fannel.config import ConfigError, Receiver, Syslog, Trap
from fannel.config.address import Address
from fannel.intake.answerer import Answerer
from fannel.intake.datagram import Note, Transport
from fannel.intake.receiver import receiver

LINE = b"<189>521: router1: *Nov 14 08:30:56.699: %LINK-5-CHANGED: Interface Gi0/1, changed state to down"
ANY = (Address("127.0.0.1", 0),)


@pytest.fixture
def running(tmp_path):
    """A receiver with one socket for each, and canaries on both."""
    told = settings(tmp_path, canary_every_s=0.2).model_copy(update={"syslog": Syslog(udp=ANY)})
    started = receiver.Receiver(told)
    try:
        started.start(Answerer.open(Trap(), started.counters))
        yield started
    finally:
        started.stop()


def kept(tmp_path):
    return [datagram for datagram in spooled(tmp_path) if datagram.note is not Note.CANARY]


def test_each_datagram_knows_by_which_socket_it_came(running, tmp_path):
    traps, lines = running.listeners
    Sender(traps).send(trap())
    Sender(lines).send(LINE)
    until(lambda: len(kept(tmp_path)) == 2)
    assert {datagram.transport: datagram.payload for datagram in kept(tmp_path)} == {
        Transport.SNMP_UDP: trap(),
        Transport.SYSLOG_UDP: LINE,
    }


def test_an_inform_to_the_syslog_port_is_a_strange_line_and_not_answered(running, tmp_path):
    sender = Sender(running.listeners[1])
    sender.send(inform())
    until(lambda: kept(tmp_path))
    (datagram,) = kept(tmp_path)
    assert (datagram.transport, datagram.note) == (Transport.SYSLOG_UDP, Note.NONE)
    assert sender.answer(0.5) is None
    assert running.counters.get("acknowledged") == 0


def test_canaries_come_through_both_sockets(running, tmp_path):
    until(lambda: {d.transport for d in spooled(tmp_path)} == {Transport.SNMP_UDP, Transport.SYSLOG_UDP})
    assert {datagram.note for datagram in spooled(tmp_path)} == {Note.CANARY}
    until(lambda: all(vital.ok for vital in running.vitals()))
    assert [vital.name.split(" 127")[0] for vital in running.vitals()[:2]] == ["socket udp", "socket syslog udp"]


def test_what_was_in_the_kernel_at_the_end_is_kept(tmp_path, running):
    Sender(running.listeners[1]).send(*[b"<14>line %d" % number for number in range(50)])
    running.stop()
    assert len(kept(tmp_path)) == 50


@pytest.mark.parametrize(
    ("receives", "expected"),
    [
        (("snmp_trap",), [Transport.SNMP_UDP]),
        (("syslog",), [Transport.SYSLOG_UDP]),
        (("snmp_trap", "syslog"), [Transport.SNMP_UDP, Transport.SYSLOG_UDP]),
    ],
)
def test_only_what_is_to_be_received_is_listened_for(tmp_path, receives, expected):
    told = settings(tmp_path).model_copy(
        update={"syslog": Syslog(udp=ANY), "receiver": Receiver(receives=receives, so_rcvbuf=4096)}
    )
    bound = receiver.Receiver(told)
    try:
        assert [listener.transport for listener in bound.listeners] == expected
    finally:
        bound.stop()


def test_nothing_to_listen_for_is_a_mistake(tmp_path):
    told = settings(tmp_path).model_copy(update={"receiver": Receiver(receives=("syslog",))})
    with pytest.raises(ConfigError, match=r"syslog\.udp"):
        receiver.Receiver(told)
