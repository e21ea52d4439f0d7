"""Lines that devices send, and what a mean sender makes of them, travel the road: an event, valid and harmless."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from datagram_road import BALANCER, RELAY, SOURCE, DatagramRoad
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_datagram_road import mutations

from fannel.intake.datagram import SYSLOG
from fannel.wire.proxy import SIGNATURE
from fannel.wire.syslog_frames import Frames

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CORPUS = Path(__file__).parents[1] / "corpus"
LINES = sorted({path.read_bytes() for path in (*CORPUS.rglob("syslog.txt"), *(CORPUS / "syslog").rglob("*.txt"))})
HEADER = SIGNATURE + b"\x21\x11\0\x0c" + socket.inet_aton("192.0.2.9") + socket.inet_aton("192.0.2.1") + b"\0\1\0\2"
ATTACKS = (b"{{ lookup('pipe','id') }}", b"{% raw %}", b"#jinja2: x", b"\x1b[2J", b"\0", "\u202e".encode(), b"<!here>")

senders = st.sampled_from([SOURCE, RELAY])
ways = st.sampled_from(sorted(SYSLOG))


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    opened = DatagramRoad(tmp_path_factory.mktemp("road"))
    yield opened
    opened.close()


def test_there_are_lines_of_many_devices():
    assert len(LINES) > 80


@pytest.mark.parametrize("source", [SOURCE, RELAY])
def test_every_line_of_the_corpora_is_an_event(road, source):
    for line in LINES:
        for transport in SYSLOG:
            event = road.travel(line, source, transport)
            assert (event.via, event.refusal) == ("syslog", None)


@FUZZ
@given(st.sampled_from(LINES).flatmap(mutations), senders, ways)
def test_a_damaged_line_is_an_event_or_said_to_be_refused(road, line, source, transport):
    assert road.travel(line, source, transport).via == "syslog"


@FUZZ
@given(st.sampled_from(LINES), st.sampled_from(ATTACKS), st.floats(0, 1), senders, ways)
def test_an_attack_anywhere_in_a_line_comes_out_harmless(road, line, attack, where, source, transport):
    at = int(where * len(line))
    assert road.travel(line[:at] + attack + line[at:], source, transport).via == "syslog"


@FUZZ
@given(st.binary(max_size=2000), st.sampled_from([SOURCE, RELAY, BALANCER]), ways)
def test_any_octets_are_an_event_or_said_to_be_refused(road, octets, source, transport):
    assert road.travel(octets, source, transport).via == "syslog"


@FUZZ
@given((st.sampled_from([HEADER + line for line in LINES])).flatmap(mutations), ways)
def test_a_damaged_header_of_a_load_balancer_is_no_defect(road, octets, transport):
    event = road.travel(octets, BALANCER, transport)
    assert event is None or event.via == "syslog"


@FUZZ
@given(st.lists(st.sampled_from(LINES).flatmap(mutations), max_size=4), st.lists(st.integers(1, 200), max_size=10))
def test_what_a_connection_brings_travels_as_well(road, lines, sizes):
    octets, frames = b"".join(lines), Frames(2048)
    pieces = [octets[: sum(sizes)], octets[sum(sizes) :]]
    for line in [one for piece in pieces for one in frames.feed(piece)] + [frames.end() or b"x"]:
        assert road.travel(line, SOURCE, max(SYSLOG)).via == "syslog"
