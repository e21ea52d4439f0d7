"""Both ends of a cable were lost, and both clears: what is left of a fault that is over makes no new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from answering import DOWN, UNREACHABLE, UP, messages, pushes, recorded
from events import NOW, event

from fannel.event import Subject

NEAR, FAR = "rt-tyo-01.example.net", "rt-osa-01.example.net"


def end(host, port, peer, after_s):
    made = event(host=host, at=NOW + timedelta(seconds=after_s))
    return replace(made, subject=Subject("interface", port, ifindex=3, peer=peer))


@pytest.fixture
def left(responder, store):
    """The far end, as the rules are asked about it after a look found the near end up again."""
    near, far = recorded(
        store,
        end(NEAR, "GigabitEthernet0/1", f"{FAR} GigabitEthernet0/2", 0),
        end(FAR, "GigabitEthernet0/2", f"{NEAR} GigabitEthernet0/1", 0.1),
    )
    assert far["incident"]["state"] == "attached"
    responder.announce(near)
    responder.conclude(near, DOWN)
    store.resolve(near["incident"]["id"], as_of=NOW + timedelta(hours=1), who="check", now=NOW + timedelta(hours=1))
    store.due(NOW + timedelta(hours=1))
    responder.clock.now = NOW + timedelta(hours=1, minutes=1)
    (asking,) = store.due(responder.clock.now)
    assert asking.incident == {"id": far["incident"]["id"], "state": "new"}
    return asking.to_queue()


def test_nobody_is_told_before_somebody_looked(responder, slack, left):
    before = messages(slack)
    assert responder.announce(left), "it wants a look"
    assert messages(slack) == before


def test_found_over_it_ends_without_a_word_and_the_record_says_why(responder, store, slack, left):
    before = messages(slack)
    responder.announce(left)
    judged = responder.conclude(left, UP)
    assert judged["incident"]["state"] == "resolved"
    assert messages(slack) == before
    said = [one.summary for one in store.activities.of_incident(left["incident"]["id"])]
    assert "correlation: it ended with its cause, so nobody is told of it" in said
    assert not responder.announce(left), "nothing is left to answer"


@pytest.mark.parametrize("verdict", [DOWN, UNREACHABLE])
def test_found_down_or_out_of_reach_it_is_told_with_what_was_found(responder, slack, left, verdict):
    before = len(messages(slack))
    responder.announce(left)
    responder.conclude(left, verdict)
    parent, reply = messages(slack)[before:]
    assert "rt-osa-01 Gi0/2" in parent["text"]
    assert (reply["thread_ts"], verdict.reasons[0] in reply["text"]) == (parent["ts"], True)


def test_raised_again_while_somebody_looked_it_is_told(responder, store, slack, left):
    before = len(messages(slack))
    responder.announce(left)
    again = end(FAR, "GigabitEthernet0/2", f"{NEAR} GigabitEthernet0/1", 3661)
    store.record([(again, b"")])
    responder.conclude(left, UP)
    assert not store.incident(left["incident"]["id"]).over
    assert len(messages(slack)) > before


def test_its_next_fault_is_told_at_once(responder, store, slack, left):
    responder.announce(left)
    responder.conclude(left, UP)
    before = len(messages(slack))
    (again,) = recorded(store, end(FAR, "GigabitEthernet0/2", None, 4000))
    assert again["incident"] == {"id": left["incident"]["id"], "state": "new"}
    responder.announce(again)
    assert "rt-osa-01 Gi0/2" in pushes(slack)[before]
