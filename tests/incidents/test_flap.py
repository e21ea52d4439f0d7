"""How a restless fault is scored: what trips it, what calms it, and what cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from events import NOW
from hypothesis import given
from hypothesis import strategies as st

from fannel.incidents.flap import Flap, FlapPolicy, calmed, is_calm, score, told

POLICY = FlapPolicy()


def after(*gaps_s, first="raise", policy=POLICY):
    """The score after changes so many seconds apart, and the time of the last."""
    at, phase, flap = NOW, first, score(None, first, NOW, policy)
    for gap in gaps_s:
        at += timedelta(seconds=gap)
        phase = "clear" if phase == "raise" else "raise"
        flap = score(flap, phase, at, policy)
    return flap, at


def test_the_sixth_quick_transition_trips_it():
    assert [after(*[1] * n)[0].flapping for n in range(7)] == [False] * 5 + [True] * 2


def test_twenty_quiet_minutes_clear_it_and_fifteen_do_not():
    flap, at = after(*[1] * 30)
    assert flap.penalty == pytest.approx(256)
    assert not is_calm(flap, at + timedelta(minutes=15), POLICY)
    assert is_calm(flap, at + timedelta(minutes=20), POLICY)


def test_it_is_still_flapping_well_below_the_threshold_that_tripped_it():
    flap, at = after(*[1] * 5)
    later = score(flap, "raise", at + timedelta(minutes=10), POLICY)
    assert later.penalty < POLICY.flapping_above
    assert later.flapping_since == flap.flapping_since
    assert later.transitions == 7


def test_a_link_that_drops_once_an_hour_never_flaps():
    flap, _ = after(*[30, 3570] * 100)
    assert not flap.flapping
    assert flap.transitions <= 2


def test_a_repeat_changes_nothing():
    flap, at = after(1, 1)
    assert score(flap, "raise", at + timedelta(seconds=1), POLICY) is flap


def test_a_clear_of_what_never_was_raised_scores_nothing():
    assert score(None, "clear", NOW, POLICY) is None


def test_what_calmed_down_begins_anew():
    flap, at = after(*[1] * 9)
    again = score(calmed(flap), "raise", at + timedelta(minutes=30), POLICY)
    assert (again.penalty, again.transitions, again.flapping) == (2.0, 1, False)


def test_an_event_says_after_how_much_quiet_the_count_begins_anew():
    flap, at = after(1)
    said = told(flap, POLICY)
    assert said == {"flapping": False, "transitions": 2, "window_s": said["window_s"]}
    assert is_calm(flap, at + timedelta(seconds=said["window_s"] + 1), POLICY)
    assert not is_calm(flap, at + timedelta(seconds=said["window_s"] - 2), POLICY)


@pytest.mark.parametrize("wrong", [{"calm_below": 40.0}, {"ceiling": 30.0}, {"factor": 1.0}, {"half_life_s": 0.0}])
def test_a_policy_under_which_nothing_could_move_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        FlapPolicy(**wrong)


EVENTS = st.lists(st.tuples(st.sampled_from(["raise", "clear"]), st.floats(-5, 5000)), max_size=40)


@given(EVENTS)
def test_the_penalty_stays_within_its_bounds_and_time_does_not_run_backwards(events):
    flap, at = None, NOW
    for phase, gap in events:
        at += timedelta(seconds=gap)
        before, flap = flap, score(flap, phase, at, POLICY)
        if flap is None:
            continue
        assert 1 <= flap.penalty <= POLICY.ceiling
        assert flap.phase == phase
        assert before is None or flap.scored_at >= before.scored_at


@given(EVENTS)
def test_every_event_said_twice_scores_as_if_it_were_said_once(events):
    once = twice = None
    at = NOW
    for phase, gap in events:
        at += timedelta(seconds=gap)
        once = score(once, phase, at, POLICY)
        twice = score(score(twice, phase, at, POLICY), phase, at, POLICY)
    assert once == twice


@given(st.floats(1, 256), st.floats(0, 10**9), st.floats(0, 10**9))
def test_ageing_in_two_steps_is_ageing_in_one(penalty, first, second):
    aged = POLICY.aged(POLICY.aged(penalty, first), second)
    assert aged == pytest.approx(POLICY.aged(penalty, first + second), rel=1e-9)


def test_a_clock_that_was_set_back_ages_nothing():
    flap = Flap("raise", 100.0, NOW)
    assert score(flap, "clear", NOW - timedelta(hours=1), POLICY).penalty == 200.0
