"""The outbox against the stand-in over real HTTP: once, in order, whatever Slack does."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event
from posting import CHANNEL, post, texts, want

from fannel.lab.slack.faults import Fault
from fannel.lab.slack.server import BOT_TOKEN
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox


def test_a_parent_and_its_replies_arrive_in_order_in_one_thread(outbox, store, slack, incident_id):
    want(store, post(incident_id, "parent", "p"), post(incident_id, "reply", "r1"), post(incident_id, "reply", "r2"))
    assert outbox.deliver().sent == 3
    parent, *replies = slack.workspace.messages[CHANNEL].values()
    assert [m["text"] for m in replies] == ["text of r1", "text of r2"]
    assert {m["thread_ts"] for m in replies} == {parent["ts"]}


def test_delivering_again_posts_nothing_again(outbox, store, slack, incident_id):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    want(store, post(incident_id, "parent", "p"))
    assert outbox.deliver().sent == 0
    assert texts(slack) == ["text of p"]


def test_while_slack_says_429_everything_waits_as_long_as_it_said_and_then_goes_in_order(
    outbox, store, slack, clock, incident_id
):
    want(store, post(incident_id, "parent", "p"), post(incident_id, "reply", "r1"))
    slack.faults.add(Fault("ratelimited", "chat.postMessage", retry_after_s=30))
    first = outbox.deliver()
    assert (first.sent, first.waiting) == (0, 2)
    clock.forward(29)
    assert outbox.deliver().sent == 0
    clock.forward(2)
    assert outbox.deliver().sent == 2
    assert texts(slack) == ["text of p", "text of r1"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop_after", "chat.postMessage"),
        Fault("http_after", "chat.postMessage", status=503),
        Fault("delay_after", "chat.postMessage", seconds=1.5),
        Fault("drop_before", "chat.postMessage"),
        Fault("http_before", "chat.postMessage", status=502),
        Fault("garbage", "chat.postMessage"),
        Fault("delay_before", "chat.postMessage", seconds=1.5),
        Fault("http_after", "chat.postMessage", status=500),
        Fault("http_after", "chat.postMessage", status=502),
        Fault("http_after", "chat.postMessage", status=504),
        Fault("http_before", "chat.postMessage", status=500),
        Fault("error", "chat.postMessage", error="fatal_error"),
        Fault("error", "chat.postMessage", error="internal_error"),
        Fault("ratelimited", "chat.postMessage", retry_after_s=2),
        Fault("drop_after", "chat.postMessage", times=3),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.error}-{fault.times}",
)
@pytest.mark.parametrize("kind", ["parent", "reply"])
def test_whatever_becomes_of_the_answer_there_is_one_message_in_the_end(
    outbox, store, slack, clock, incident_id, fault, kind
):
    want(store, post(incident_id, "parent", "p"))
    if kind == "reply":
        outbox.deliver()
        want(store, post(incident_id, "reply", "r"))
    slack.faults.add(replace(fault))
    faulty = outbox
    if fault.seconds:
        faulty = Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=1), now=clock)
    assert faulty.deliver().waiting == 1
    clock.forward(60)
    assert outbox.deliver().sent == 1
    time.sleep(fault.seconds)  # a call that Slack carries out late is carried out by now
    assert texts(slack) == ["text of p"] + (["text of r"] if kind == "reply" else [])


def test_when_slack_cannot_be_reached_nothing_is_lost(store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    dead = Outbox(store, SlackClient(BOT_TOKEN, api_url="http://127.0.0.1:9/api/"), now=clock)
    assert dead.deliver().waiting == 1
    clock.forward(10)
    alive = Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url), now=clock)
    assert alive.deliver().sent == 1


def test_a_wrong_token_keeps_the_alert_for_whoever_mends_it(store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    wrong = Outbox(store, SlackClient("xoxb-wrong", api_url=slack.api_url), now=clock)
    assert wrong.deliver().waiting == 1
    assert "SLACK_BOT_TOKEN" in store.posts.find("p").error
    assert "xoxb" not in store.posts.find("p").error.replace("xoxb-)", "")
    clock.forward(10)
    assert Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url), now=clock).deliver().sent == 1


def test_a_post_slack_chokes_on_does_not_hold_up_another_incident(outbox, store, slack, clock, incident_id):
    (other,) = store.record([(event(host="rt-osa-01.example.net"), b"")])
    want(store, post(incident_id, "parent", "p1"), post(incident_id, "reply", "r1"))
    want(store, post(other.incident["id"], "parent", "p2"))
    slack.faults.add(Fault("http_before", "chat.postMessage"))
    assert outbox.deliver().sent == 0
    clock.forward(3)
    delivery = outbox.deliver()
    assert (delivery.sent, delivery.waiting) == (1, 2)
    assert texts(slack) == ["text of p2"]


def test_when_slack_says_429_nobody_else_posts_to_the_channel_either(outbox, store, slack, clock, incident_id):
    (other,) = store.record([(event(host="rt-osa-01.example.net"), b"")])
    want(store, post(incident_id, "parent", "p1"), post(other.incident["id"], "parent", "p2"))
    slack.faults.add(Fault("ratelimited", "chat.postMessage", retry_after_s=30))
    outbox.deliver()
    another = Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url), now=clock)
    assert another.deliver(other.incident["id"]).sent == 0
    clock.forward(31)
    assert another.deliver().sent >= 1
    assert texts(slack)[0] == "text of p1"


def test_when_slack_refuses_the_blocks_the_text_is_posted_alone(outbox, store, slack, incident_id):
    broken = post(incident_id, "parent", "p")
    broken = replace(broken, payload=broken.payload | {"blocks": [{"type": "no such block"}]})
    want(store, broken)
    assert outbox.deliver().sent == 1
    assert texts(slack) == ["text of p"]


def test_only_the_newest_of_several_wanted_updates_is_sent(outbox, store, slack, incident_id):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    want(store, post(incident_id, "update", "u1", "older"), post(incident_id, "update", "u2", "newer"))
    assert outbox.deliver().sent == 1
    assert texts(slack) == ["newer"]
    assert [name for name, _ in slack.workspace.calls].count("chat.update") == 1


def test_when_somebody_deleted_the_parent_the_thread_goes_on_under_the_next_reply(outbox, store, slack, incident_id):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    slack.workspace.messages[CHANNEL].clear()
    want(store, post(incident_id, "reply", "r1"), post(incident_id, "reply", "r2"))
    assert outbox.deliver().sent == 2
    first, second = slack.workspace.messages[CHANNEL].values()
    assert second["thread_ts"] == first["ts"]


def test_a_post_somebody_else_is_sending_is_left_to_them_until_they_are_overdue(
    outbox, store, slack, clock, incident_id
):
    want(store, post(incident_id, "parent", "p"))
    (wanted,) = store.posts.unsent()
    assert store.posts.claim(wanted, NOW, NOW + timedelta(seconds=60))
    assert outbox.deliver().waiting == 1
    clock.forward(61)  # they died in between
    assert outbox.deliver().sent == 1
    assert texts(slack) == ["text of p"]


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
def test_a_parent_that_cannot_be_changed_any_more_holds_nothing_up(outbox, store, slack, incident_id, code):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    want(store, post(incident_id, "update", "u"), post(incident_id, "reply", "r"))
    slack.faults.add(Fault("error", "chat.update", error=code))
    assert outbox.deliver().waiting == 0
    assert texts(slack) == ["text of p", "text of r"]
