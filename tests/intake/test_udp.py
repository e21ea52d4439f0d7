"""The listener: drains the kernel, keeps within its bounds, says what it lost."""

from __future__ import annotations

import socket
import time

import pytest

from fannel.intake.counters import Counters
from fannel.intake.listen import ListenError
from fannel.intake.udp import OVERHEAD_BYTES, UdpListener


@pytest.fixture
def counters():
    return Counters()


def listening(counters, host="127.0.0.1", **options):
    listener = UdpListener(host, 0, counters, **options)
    return listener, listener.open()


def send(port, *payloads, to="127.0.0.1", source="127.0.0.1"):
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    sender = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET:
        sender.bind((source, 0))
    for payload in payloads:
        sender.sendto(payload, (to, port))
    return sender


def take_all(listener, count):
    taken = []
    deadline = time.monotonic() + 5
    while len(taken) < count and time.monotonic() < deadline:
        taken += listener.take(1000, 0.1)
    return taken


def test_datagrams_come_in_order_with_their_source(counters):
    listener, port = listening(counters)
    send(port, b"one", b"two", source="127.0.1.1")
    one, two = take_all(listener, 2)
    listener.close()
    assert (one.payload, one.source, two.payload) == (b"one", "127.0.1.1", b"two")
    assert one.received_at.tzinfo is not None
    assert counters.get("received") == 2


def test_a_reader_that_does_nothing_for_a_while_loses_nothing(counters):
    listener, port = listening(counters)
    for number in range(20):
        send(port, *(f"{number}-{n}".encode() for n in range(100))).close()
        time.sleep(0.002)
    assert len(take_all(listener, 2000)) == 2000
    listener.close()


def test_when_the_buffer_is_full_the_oldest_go_and_are_counted(counters):
    listener, port = listening(counters, buffer_bytes=10 * (100 + OVERHEAD_BYTES))
    send(port, *(bytes([n]) * 100 for n in range(30)))
    while counters.get("received") < 30:
        time.sleep(0.01)
    kept = take_all(listener, 10)
    listener.close()
    assert [d.payload[0] for d in kept] == list(range(20, 30))
    assert counters.get("lost", "buffer_full") == 20


def test_on_two_colons_it_hears_both_families_and_names_v4_plainly(counters):
    listener, port = listening(counters, host="::")
    send(port, b"four")
    send(port, b"six", to="::1")
    assert {d.source for d in take_all(listener, 2)} == {"127.0.0.1", "::1"}
    listener.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
def test_an_answer_reaches_the_sender(counters, host):
    listener, port = listening(counters, host=host)
    sender = send(port, b"inform")
    (datagram,) = take_all(listener, 1)
    listener.acknowledge(datagram, b"response")
    sender.settimeout(5)
    assert sender.recv(100) == b"response"
    listener.close()
    assert counters.get("acknowledged") == 1


def test_a_sender_that_is_gone_disturbs_nobody(counters):
    listener, port = listening(counters)
    sender = send(port, b"inform")
    (datagram,) = take_all(listener, 1)
    sender.close()
    for _ in range(3):
        listener.acknowledge(datagram, b"response")
        time.sleep(0.02)
    send(port, b"still heard")
    assert [d.payload for d in take_all(listener, 1)] == [b"still heard"]
    listener.close()


@pytest.mark.parametrize(
    ("host", "words"), [("192.0.2.77", "no such address"), ("no.such.host.invalid", "not an address to listen on")]
)
def test_an_address_it_cannot_have_is_named_with_the_remedy(counters, host, words):
    with pytest.raises(ListenError, match=words) as raised:
        listening(counters, host=host)
    assert host in str(raised.value)


def test_closed_it_frees_the_port_and_keeps_what_came(counters):
    listener, port = listening(counters)
    send(port, b"last words")
    while not counters.get("received"):
        time.sleep(0.01)
    listener.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
    assert [d.payload for d in listener.take(10, 0)] == [b"last words"]
