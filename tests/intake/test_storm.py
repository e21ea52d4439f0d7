"""From the record to the rules: what overtakes, what is bounded, and that the sums add up."""

from __future__ import annotations

import pytest
from storms import said, seconds, told

from fannel.intake.source_limit import SourceLimit
from fannel.intake.storm import RulesBehind, Storm, StormPolicy

UNLIMITED = StormPolicy(source_limit=None)


def names(taken):
    return [event.subject.name for event in taken]


def offer(storm, *events, at=0.0):
    for event in events:
        storm.offer(event, seconds(at))


def take(storm, at=0.0, most=1000):
    return storm.take(most, seconds(at))


def test_what_is_offered_first_can_be_taken_at_once():
    storm = Storm(UNLIMITED)
    event = said()
    offer(storm, event)
    assert take(storm) == [event]


def test_repeats_are_taken_as_one_when_their_window_ends():
    storm = Storm(UNLIMITED)
    offer(storm, *(said() for _ in range(8)))
    assert told(take(storm)) == [("raise", "Gi0/1", 1)]
    assert take(storm, at=9) == []
    assert told(take(storm, at=10)) == [("raise", "Gi0/1", 7)]


def test_clears_and_first_raises_overtake_repeats_and_what_informs():
    storm = Storm(UNLIMITED)
    offer(storm, said(subject="a"), said(subject="a"), said(subject="old"))
    take(storm)
    offer(storm, said("info", "note"), at=1)
    offer(storm, said(subject="a"), at=10)  # ends the window of a: its closing event is queued
    offer(storm, said("info", "alarm", severity="critical"), said("clear", "old"), said("raise", "new"), at=10)
    assert names(take(storm, at=10)) == ["alarm", "old", "new", "note", "a"]


def test_a_clear_takes_its_own_past_along_and_does_not_overtake_it():
    storm = Storm(UNLIMITED)
    offer(storm, said(subject="a"), said(subject="b"))
    take(storm)
    offer(storm, said("info", "note"), said(subject="a"), said("clear", "a"), at=1)
    assert told(take(storm, at=1)) == [("raise", "a", 1), ("clear", "a", 1), ("info", "note", 1)]


def test_window_zero_turns_coalescing_off():
    storm = Storm(StormPolicy(window_s=0, source_limit=None))
    offer(storm, *(said() for _ in range(5)))
    assert told(take(storm)) == [("raise", "Gi0/1", 1)] * 5


def test_it_says_when_there_will_be_something_to_take():
    storm = Storm(UNLIMITED)
    assert storm.due_in_s(seconds(0)) is None
    offer(storm, said(), said())
    assert storm.due_in_s(seconds(0)) == 0
    take(storm)
    assert storm.due_in_s(seconds(4)) == 6
    assert storm.due_in_s(seconds(40)) == 0
    take(storm, at=40)
    take(storm, at=60)
    assert storm.due_in_s(seconds(60)) is None


def test_when_the_clock_is_set_back_an_hour_nothing_waits_longer():
    storm = Storm(UNLIMITED)
    offer(storm, said(), said())
    take(storm)
    assert take(storm, at=4 - 3600) == []
    assert storm.due_in_s(seconds(4 - 3600)) == 10
    assert told(take(storm, at=14 - 3600)) == [("raise", "Gi0/1", 1)]


def test_when_the_clock_is_set_back_a_source_gets_its_events_through_as_before():
    storm = Storm(StormPolicy(window_s=0, source_limit=SourceLimit(rate=1, burst=1, calm_s=5)))
    offer(storm, said("info", "a"), said("info", "b"))
    assert names(take(storm)) == ["a"]
    take(storm, at=-3600)
    assert names(take(storm, at=1 - 3600)) == ["b"]
    take(storm, at=7 - 3600)
    assert storm.storming == 0


def test_a_storm_of_one_source_is_said_as_an_event_that_passes_like_any_other():
    storm = Storm(StormPolicy(source_limit=SourceLimit(rate=1, burst=2, calm_s=5)))
    offer(storm, *(said("info", f"{n}") for n in range(10)))
    [notice] = storm.notices(seconds(0))
    assert (notice.kind, notice.problem, notice.phase) == ("source_storm", "source_storm", "raise")
    offer(storm, notice)
    assert take(storm)[0] == notice
    for n in range(1, 20):
        take(storm, at=n)
    [over] = storm.notices(seconds(20))
    assert (over.fingerprint, over.phase, over.refusal["unsaid"]) == (notice.fingerprint, "clear", 8)


def test_a_full_queue_keeps_the_last_state_of_each_fingerprint():
    storm = Storm(StormPolicy(window_s=0, source_limit=None, most_queued=3))
    offer(storm, said("raise", "a"), said("clear", "a"), said("raise", "a"), said("clear", "a"), said("raise", "b"))
    taken = told(take(storm))
    assert taken[-2:] == [("clear", "a", 1), ("raise", "b", 1)]
    assert len(taken) == 3
    assert storm.tally().suppressed == {"superseded": 2}


def test_a_full_queue_leaves_out_what_is_routine_and_counts_it():
    storm = Storm(StormPolicy(window_s=0, source_limit=None, most_queued=2))
    offer(storm, said("info", "a"), said("raise", "b"), said("raise", "c"))
    assert names(take(storm)) == ["b", "c"]
    assert storm.tally().suppressed == {"rules_behind": 1}


def test_when_only_states_wait_it_refuses_and_changes_nothing():
    storm = Storm(StormPolicy(source_limit=None, most_queued=2))
    offer(storm, said("raise", "a"), said("raise", "b"))
    assert not storm.has_room
    before = storm.tally()
    with pytest.raises(RulesBehind, match="2 states"):
        offer(storm, said("raise", "c"))
    assert storm.tally() == before
    assert names(take(storm, most=1)) == ["a"]
    offer(storm, said("raise", "c"))
    assert names(take(storm)) == ["b", "c"]


def test_a_window_that_ends_while_the_queue_is_full_waits_for_room():
    storm = Storm(StormPolicy(source_limit=None, most_queued=2))
    offer(storm, said(subject="a"), said(subject="a"))
    take(storm)
    offer(storm, said(subject="b"), said(subject="c"), at=9)
    assert names(take(storm, at=10, most=1)) == ["b"]
    assert names(take(storm, at=11)) == ["c", "a"]


def test_an_incident_whose_first_event_was_held_is_still_asked_about():
    storm = Storm(StormPolicy(source_limit=SourceLimit(rate=1, burst=1, overtaking_rate=1, overtaking_burst=1)))
    offer(storm, said(subject="a"), said(subject="b"))
    take(storm)
    new, known = {"id": "A-1", "state": "new"}, {"id": "A-1", "state": "open"}
    offer(storm, said("raise", "c", incident=new), said("clear", "c", incident=new), said("raise", "c", incident=known))
    assert take(storm) == []
    [event] = take(storm, at=1)
    assert (event.phase, event.incident) == ("raise", new)


@pytest.mark.parametrize("wrong", [{"window_s": -1}, {"most_windows": 0}, {"most_queued": 0}])
def test_a_policy_without_room_is_refused(wrong):
    with pytest.raises(ValueError, match="window_s"):
        StormPolicy(**wrong)


def test_memory_stays_bounded_with_100_000_fingerprints_of_10_000_sources():
    limit = SourceLimit(rate=1, burst=5, most_sources=1000, most_held=500)
    policy = StormPolicy(most_windows=2000, source_limit=limit, most_queued=300)
    storm = Storm(policy)
    refused = 0
    for n in range(100_000):
        phase = ("raise", "info", "raise", "clear")[n % 4]
        event = said(phase, f"Gi{n // 10_000}", host=f"rt{n % 10_000}")
        try:
            storm.offer(event, seconds(n / 1000))
        except RulesBehind:
            refused += 1
            take(storm, at=n / 1000, most=50)
            storm.offer(event, seconds(n / 1000))
        if n % 1000 == 0:
            assert storm.audit() == storm.tally()
            assert len(storm._coalescer) <= policy.most_windows
            assert len(storm._limits) <= limit.most_sources
            assert storm._limits.held <= limit.most_held
            assert storm._queue.events <= policy.most_queued + 2
            assert storm.tally().adds_up
    assert refused > 100
