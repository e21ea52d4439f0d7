"""Answers to people's messages: a note in their thread, an emoji on them."""

from __future__ import annotations

import pytest
from posting import CHANNEL, post, want

from fannel.lab.slack.faults import Fault


@pytest.fixture
def said(slack):
    """A message of somebody else; its ts."""
    return slack.workspace.say(slack.workspace.channel(CHANNEL), "silence rt1 2h")["ts"]


def emoji(slack, ts):
    return [one["name"] for one in slack.workspace.messages[CHANNEL][ts].get("reactions", ())]


def react(name, ts, key, *remove):
    return post(None, "reaction", key, thread_ts=ts, payload={"add": name, "remove": list(remove)})


def test_a_note_stands_in_the_thread_of_the_message_it_answers(outbox, store, slack, said):
    want(store, post(None, "note", "n", thread_ts=said))
    assert outbox.deliver().sent == 1
    *_, note = slack.workspace.messages[CHANNEL].values()
    assert (note["text"], note["thread_ts"]) == ("text of n", said)


def test_a_note_whose_answer_was_lost_is_found_in_that_thread(outbox, store, slack, clock, said):
    want(store, post(None, "note", "n", thread_ts=said))
    slack.faults.add(Fault("drop_after", "chat.postMessage"))
    outbox.deliver()
    clock.forward(60)
    assert outbox.deliver().sent == 1
    assert len(slack.workspace.messages[CHANNEL]) == 2


def test_where_the_message_was_deleted_its_answer_stands_in_the_channel(outbox, store, slack, said):
    del slack.workspace.messages[CHANNEL][said]
    want(store, post(None, "note", "n", thread_ts=said))
    assert outbox.deliver().sent == 1
    (note,) = slack.workspace.messages[CHANNEL].values()
    assert "thread_ts" not in note


def test_an_emoji_replaces_another_and_twice_is_once(outbox, store, slack, clock, said):
    want(store, react("no_bell", said, "r1"))
    outbox.deliver()
    assert emoji(slack, said) == ["no_bell"]
    want(store, react("white_check_mark", said, "r2", "no_bell", "eyes"))
    slack.faults.add(Fault("drop_after", "reactions.add"))
    outbox.deliver()
    clock.forward(60)
    assert outbox.deliver().sent == 1
    assert emoji(slack, said) == ["white_check_mark"]


def test_an_emoji_on_a_message_that_is_gone_is_nobodys_loss(outbox, store):
    want(store, react("no_bell", "1.000001", "r"))
    delivery = outbox.deliver()
    assert (delivery.sent, delivery.waiting) == (1, 0)


@pytest.mark.parametrize("code", ["missing_scope", "too_many_emoji"])
def test_an_emoji_that_slack_refuses_holds_up_nothing_else(outbox, store, slack, said, code):
    slack.faults.add(Fault("error", "reactions.add", error=code))
    want(store, react("no_bell", said, "r"), post(None, "note", "n", thread_ts=said))
    delivery = outbox.deliver()
    assert (delivery.sent, delivery.refused, delivery.waiting) == (1, 1, 0)
    assert "reactions:write" in store.posts.find("r").error


def test_a_reply_is_edited_in_place_and_twice_is_once(outbox, store, slack, clock, said):
    note = post(None, "note", "n", thread_ts=said)
    want(store, note)
    outbox.deliver()
    ts = store.posts.find("n").ts
    want(store, post(None, "edit", "n/1", "changed", thread_ts=ts))
    slack.faults.add(Fault("drop_after", "chat.update"))
    outbox.deliver()
    clock.forward(60)
    assert outbox.deliver().sent == 1
    assert len(slack.workspace.messages[CHANNEL]) == 2
    assert slack.workspace.messages[CHANNEL][ts]["text"] == "changed"


def test_of_a_reply_that_was_deleted_an_edit_is_given_up(outbox, store, slack, said):
    want(store, post(None, "edit", "n/1", "changed", thread_ts="1.000001"))
    assert outbox.deliver().sent == 1
    assert len(slack.workspace.messages[CHANNEL]) == 1
