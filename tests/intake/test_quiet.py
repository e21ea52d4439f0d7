"""A device that used to speak is missed; one that never did is not, and a jump of the clock blames nobody."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from storms import said, seconds

from fannel.intake.quiet import Expectation, Quiet, QuietPolicy

EVERY_S = 300
POLICY = QuietPolicy((Expectation(ip_network("192.0.2.0/24"), EVERY_S),), at_least=5)


def speak(quiet, host="rt1", start=0, times=6, every=60, address="192.0.2.1"):
    """A device that speaks as expected; returns when it spoke last."""
    for n in range(times):
        quiet.heard(said("info", host=host, address=address), seconds(start + n * every))
    return start + (times - 1) * every


def watch(quiet, start, end, step=30):
    """What is said while the clock runs on and nobody speaks."""
    events = []
    for at in range(start, end + 1, step):
        events += quiet.due(seconds(at))
    return events


def phases(events):
    return [(event.problem, event.phase, event.host.name) for event in events]


def test_a_device_that_falls_silent_is_said_once():
    quiet = Quiet(POLICY)
    last = speak(quiet)
    assert watch(quiet, last, last + EVERY_S) == []
    [event] = watch(quiet, last + EVERY_S, last + 5000)
    assert (event.kind, event.phase, event.fingerprint) == ("source_quiet", "raise", "rt1/source_quiet/192.0.2.1")


def test_when_it_speaks_again_its_silence_is_over():
    quiet = Quiet(POLICY)
    last = speak(quiet)
    [raised] = watch(quiet, last, last + 400)
    [cleared] = quiet.heard(said("clear"), seconds(last + 410))
    assert (cleared.phase, cleared.fingerprint) == ("clear", raised.fingerprint)
    assert quiet.quiet == 0
    assert quiet.heard(said(), seconds(last + 420)) == []
    assert phases(watch(quiet, last + 430, last + 800)) == [("source_quiet", "raise", "rt1")]


def test_a_device_that_goes_on_speaking_is_not_missed():
    quiet = Quiet(POLICY)
    events = []
    for at in range(0, 10_000, 100):
        events += quiet.heard(said("info"), seconds(at)) + quiet.due(seconds(at))
    assert events == []


def test_it_is_off_unless_a_network_is_configured():
    quiet = Quiet(QuietPolicy())
    last = speak(quiet)
    assert watch(quiet, last, last + 5000) == []
    assert len(quiet) == 0
    assert quiet.due_in_s(seconds(last)) is None


def test_a_device_of_another_network_is_not_watched():
    quiet = Quiet(POLICY)
    speak(quiet, address="198.51.100.1")
    assert len(quiet) == 0


def test_the_first_network_that_holds_the_address_counts():
    networks = (Expectation(ip_network("192.0.2.1/32"), 600), *POLICY.expectations)
    quiet = Quiet(QuietPolicy(networks))
    for at in range(0, 901, 30):
        quiet.heard(said(host="slow", address="192.0.2.1"), seconds(at))
        quiet.heard(said(host="fast", address="192.0.2.2"), seconds(at))
    assert phases(watch(quiet, 900, 1500)) == [("source_quiet", "raise", "fast")]
    assert phases(watch(quiet, 1500, 1530)) == [("source_quiet", "raise", "slow")]


def test_a_single_burst_makes_nobody_expected():
    quiet = Quiet(POLICY)
    last = speak(quiet, times=1000, every=0.01)
    assert watch(quiet, int(last), 5000) == []


def test_two_bursts_are_no_habit_either():
    quiet = Quiet(POLICY)
    speak(quiet, times=100, every=0.01)
    speak(quiet, times=100, every=0.01, start=60)
    assert watch(quiet, 61, 5000) == []


def test_one_that_goes_on_speaking_does_not_hide_one_that_fell_silent():
    quiet = Quiet(POLICY)
    speak(quiet, "first")
    speak(quiet, "second", start=300)
    events = []
    for at in range(600, 1200, 60):
        events += quiet.heard(said("info", host="first"), seconds(at)) + quiet.due(seconds(at))
    assert phases(events) == [("source_quiet", "raise", "second")]


def test_a_device_that_speaks_seldom_is_not_expected():
    quiet = Quiet(POLICY)
    for n in range(20):
        assert quiet.heard(said("info"), seconds(n * 1000)) == []
        assert watch(quiet, n * 1000, n * 1000 + 990) == []


def test_when_the_clock_jumps_forward_nobody_is_missed_for_it():
    quiet = Quiet(POLICY)
    last = speak(quiet)
    assert quiet.due(seconds(last + 7200)) == []
    assert phases(watch(quiet, last + 7200, last + 7200 + 300)) == [("source_quiet", "raise", "rt1")]


def test_when_the_clock_is_set_back_a_silence_is_noticed_as_before():
    quiet = Quiet(POLICY)
    last = speak(quiet)
    watch(quiet, last, last + 150)
    assert phases(watch(quiet, last - 3600, last - 3600 + 180)) == [("source_quiet", "raise", "rt1")]


def test_it_asks_to_be_called_when_the_next_silence_is_due_and_at_least_every_minute():
    quiet = Quiet(POLICY)
    assert quiet.due_in_s(seconds(0)) is None
    last = speak(quiet)
    assert quiet.due_in_s(seconds(last)) == 60
    watch(quiet, last, last + 270)
    assert quiet.due_in_s(seconds(last + 270)) == pytest.approx(30)


def test_when_all_fall_silent_at_once_few_are_said_and_the_others_follow():
    quiet = Quiet(QuietPolicy(POLICY.expectations, at_least=1, most_said=3))
    for n in range(10):
        quiet.heard(said(host=f"rt{n}"), seconds(0))
    assert len(watch(quiet, 0, 600)) == 3
    assert quiet.quiet == 10
    assert len(watch(quiet, 600, 1000)) == 3
    assert quiet.heard(said(host="rt9"), seconds(1001)) == []  # it was never said
    assert quiet.quiet == 9


def test_strangers_push_out_strangers_and_never_a_device_that_is_expected():
    quiet = Quiet(QuietPolicy(POLICY.expectations, most_sources=10))
    last = speak(quiet)
    for n in range(1000):
        quiet.heard(said(host=f"forged {n}"), seconds(last))
        assert len(quiet) <= 10
    assert phases(watch(quiet, last, last + 400)) == [("source_quiet", "raise", "rt1")]


def test_ten_thousand_sources_are_watched_within_the_bound():
    quiet = Quiet(QuietPolicy(POLICY.expectations, at_least=1, most_sources=1000))
    for n in range(10_000):
        quiet.heard(said(host=f"rt{n}"), seconds(n / 1000))
    assert len(quiet) == 1000
    watch(quiet, 10, 1000)
    assert (quiet.quiet, len(quiet)) == (1000, 1000)


def test_what_fannel_says_itself_is_not_the_device_speaking():
    quiet = Quiet(POLICY)
    last = speak(quiet)
    [event] = watch(quiet, last, last + 400)
    assert quiet.heard(event, seconds(last + 401)) == []
    assert quiet.quiet == 1


def test_an_interval_must_be_above_zero():
    with pytest.raises(ValueError, match="above 0"):
        Expectation(ip_network("192.0.2.0/24"), 0)
