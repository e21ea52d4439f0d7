"""Datagrams through a load balancer: whose header is believed, and what is within."""

import struct
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from fannel.intake.datagram import Datagram, Note
from fannel.intake.proxied import Inner, unwrap
from fannel.intake.refusals import Refusal, Refusals
from fannel.wire.proxy import SIGNATURE

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BALANCER = "198.51.100.7"
BALANCERS = (ip_network("198.51.100.0/28"),)
INNER = b"0the notification"


def proxied(payload=INNER, *, source="192.0.2.1", port=40000, command=1):
    addresses = ip_address(source).packed + ip_address(BALANCER).packed + struct.pack("!HH", port, 162)
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, 0x12, len(addresses)) + addresses + payload


def arrived(payload, source=BALANCER):
    return Datagram(payload, source, 5555, NOW, Note.ACKNOWLEDGED)


def test_the_sender_is_the_one_the_load_balancer_names():
    found = unwrap(arrived(proxied()), BALANCERS)
    assert found == Inner(Datagram(INNER, "192.0.2.1", 40000, NOW, Note.ACKNOWLEDGED), proxy=BALANCER)


def test_a_datagram_without_header_is_taken_as_it_is_wherever_it_comes_from():
    for source in (BALANCER, "192.0.2.1"):
        assert unwrap(arrived(INNER, source), BALANCERS) == Inner(arrived(INNER, source), proxy=None)


@pytest.mark.parametrize(("source", "networks"), [("192.0.2.66", BALANCERS), (BALANCER, ())])
def test_a_header_from_elsewhere_is_refused(source, networks):
    refusal = unwrap(arrived(proxied(), source), networks)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.source, refusal.routine) == ("proxy_not_allowed", source, False)
    assert "trap.proxy_from" in refusal.detail


def test_a_broken_header_is_refused_in_the_load_balancers_name():
    refusal = unwrap(arrived(proxied(command=7)), BALANCERS)
    assert (refusal.reason, refusal.source) == ("proxy_malformed", BALANCER)
    assert "command 7" in refusal.detail


def test_a_load_balancers_check_is_counted_and_not_said():
    refusal = unwrap(arrived(proxied(b"", command=0)), BALANCERS)
    assert refusal.reason == "proxy_check"
    assert Refusals().say(refusal, NOW) is None


def test_what_a_load_balancer_sends_for_itself_is_its_own():
    assert unwrap(arrived(proxied(command=0)), BALANCERS) == Inner(arrived(INNER), proxy=None)
