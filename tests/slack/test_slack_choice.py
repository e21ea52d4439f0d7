"""What buttons carry comes back as it was written, and whatever else comes back is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from events import NOW, event
from hypothesis import given
from hypothesis import strategies as st
from slack_cases import NEIGHBOR, NEW, SYSTEM, UNKNOWN_HOST

from fannel.event import Subject
from fannel.incidents.silence import Silence
from fannel.incidents.silences import Silences
from fannel.slack.choice import LENGTHS, Longer, Quiet, incident_id, next_morning, scope_of

HOUR = timedelta(hours=1)
TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("part", ["fault", "host"])
@pytest.mark.parametrize("length", LENGTHS)
def test_what_was_chosen_is_read_back(part, length):
    chosen = Quiet("A-7F3K2Q", part, length)
    assert Quiet.read(chosen.value) == chosen
    assert len(chosen.value) <= 150


@given(st.integers(1, 10**9 - 1), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_later_end_is_read_back_to_the_second(silence, ends_at):
    longer = Longer(silence, ends_at.replace(tzinfo=UTC))
    assert Longer.read(longer.value) == replace(longer, ends_at=longer.ends_at.replace(microsecond=0))


@given(st.text() | st.sampled_from(["A-1/host/9h", "A-1/port/1h", "A-1//1h", "A-1/host/1h\n", "0/1795330807", "7/-1"]))
def test_what_nobody_wrote_is_nothing(value):
    assert Quiet.read(value) is None
    assert Longer.read(value) is None


@pytest.mark.parametrize("value", ["", "A-", "a-7f3k2q", "A-7F3K2Q ", "A-7F3K2Q/host/1h", "B-7F3K2Q", "A-" + "X" * 14])
def test_an_incident_is_named_exactly_or_not_at_all(value):
    assert incident_id(value) is None
    assert incident_id("A-7F3K2Q") == "A-7F3K2Q"


@pytest.mark.parametrize(
    ("now", "zone", "ends_at"),
    [
        (datetime(2026, 11, 22, 16, tzinfo=TOKYO), TOKYO, datetime(2026, 11, 23, 9, tzinfo=TOKYO)),
        (datetime(2026, 11, 22, 3, tzinfo=TOKYO), TOKYO, datetime(2026, 11, 22, 9, tzinfo=TOKYO)),
        (datetime(2026, 11, 22, 9, tzinfo=TOKYO), TOKYO, datetime(2026, 11, 23, 9, tzinfo=TOKYO)),
        # The clocks go back in the night: an hour longer.
        (datetime(2026, 10, 24, 22, tzinfo=BERLIN), BERLIN, datetime(2026, 10, 25, 8, tzinfo=UTC)),
    ],
)
def test_until_morning_is_when_the_clocks_there_show_it_next(now, zone, ends_at):
    assert next_morning(now.astimezone(UTC), time(9), zone) == ends_at


def test_hours_are_hours():
    assert Quiet("A-1", "host", 4).until(NOW, time(9), TOKYO) == NOW + 4 * HOUR


def covered(scope, happened):
    silence = Silence(1, (scope,), NOW - HOUR, NOW + HOUR, "slack:kei", "slack")
    return Silences([silence]).of(happened, NOW) is not None


def test_the_silence_of_a_fault_covers_that_fault_and_nothing_beside_it():
    scope = scope_of(replace(NEW, host=event().host), "fault")
    down = event()
    assert covered(scope, down)
    assert covered(scope, replace(down, problem="optics_threshold", kind="optics_threshold"))
    assert not covered(scope, replace(down, subject=Subject("interface", "GigabitEthernet0/10")))
    assert not covered(scope, event(host="rt-tyo-02.example.net"))


def test_of_a_neighbour_it_is_that_neighbour_and_of_a_device_that_problem():
    peer = replace(event(), problem="bgp_neighbor_down", subject=NEIGHBOR.subject)
    scope = scope_of(replace(NEIGHBOR, host=peer.host), "fault")
    assert covered(scope, peer)
    assert not covered(scope, replace(peer, subject=Subject("bgp_neighbor", "192.0.2.3")))
    assert not covered(scope, event())
    fan = replace(event(), problem="fan_failed", subject=Subject("device"))
    scope = scope_of(replace(SYSTEM, host=fan.host), "fault")
    assert covered(scope, fan)
    assert not covered(scope, event())


def test_of_a_host_it_is_everything_there():
    scope = scope_of(replace(NEW, host=event().host), "host")
    assert covered(scope, event())
    assert not covered(scope, event(host="rt-tyo-010.example.net"))


@pytest.mark.parametrize(
    "incident",
    [
        UNKNOWN_HOST,  # an ifIndex is no name
        replace(NEW, subject=Subject("interface", "x" * 256)),
        replace(NEIGHBOR, subject=Subject("bgp_neighbor")),
    ],
)
def test_what_has_no_name_cannot_be_silenced_exactly(incident):
    assert scope_of(incident, "fault") is None
    assert scope_of(incident, "host") is not None
