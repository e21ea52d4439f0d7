"""A person's word on an incident is in its thread, by name and with the reason, together with what it changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answering import DOWN, messages, recorded
from events import NOW, event

from fannel.incidents.store import about
from fannel.incidents.store.about import NoIncidentError
from fannel.person import Person

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def incident_id(responder, store):
    (down,) = recorded(store, event())
    responder.announce(down)
    responder.conclude(down, DOWN)
    return down["incident"]["id"]


@pytest.fixture
def kei(settings, store):
    return Person(settings, store, name="kei", who="cli:kei")


@pytest.fixture
def delivered(responder, slack):
    """What stands in Slack after the observer's next round."""

    def deliver():
        responder.clock.now = LATER + timedelta(seconds=1)
        responder._outbox.deliver()
        return messages(slack)

    return deliver


def test_who_acknowledges_is_said_in_the_thread_with_the_reason(kei, store, incident_id, delivered):
    outcome = kei.acknowledge(incident_id, "on my way", LATER)
    assert (outcome.changed, outcome.incident.acknowledged_by) == (True, "cli:kei")
    parent, *_, reply = delivered()
    assert (reply["thread_ts"], reply.get("subtype")) == (parent["ts"], None)
    assert reply["text"] == "👤 ACKNOWLEDGED rt-tyo-01 Gi0/1 · by kei: on my way"


def test_the_first_message_names_who_has_it(kei, incident_id, delivered):
    kei.acknowledge(incident_id, None, LATER)
    assert "*Acknowledged:* kei  <!date" in str(delivered()[0]["blocks"])


def test_a_second_person_changes_nothing_and_says_nothing(kei, settings, store, incident_id, delivered):
    kei.acknowledge(incident_id, None, LATER)
    said = len(delivered())
    outcome = Person(settings, store, name="yuki", who="cli:yuki").acknowledge(incident_id, "me too", LATER)
    assert (outcome.changed, outcome.incident.acknowledged_by) == (False, "cli:kei")
    assert len(delivered()) == said


def test_who_resolves_by_hand_is_said_and_the_parent_is_green(kei, store, incident_id, delivered):
    assert kei.resolve(incident_id, "port was given back", LATER).changed
    parent, *_, reply = delivered()
    assert parent["text"].startswith("🟢 RECOVERED")
    assert reply["text"] == "✅ RESOLVED BY HAND rt-tyo-01 Gi0/1 · by kei: port was given back"
    assert "after *5m00s*" in str(reply["blocks"])


def test_what_is_over_already_is_not_said_again(kei, incident_id, delivered):
    kei.resolve(incident_id, None, LATER)
    said = len(delivered())
    outcome = kei.resolve(incident_id, None, LATER)
    assert (outcome.changed, outcome.incident.over) == (False, True)
    assert len(delivered()) == said


def test_a_raise_after_the_word_keeps_it_open_and_nothing_is_said(kei, store, incident_id, delivered):
    recorded(store, event(at=LATER + timedelta(seconds=1)))
    said = len(delivered())
    assert not kei.resolve(incident_id, None, LATER).incident.over
    assert len(delivered()) == said


def test_what_nobody_was_told_of_gets_no_thread_by_this(kei, store, delivered):
    (silent,) = recorded(store, event(host="rt-tyo-02.example.net"))
    assert kei.acknowledge(silent["incident"]["id"], None, LATER).changed
    assert delivered() == []


def test_a_word_that_cannot_be_posted_is_not_taken_either(kei, store, incident_id, monkeypatch):
    """They are one transaction: whoever dies in between leaves neither."""

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(about, "want", die)
    for say in (kei.acknowledge, kei.resolve):
        with pytest.raises(KeyboardInterrupt):
            say(incident_id, None, LATER)
    assert store.incident(incident_id).state == "open"
    assert [line.what for line in store.history(incident_id)] == ["opened", "answered", "judged"]


def test_an_incident_that_is_not_there_is_an_error(kei):
    with pytest.raises(NoIncidentError):
        kei.acknowledge("A-NOSUCH", None, LATER)
