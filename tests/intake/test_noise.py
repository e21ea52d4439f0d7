"""Lines of no known kind: which are for the rules, and how many of the others are recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fannel.event import Host, Source, Subject
from fannel.intake.noise import Noise
from fannel.kinds.classify import Classification
from fannel.normalise import syslog_event
from fannel.wire.syslog import SEVERITIES, SyslogMessage

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def line(tag="SYS-6-LOGGEDIN", *, severity="info", host="rt1", kind="unknown_syslog"):
    message = SyslogMessage("somebody logged in", "ios", severity=severity, tag=tag)
    found = Classification(kind, kind, "info", "info", Subject("message", tag))
    return syslog_event(
        message, found, received_at=NOON, source=Source("192.0.2.1"), host=Host(host, known=True, os="ios")
    )


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def test_what_is_severe_is_for_the_rules_and_is_always_recorded():
    noise = Noise("crit", 1)
    event = line(severity="alert")
    assert not noise.is_noise(event)
    assert all(noise.recorded(event, NOON) is event for _ in range(10))


def test_what_has_no_severity_is_noise():
    assert Noise("debug", 1).is_noise(line(severity=None))


def test_with_none_nothing_is_for_the_rules():
    assert all(Noise("none", 1).is_noise(line(severity=severity)) for severity in SEVERITIES)


def test_with_debug_all_severities_are_for_the_rules():
    assert not any(Noise("debug", 1).is_noise(line(severity=severity)) for severity in SEVERITIES)


def test_a_known_kind_is_no_noise_however_mild():
    noise = Noise("none", 1)
    event = line(kind="interface_up")
    assert all(noise.recorded(event, NOON) is event for _ in range(10))


def test_so_many_are_recorded_in_a_minute_and_the_next_tells_of_the_rest():
    noise = Noise("crit", 3)
    told = [noise.recorded(line(), after(second)) for second in range(10)]
    assert [event and event.repeats for event in told] == [1, 1, 1, *[None] * 7]
    assert noise.recorded(line(), after(60)).repeats == 8
    assert noise.recorded(line(), after(61)).repeats == 1


def test_each_device_and_each_tag_has_its_own_minute():
    noise = Noise("crit", 1)
    events = [line(tag=tag, host=host) for tag in ("A-6-B", "C-6-D") for host in ("rt1", "rt2")]
    assert all(noise.recorded(event, NOON) is event for event in events)
    assert not any(noise.recorded(event, NOON) for event in events)


def test_with_0_all_are_recorded():
    noise = Noise("crit", 0)
    assert all(noise.recorded(line(), NOON) is not None for _ in range(100))


def test_a_clock_that_is_set_back_holds_no_minute_open():
    noise = Noise("crit", 1)
    assert noise.recorded(line(), NOON)
    assert noise.recorded(line(), NOON - timedelta(days=1)) is None
    assert noise.recorded(line(), NOON - timedelta(days=1) + timedelta(seconds=61))


def test_memory_is_bounded():
    noise = Noise("crit", 1, most_streams=10)
    for number in range(100):
        noise.recorded(line(tag=f"A-6-T{number}"), NOON)
    assert len(noise) == 10


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 90)), max_size=60), st.integers(1, 4))
def test_every_line_is_told_or_still_to_be(arrivals, a_minute):
    noise, at, told = Noise("crit", a_minute), 0.0, 0
    for tag, wait in arrivals:
        at += wait
        event = noise.recorded(line(tag=tag), after(at))
        told += event.repeats if event else 0
    for tag in "abc":  # one more of each, a minute later, settles what is owed
        told += noise.recorded(line(tag=tag), after(at + 61)).repeats
    assert told == len(arrivals) + 3


def test_what_is_recorded_keeps_its_text_and_id():
    noise = Noise("crit", 1)
    noise.recorded(line(), NOON)
    noise.recorded(line(), NOON)
    event = line()
    recorded = noise.recorded(event, after(61))
    assert recorded == replace(event, repeats=2)
