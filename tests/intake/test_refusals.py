"""What is refused is said, and a flood of refusals is not a flood of messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from events import NOW

from fannel.intake.refusals import AUTH_FAILURES, Refusal, Refusals


def refusal(source="192.0.2.1", reason="bad_community"):
    return Refusal(reason, source, "detail")


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def test_the_first_of_a_source_is_said_and_its_repeats_are_counted():
    refusals = Refusals()
    assert refusals.say(refusal(), NOW).unsaid == 0
    assert refusals.say(refusal(), after(1)) is None
    assert refusals.say(refusal(), after(2)) is None
    assert refusals.say(refusal(), after(600)).unsaid == 2


def test_another_reason_and_another_source_are_said_on_their_own():
    refusals = Refusals()
    assert refusals.say(refusal(), NOW)
    assert refusals.say(refusal(reason="undecodable"), NOW)
    assert refusals.say(refusal(source="192.0.2.2"), NOW)


def test_ten_thousand_spoofed_sources_are_said_ten_times_in_ten_minutes():
    refusals = Refusals()
    said = [refusals.say(refusal(f"10.0.{n // 250}.{n % 250}"), after(n / 100)) for n in range(10_000)]
    assert sum(s is not None for s in said) == 10
    assert refusals.say(refusal("192.0.2.9"), after(700)).unsaid == 9_990


def test_it_remembers_no_more_than_it_says():
    refusals = Refusals()
    for n in range(1000):
        refusals.say(refusal(f"10.0.0.{n % 250}"), after(n))
    assert len(refusals._said) <= 10


def test_a_flood_of_one_reason_does_not_keep_the_first_of_another_unsaid():
    refusals = Refusals()
    for n in range(10_000):
        refusals.say(refusal(f"10.0.{n // 250}.{n % 250}"), NOW)
    assert refusals.say(refusal(reason="defect"), NOW).unsaid == 0
    assert refusals.say(refusal("192.0.2.2", reason="defect"), NOW) is None


def test_ten_thousand_sources_that_fail_for_every_reason_are_said_a_few_times_and_not_remembered():
    refusals = Refusals()
    reasons = sorted(AUTH_FAILURES)
    said = [
        refusals.say(refusal(f"10.0.{n // 250}.{n % 250}", reasons[n % len(reasons)]), after(n / 100))
        for n in range(10_000)
    ]
    assert sum(s is not None for s in said) <= 10 + len(reasons)
    assert {s.reason for s in said if s} == set(reasons)
    assert len(refusals._said) <= 10 + len(reasons)


def test_a_clock_set_back_an_hour_makes_no_window_longer():
    refusals = Refusals()
    refusals.say(refusal(), NOW)
    assert refusals.say(refusal(), after(-3600)) is None
    assert refusals.say(refusal(), after(-3600 + 601)).unsaid == 1


def test_whatever_is_refused_is_told_by_source_said_or_not_but_for_what_is_routine():
    refusals = Refusals()
    for _ in range(3):
        refusals.say(refusal(), NOW)
    refusals.say(replace(refusal("192.0.2.2"), routine=True), NOW)
    assert refusals.worst(NOW) == {"bad_community": {"all": 3, "192.0.2.1": 3}}
