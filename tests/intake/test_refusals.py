"""What is refused is said, and a flood of refusals is not a flood of messages."""

from __future__ import annotations

from datetime import timedelta

from events import NOW

from fannel.intake.refusals import Refusal, Refusals


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
