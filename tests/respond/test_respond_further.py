"""What a verdict asks for: a look at something else, another look soon, somebody else's attention."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from answering import CHANNEL, DOWN, UNREACHABLE, messages, recorded
from events import NOW, event
from jsonschema import validate

from fannel.checks.verdict import Verdict
from fannel.event import Host, schema
from fannel.incidents.look import look_event
from fannel.incidents.recheck import RecheckPolicy

CHANGED = Verdict("confirmed", ("the configuration was last changed by alice, 15:58:11 UTC",), evidence=("by alice",))
PEER = "rt-osa-01.example.net GigabitEthernet0/0/0/0"


def judged(responder, store, verdict=DOWN, **subject):
    """A fault that was answered with this verdict; the event that goes back to the rules."""
    happened = event()
    (down,) = recorded(store, replace(happened, subject=replace(happened.subject, **subject)))
    responder.announce(down)
    return responder.conclude(down, verdict)


def test_a_look_is_about_the_same_device_and_belongs_to_the_same_fault(responder, store):
    verdict = judged(responder, store)
    asked = look_event(verdict, "config_changed", "same_device").to_queue()
    validate(asked, schema())
    assert (asked["kind"], asked["problem"], asked["phase"]) == ("look", "config_changed", "info")
    assert asked["host"] == verdict["host"]
    assert asked["incident"] == verdict["incident"]
    assert asked == look_event(verdict, "config_changed", "same_device").to_queue(), "asked twice it is the same"


def test_a_look_at_the_far_end_is_about_the_port_pagoda_names(responder, store):
    asked = look_event(judged(responder, store, peer=PEER), "optics_threshold", "far_end")
    assert (asked.host, asked.subject.name) == (Host("rt-osa-01.example.net", known=True), "GigabitEthernet0/0/0/0")
    assert asked.to_queue()["meta"] == {"hosts": "rt-osa-01.example.net"}


@pytest.mark.parametrize("peer", [None, "", "rt-osa-01.example.net", "rt-osa-01.example.net "])
def test_where_pagoda_names_no_far_end_nothing_is_asked(responder, store, peer):
    assert look_event(judged(responder, store, peer=peer), "optics_threshold", "far_end") is None


def test_what_a_look_found_is_a_reply_that_changes_nothing_else(responder, store, slack):
    verdict = judged(responder, store)
    before = messages(slack)
    for _ in range(2):
        looked = responder.attach(look_event(verdict, "config_changed", "same_device").to_queue(), CHANGED)
    parent, *replies = messages(slack)
    assert parent == before[0]
    assert len(replies) == len(before), "once, however often it is run"
    assert "last changed by alice" in replies[-1]["text"]
    assert replies[-1].get("subtype") != "thread_broadcast", "nobody is called for it"
    validate(looked, schema())
    assert looked["kind"] == "looked", "no verdict on the fault: rules must not take it for one"
    assert store.incident(verdict["incident"]["id"]).verdict["outcome"] == "confirmed"


@pytest.mark.parametrize(
    ("age_s", "said"),
    [(40, True), (29 * 60, True), (40 * 60, False), (3 * 86_400, False), (None, True)],
    ids=["just now", "within", "too long before", "days before", "nobody knows"],
)
def test_what_is_far_from_the_beginning_of_the_fault_is_not_said(responder, store, slack, age_s, said):
    """The look comes 5 s after the fault began; the age is the device's word, whatever its clock says."""
    verdict = judged(responder, store, Verdict("expected", ("it is shut down",)))
    asked = look_event(verdict, "config_changed", "same_device", within_s=30 * 60).to_queue()
    validate(asked, schema())
    before = len(messages(slack))
    responder.attach(asked, replace(CHANGED, facts={} if age_s is None else {"age_s": age_s}))
    assert len(messages(slack)) == before + said
    decisions = [done.summary for done in store.activities.of_event(asked["id"]) if done.kind == "decision"]
    assert ["so it is not said" in decision for decision in decisions] == ([] if said else [True])


def test_a_fault_that_began_long_before_anybody_looked_is_compared_by_its_beginning(responder, store, slack):
    verdict = judged(responder, store, Verdict("expected", ("it is shut down",)))
    asked = look_event(verdict, "config_changed", "same_device", within_s=30 * 60).to_queue()
    responder.clock.now = NOW + timedelta(hours=5)
    before = len(messages(slack))
    responder.attach(asked, replace(CHANGED, facts={"age_s": 5 * 3600 + 60}))
    assert len(messages(slack)) == before + 1, "a minute before it began"


def rechecks(store, now, after_s=3600):
    return store.take_rechecks(now, RecheckPolicy(after=timedelta(seconds=after_s)), lambda _: True)


def test_a_look_again_comes_sooner_than_the_hourly_one_and_once(responder, store):
    verdict = judged(responder, store, UNREACHABLE)
    assert rechecks(store, NOW + timedelta(minutes=6)) == []
    assert responder.look_again(verdict, 300)
    assert not responder.look_again(verdict, 600), "a later one does not put off the sooner"
    assert rechecks(store, NOW + timedelta(minutes=4)) == []
    (asked,) = rechecks(store, NOW + timedelta(minutes=6))
    assert (asked.kind, asked.incident["id"]) == ("recheck", verdict["incident"]["id"])


def test_what_nobody_could_tell_at_first_is_said_when_it_is_known(responder, store, slack):
    verdict = judged(responder, store, UNREACHABLE)
    responder.look_again(verdict, 300)
    (asked,) = rechecks(store, NOW + timedelta(minutes=6))
    before = len(messages(slack))
    responder.recheck(asked.to_queue(), DOWN)
    assert len(messages(slack)) == before + 1
    assert "confirmed" in messages(slack)[0]["text"]


def test_an_escalation_is_said_once_in_the_other_channel(settings, responder, store, slack):
    slack.workspace.channels["C0OTHER001"].is_member = True
    verdict = judged(responder, store)
    assert responder.escalate(verdict, "C0OTHER001")
    assert not responder.escalate(verdict, "C0OTHER001")
    (said,) = slack.workspace.messages["C0OTHER001"].values()
    assert verdict["incident"]["id"] in str(said["blocks"])
    assert all("ESCALATED" not in message["text"] for message in slack.workspace.messages[CHANNEL].values())
