"""Folding keeps what the rules have to know: how often, and that an incident still wants an answer."""

from __future__ import annotations

from storms import said

from fannel.intake.backlog import Backlog
from fannel.intake.passing import Passing, Rank

NEW = {"id": "A-1", "state": "new"}
OPEN = {"id": "A-1", "state": "open"}


def folded(*events, rank=Rank.URGENT):
    backlog = Backlog()
    hidden = sum(backlog.fold(Passing(event, rank)) for event in events)
    return [one.told() for one in backlog.take(100)], hidden


def test_the_same_said_again_is_a_repeat():
    [event], hidden = folded(said(), said(), said(repeats=3))
    assert (event.repeats, hidden) == (5, 0)


def test_a_newer_state_hides_the_older():
    [event], hidden = folded(said("raise"), said("raise"), said("clear"))
    assert (event.phase, event.repeats, hidden) == ("clear", 1, 2)


def test_an_incident_nobody_saw_still_asks():
    [event], _ = folded(said(incident=NEW), said(incident=OPEN))
    assert event.incident == NEW


def test_it_still_asks_after_a_clear_in_between():
    [event], _ = folded(said(incident=NEW), said("clear", incident=NEW), said(incident=OPEN))
    assert event.incident == NEW


def test_an_incident_does_not_ask_in_the_name_of_another():
    other = {"id": "A-2", "state": "open"}
    [event], _ = folded(said(incident=NEW), said(incident=other))
    assert event.incident == other


def test_what_was_urgent_stays_urgent_however_often_it_is_repeated():
    backlog = Backlog()
    backlog.fold(Passing(said(subject="x"), Rank.URGENT))
    backlog.fold(Passing(said(subject="x"), Rank.ROUTINE))
    assert backlog.highest is Rank.URGENT
    [passing] = backlog.take(1)
    assert passing.rank is Rank.URGENT


def test_a_fingerprint_waits_as_a_whole_where_its_most_urgent_event_does():
    backlog = Backlog()
    for event, rank in (
        (said(subject="a"), Rank.ROUTINE),
        (said(subject="b"), Rank.ROUTINE),
        (said(subject="c"), Rank.STATE),
        (said("clear", subject="b"), Rank.URGENT),
    ):
        backlog.add(Passing(event, rank))
    taken = [(one.event.subject.name, one.event.phase) for one in backlog.take(100)]
    assert taken == [("b", "raise"), ("b", "clear"), ("c", "raise"), ("a", "raise")]


def test_no_more_is_taken_than_asked_for_and_the_rest_keeps_its_place():
    backlog = Backlog()
    for n in range(3):
        backlog.add(Passing(said(subject="a", repeats=n + 1), Rank.URGENT))
    backlog.add(Passing(said(subject="b"), Rank.URGENT))
    assert [one.repeats for one in backlog.take(2)] == [1, 2]
    assert (backlog.events, backlog.waiting) == (2, 4)
    assert [one.event.subject.name for one in backlog.take(2)] == ["a", "b"]


def test_only_what_is_routine_can_be_left_out():
    backlog = Backlog()
    backlog.add(Passing(said(subject="a"), Rank.STATE))
    assert not backlog.can_shrink
    assert backlog.leave_out() == 0
    backlog.add(Passing(said(subject="b", repeats=7), Rank.ROUTINE))
    assert backlog.leave_out() == 7
    assert backlog.events == 1


def test_a_history_can_be_folded_to_its_last_state():
    backlog = Backlog()
    for phase in ("raise", "clear", "raise"):
        backlog.add(Passing(said(phase), Rank.URGENT))
    assert backlog.can_shrink
    assert backlog.compact() == 2
    assert not backlog.can_shrink
    assert [one.event.phase for one in backlog.take(9)] == ["raise"]
