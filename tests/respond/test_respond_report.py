"""What has no incident: a restart, failed logins. What a look at it found is said where it tells something."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from answering import DOWN, UNREACHABLE, messages, pushes, recorded
from events import NOW, event
from jsonschema import validate

from fannel.checks.verdict import Verdict
from fannel.event import Subject, schema
from fannel.respond import Responder

CRASHED = Verdict("confirmed", ("it crashed: bus error",), ("Last reload reason: bus error",), outputs=DOWN.outputs)
ASKED = Verdict("expected", ("somebody restarted it: Reload Command",))


@pytest.fixture
def restarted(store):
    (told,) = recorded(store, replace(event(phase="info"), severity="major", subject=Subject("device")))
    assert "incident" not in told
    return told


def test_why_a_device_restarted_is_a_message_of_its_own(responder, store, slack, restarted):
    responder.note(restarted)
    for _ in range(2):
        looked = responder.report(restarted, CRASHED, "first")
    said, found = messages(slack)
    assert "it crashed: bus error" not in said["text"]
    assert found["text"].startswith("🔴")
    assert "it crashed: bus error" in found["text"]
    assert "Last reload reason: bus error" in str(found["blocks"])
    validate(looked, schema())
    assert (looked["kind"], looked["verdict"]["outcome"]) == ("looked", "confirmed")


def test_what_the_device_printed_is_kept_with_the_event(responder, store, restarted):
    responder.report(restarted, CRASHED, "first")
    done = store.activities.of_event(restarted["id"])
    assert [activity.kind for activity in done][:2] == ["run", "output"]
    assert done[0].summary == "check of device_restart: confirmed: it crashed: bus error"


def test_a_look_that_could_not_tell_adds_nothing(responder, slack, restarted):
    responder.note(restarted)
    responder.report(restarted, UNREACHABLE, "first")
    assert len(messages(slack)) == 1


def test_what_is_said_only_when_it_is_confirmed_is_not_said_before(responder, slack, restarted):
    responder.report(restarted, ASKED, "confirmed")
    responder.report(restarted, UNREACHABLE, "confirmed")
    assert messages(slack) == []
    responder.report(restarted, CRASHED, "confirmed")
    assert ["it crashed" in push for push in pushes(slack)] == [True]


def test_what_is_said_only_when_it_is_confirmed_is_said_once_an_hour(responder, store, slack, restarted):
    again = recorded(store, *(replace(event(phase="info"), subject=Subject("device")) for _ in range(3)))
    for one in (restarted, *again):
        responder.report(one, CRASHED, "confirmed")
    assert len(messages(slack)) == 1
    responder.clock.now = NOW + timedelta(hours=1)
    responder.report(again[0], CRASHED, "confirmed")
    assert len(messages(slack)) == 2


def test_without_slack_it_is_only_recorded(settings, store, restarted):
    assert Responder(settings, store, None).report(restarted, CRASHED, "first")["kind"] == "looked"
