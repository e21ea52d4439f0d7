"""After a restart record and spool may both ask: the rules are asked once, and in the order of what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import events
import pytest

from fannel.observer.asking import AskedAgain

STARTED = events.NOW + timedelta(minutes=5)


def said(phase="raise", *, event_id="01B", state="new", at=events.NOW, incident="A-7F3K2Q"):
    return replace(events.event(phase=phase, at=at), id=event_id, incident={"id": incident, "state": state})


def asked(phase="raise", event_id="01B"):
    return AskedAgain([said(phase, event_id=event_id).to_json()], STARTED)


def test_the_event_that_was_asked_again_is_not_told_twice():
    assert asked().left_of(said()) is None


def test_of_an_incident_that_was_not_asked_everything_is_told():
    other = said(incident="A-000000")
    assert asked().left_of(other) is other


@pytest.mark.parametrize("event_id", ["01A", "01B"])
def test_a_clear_that_was_asked_says_all_that_came_before_it(event_id):
    assert asked("clear").left_of(said(event_id=event_id)) is None


def test_what_came_after_the_clear_that_was_asked_is_told():
    raised = said(event_id="01C", state="open")
    assert asked("clear").left_of(raised) is raised


def test_another_event_that_asks_for_the_same_incident_no_longer_does():
    left = asked().left_of(said(event_id="01C"))
    assert left.incident == {"id": "A-7F3K2Q", "state": "open"}


def test_what_happened_after_the_start_asks_by_itself():
    later = said(event_id="01C", at=STARTED + timedelta(seconds=1))
    assert asked().left_of(later) is later


def test_an_event_without_an_incident_is_told():
    info = events.event(phase="info")
    assert asked().left_of(info) is info
