"""The first passes at once, repeats come as one, a change of state never waits and never loses its place."""

from __future__ import annotations

import pytest
from storms import said, told

from fannel.intake.coalesce import MOST_INFO_KINDS, Coalescer
from fannel.intake.passing import Rank

WINDOW = 10


@pytest.fixture
def coalescer():
    return Coalescer(WINDOW, most=100)


def passes(passing):
    return told(one.told() for one in passing)


def due(coalescer, at):
    return passes(coalescer.due(at, 100))


def test_the_first_event_passes_at_once_as_it_is(coalescer):
    event = said()
    [passing] = coalescer.offer(event, 0)
    assert passing.told() is event


def test_repeats_wait_for_the_end_of_the_window_and_come_as_one(coalescer):
    coalescer.offer(said(), 0)
    repeats = [said() for _ in range(5)]
    assert [list(coalescer.offer(event, 1)) for event in repeats] == [[]] * 5
    assert due(coalescer, 9.9) == []
    [closing] = [one.told() for one in coalescer.due(10, 100)]
    assert (closing.id, closing.repeats) == (repeats[-1].id, 5)


def test_when_nothing_was_repeated_nothing_closes_the_window(coalescer):
    coalescer.offer(said(), 0)
    assert due(coalescer, 10) == []
    assert len(coalescer) == 0
    assert passes(coalescer.offer(said(), 11)) == [("raise", "Gi0/1", 1)]


def test_repeats_without_end_come_once_a_window(coalescer):
    coalescer.offer(said(), 0)
    closings = {}
    for tenth in range(1, 1000):
        for _, _, repeats in [*passes(coalescer.offer(said(), tenth / 10)), *due(coalescer, tenth / 10)]:
            closings[tenth / 10] = repeats
    assert closings == dict.fromkeys((10, 20, 30, 40, 50, 60, 70, 80, 90), 100)


def test_a_repeat_that_finds_its_window_ended_goes_along_with_the_closing_event(coalescer):
    coalescer.offer(said(), 0)
    coalescer.offer(said(), 5)
    assert passes(coalescer.offer(said(), 15)) == [("raise", "Gi0/1", 2)]


def test_a_change_of_phase_passes_at_once_after_what_waited_of_the_other(coalescer):
    coalescer.offer(said("raise"), 0)
    coalescer.offer(said("raise"), 1)
    coalescer.offer(said("raise"), 2)
    assert passes(coalescer.offer(said("clear"), 3)) == [("raise", "Gi0/1", 2), ("clear", "Gi0/1", 1)]
    assert passes(coalescer.offer(said("raise"), 4)) == [("raise", "Gi0/1", 1)]
    assert due(coalescer, 100) == []


def test_a_change_opens_a_window_of_its_own(coalescer):
    coalescer.offer(said("raise"), 0)
    coalescer.offer(said("clear"), 9)
    assert coalescer.offer(said("clear"), 11) == ()
    assert due(coalescer, 18.9) == []
    assert due(coalescer, 19) == [("clear", "Gi0/1", 1)]


def test_events_that_inform_are_coalesced_by_kind(coalescer):
    assert coalescer.offer(said("info", kind="cold_start"), 0)
    assert coalescer.offer(said("info", kind="warm_start"), 1)
    assert not coalescer.offer(said("info", kind="cold_start"), 2)
    assert not coalescer.offer(said("info", kind="warm_start"), 3)
    assert [one.event.kind for one in coalescer.due(11, 100)] == ["cold_start", "warm_start"]


def test_what_informs_does_not_change_a_state(coalescer):
    coalescer.offer(said("raise"), 0)
    coalescer.offer(said("info", problem="interface_down"), 1)
    assert not coalescer.offer(said("raise"), 2)


def test_nothing_of_a_fingerprint_overtakes_its_own_past(coalescer):
    offered = [
        said("raise"),
        said("info", problem="interface_down", kind="a"),
        said("info", problem="interface_down", kind="a"),
        said("raise"),
        said("info", problem="interface_down", kind="a"),
        said("info", problem="interface_down", kind="b"),
        said("clear"),
    ]
    passed = [one.told().id for n, event in enumerate(offered) for one in coalescer.offer(event, n / 10)]
    assert passed == sorted(passed)
    assert passed[-1] == offered[-1].id


def test_a_raise_that_is_worse_is_no_repeat(coalescer):
    coalescer.offer(said(severity="minor"), 0)
    assert not coalescer.offer(said(severity="warning"), 1)
    assert passes(coalescer.offer(said(severity="critical"), 2))[-1] == ("raise", "Gi0/1", 1)
    assert not coalescer.offer(said(severity="minor"), 3)


def test_an_event_that_opens_an_incident_is_no_repeat(coalescer):
    coalescer.offer(said(incident={"id": "A-1", "state": "new"}), 0)
    assert not coalescer.offer(said(incident={"id": "A-1", "state": "open"}), 1)
    assert coalescer.offer(said(incident={"id": "A-2", "state": "new"}), 2)


def test_first_events_are_urgent_and_repeats_are_not(coalescer):
    def ranks(event):
        return [one.rank for one in coalescer.offer(event, 0)]

    assert ranks(said("raise")) == [Rank.URGENT]
    assert ranks(said("raise")) == []
    assert ranks(said("clear")) == [Rank.ROUTINE, Rank.URGENT]
    assert ranks(said("info", kind="a", severity="warning")) == [Rank.ROUTINE]
    assert ranks(said("info", kind="b", severity="critical")) == [Rank.URGENT]


def test_when_it_cannot_remember_more_it_tells_early_what_waits():
    coalescer = Coalescer(WINDOW, most=2)
    coalescer.offer(said(subject="a"), 0)
    coalescer.offer(said(subject="a"), 1)
    coalescer.offer(said(subject="b"), 1)
    assert passes(coalescer.offer(said(subject="c"), 2)) == [("raise", "a", 1), ("raise", "c", 1)]
    assert len(coalescer) == 2
    assert passes(coalescer.offer(said("clear", subject="a"), 3)) == [("clear", "a", 1)]


def test_kinds_without_number_do_not_grow_a_line(coalescer):
    for n in range(1000):
        assert coalescer.offer(said("info", kind=f"kind {n}"), 0)
    [line] = coalescer._lines.values()
    assert len(line.kinds) == MOST_INFO_KINDS


def test_it_says_when_the_next_window_ends(coalescer):
    assert coalescer.next_at() == float("inf")
    coalescer.offer(said(subject="a"), 1)
    coalescer.offer(said(subject="b"), 2)
    assert coalescer.next_at() == 11
    coalescer.offer(said("clear", subject="a"), 3)
    assert coalescer.next_at() == 12


def test_it_closes_no_more_windows_at_a_time_than_there_is_room_for(coalescer):
    for n in range(20):
        coalescer.offer(said(subject=f"{n % 10}"), n / 100)
    assert len(coalescer.due(11, 3)) == 3
    assert len(coalescer.due(11, 100)) == 7
