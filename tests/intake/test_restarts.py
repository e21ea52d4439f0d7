"""A restart that nobody announced is seen by a fallen uptime, never where the uptime has another reason to differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate

from fannel.event import Source, schema
from fannel.intake.restarts import MOST_AGENTS, WRAPS_AFTER_S, YOUNGEST_S, Restarts

DAY_S = 86_400.0


def trap(at_s, uptime_s, *, restart=False, **changes):
    """A trap heard so many seconds after NOW, with that uptime."""
    made = event(phase="info" if restart else "raise", at=NOW + timedelta(seconds=at_s))
    return replace(made, trap=made.trap | {"uptime_s": uptime_s}, **changes)


def heard(*traps, restarts=None):
    """What each of them shows."""
    watching = Restarts() if restarts is None else restarts
    return [watching.heard(one) for one in traps]


KNOWN = (trap(0, 100 * DAY_S), trap(3600, 100 * DAY_S + 3600))


def test_a_fallen_uptime_is_a_restart_at_the_time_it_counts_from():
    *_, shown = heard(*KNOWN, trap(7200, 40))
    validate(shown.to_queue(), schema())
    assert (shown.kind, shown.problem, shown.phase) == ("uptime_reset", "device_restart", "info")
    assert shown.received_at == NOW + timedelta(seconds=7160)
    assert shown.fingerprint == "rt-tyo-01.example.net/device_restart/device"
    assert shown.subject.description == "its uptime fell from 100 d to 40 s"


def test_it_is_said_once_for_all_that_its_agents_send_then():
    other = Source("127.0.1.1", agent_address="192.0.2.77")
    restarts = Restarts()
    assert heard(*KNOWN, *(replace(one, source=other) for one in KNOWN), restarts=restarts) == [None] * 4
    first, *more = heard(trap(7200, 40), trap(7201, 41), trap(7202, 42, source=other), restarts=restarts)
    assert first is not None
    assert more == [None, None]


def test_a_restart_that_the_device_says_itself_is_not_said_again():
    assert heard(*KNOWN, trap(7200, 1, restart=True), trap(7201, 2), trap(7230, 31)) == [None] * 5


def test_a_second_restart_is_seen_too():
    *_, first, _, _, second = heard(*KNOWN, trap(7200, 40), trap(9000, 1840), trap(20_000, 12_840), trap(30_000, 50))
    assert None not in (first, second)


def test_an_agent_that_is_hardly_known_is_not_believed():
    assert heard(trap(0, 100 * DAY_S), trap(3600, 40)) == [None, None]


def test_an_uptime_that_wrapped_is_no_restart():
    before = WRAPS_AFTER_S - 1800
    assert heard(trap(0, before - 3600), trap(3600, before), trap(5520, 120)) == [None] * 3
    assert heard(trap(0, before - 3600), trap(3600, before), trap(5380, 5)) == [None] * 3, "a clock that drifts"


def test_a_restart_too_long_ago_to_explain_anything_is_not_said():
    assert heard(*KNOWN, trap(7200, YOUNGEST_S + 1)) == [None] * 3


def test_a_late_trap_and_one_out_of_order_are_no_restart_and_spoil_nothing():
    late = trap(7200, 100 * DAY_S + 3700)
    earlier = trap(1800, 100 * DAY_S + 1800)
    *calm, shown = heard(*KNOWN, late, earlier, trap(9000, 60))
    assert calm == [None] * 4
    assert shown is not None


def test_two_agents_behind_one_address_are_never_believed():
    """The second has just been started; the first goes on all the while."""
    restarts = Restarts()
    heard(*KNOWN, restarts=restarts)
    assert heard(trap(3610, 100), restarts=restarts) == [None], "it was up while the first spoke"
    for n in range(1, 20):
        both = trap(3700 + 100 * n, 100 * DAY_S + 3700 + 100 * n), trap(3701 + 100 * n, 190 + 100 * n)
        assert heard(*both, restarts=restarts) == [None, None]
    assert heard(trap(9000, 10), restarts=restarts) == [None]


@pytest.mark.parametrize("version", ["1", "2c", "3"])
def test_agents_are_told_apart_by_what_the_packet_says_of_them(version):
    changed = trap(7200, 40)
    changed = replace(changed, trap=changed.trap | {"version": version})
    shown = heard(*KNOWN, changed)[-1]
    assert (shown is None) == (version != "2c")


def test_what_has_no_uptime_shows_nothing():
    line = replace(event(), via="syslog", trap=None)
    assert heard(*KNOWN, line) == [None] * 3


def test_memory_is_bounded():
    restarts = Restarts()
    for n in range(MOST_AGENTS + 100):
        restarts.heard(replace(trap(0, 1.0), source=Source(f"2001:db8::{n:x}")))
    assert len(restarts) == MOST_AGENTS


@given(
    start_s=st.floats(0, WRAPS_AFTER_S - 1),
    gaps=st.lists(st.floats(0, 30 * DAY_S), max_size=20),
    drift=st.floats(-0.005, 0.005),
    late_s=st.lists(st.floats(0, 20), min_size=20, max_size=20),
)
def test_an_agent_that_never_restarts_is_never_said_to(start_s, gaps, drift, late_s):
    """Whatever its clock drifts, whenever it wraps, however long a packet takes."""
    restarts, at = Restarts(), 0.0
    for gap, late in zip(gaps, late_s, strict=False):
        at += gap
        uptime_s = (start_s + at * (1 + drift)) % WRAPS_AFTER_S
        assert restarts.heard(trap(at + late, uptime_s)) is None
