"""Seconds go forward, whatever the clock does."""

from __future__ import annotations

import pytest
from storms import seconds

from fannel.intake.elapsed import Elapsed


def test_it_counts_from_the_first_reading():
    elapsed = Elapsed()
    assert [elapsed.at(seconds(n)) for n in (100, 101.5, 101.5, 110)] == [0, 1.5, 1.5, 10]


def test_when_the_clock_is_set_back_an_hour_time_goes_on_from_there():
    elapsed = Elapsed()
    elapsed.at(seconds(0))
    assert [elapsed.at(seconds(n)) for n in (10, 10 - 3600, 15 - 3600)] == [10, 10, 15]


def test_readings_that_swap_places_do_not_make_time_run_faster():
    elapsed = Elapsed()
    elapsed.at(seconds(0))
    for n in range(1000):
        elapsed.at(seconds(n / 1000 + 0.5))
        elapsed.at(seconds(n / 1000))
    assert elapsed.at(seconds(2)) == pytest.approx(2)


def test_a_single_step_counts_for_no_more_than_it_may():
    elapsed = Elapsed(longest_step_s=60)
    elapsed.at(seconds(0))
    assert [elapsed.at(seconds(n)) for n in (3600, 3610)] == [60, 70]
