"""What Slack may answer, by code and by method: in the end there is one message each, or the post is kept and said why.

Time-outs, dropped connections and 5xx on posts are in test_outbox.py, files in test_outbox_files.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from posting import CHANNEL, post, texts, want

from fannel.lab.slack.faults import Fault
from fannel.slack.sending import Sending

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "shown"}}]
TERMINAL = [
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
]


def with_blocks(wanted, blocks=BLOCKS):
    return replace(wanted, payload={**wanted.payload, "blocks": blocks})


@pytest.fixture
def thread(outbox, store, incident_id):
    want(store, with_blocks(post(incident_id, "parent", "p")))
    outbox.deliver()
    return incident_id


def rounds(outbox, clock, seconds, step_s=5):
    for _ in range(0, seconds, step_s):
        clock.forward(step_s)
        outbox.deliver()


def stored(slack):
    return list(slack.workspace.messages[CHANNEL].values())


# --- what passes by itself, or when a person has acted ----------------------------------------------------------------

PASSES = ["is_archived", "channel_not_found", "not_in_channel", "restricted_action", "invalid_auth", "token_revoked"]
PASSES += ["account_inactive", "missing_scope", "fatal_error", "internal_error", "service_unavailable", "ratelimited"]
PASSES += ["rate_limited", "request_timeout", "a_code_nobody_knows"]


@pytest.mark.parametrize("kind", ["parent", "reply", "note", "update"])
@pytest.mark.parametrize("code", PASSES)
def test_whatever_passes_leaves_one_message(outbox, store, slack, clock, incident_id, kind, code):
    if kind in ("reply", "update"):
        want(store, post(incident_id, "parent", "p"))
        outbox.deliver()
    wanted = post(None if kind == "note" else incident_id, kind, "x")
    want(store, wanted)
    slack.faults.add(Fault("error", "chat.update" if kind == "update" else "chat.postMessage", error=code, times=2))
    assert outbox.deliver().waiting == 1
    rounds(outbox, clock, 1200, step_s=20)
    assert texts(slack).count("text of x") == 1
    assert store.posts.waiting() == 0
    assert Sending.from_json(store.channels.state(CHANNEL)).trouble is None


# --- what will never be accepted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "invalid_attachments"])
@pytest.mark.parametrize("kind", ["parent", "reply"])
def test_a_layout_that_slack_refuses_is_posted_as_text(outbox, store, slack, incident_id, kind, code):
    if kind == "reply":
        want(store, post(incident_id, "parent", "p"))
        outbox.deliver()
    want(store, with_blocks(post(incident_id, kind, "x")))
    slack.faults.add(Fault("error", "chat.postMessage", error=code))
    assert outbox.deliver().waiting == 0
    assert "blocks" not in stored(slack)[-1]
    assert texts(slack).count("text of x") == 1


def test_an_update_that_slack_refuses_holds_up_nothing(outbox, store, slack, thread):
    want(store, post(thread, "update", "u"), post(thread, "reply", "r"))
    slack.faults.add(Fault("error", "chat.update", error="msg_too_long"))
    assert outbox.deliver().waiting == 0
    assert texts(slack) == ["text of p", "text of r"]
    assert "defect" in store.posts.find("u").error


# --- the thread's head is gone ------------------------------------------------------------------------------------


def test_a_parent_that_is_gone_when_it_is_to_change_is_posted_anew(outbox, store, slack, thread):
    slack.workspace.messages[CHANNEL].clear()
    want(store, with_blocks(post(thread, "update", "u", "as it is now")), post(thread, "reply", "r"))
    assert outbox.deliver().waiting == 0
    parent, reply = stored(slack)
    assert (parent["text"], reply["text"]) == ("as it is now", "text of r")
    assert reply["thread_ts"] == parent["ts"]
    want(store, with_blocks(post(thread, "update", "u2", "and now")))
    outbox.deliver()
    assert texts(slack) == ["and now", "text of r"]


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "http_after"])
def test_a_parent_posted_anew_is_there_once_whatever_becomes_of_the_answer(outbox, store, slack, clock, thread, fault):
    slack.workspace.messages[CHANNEL].clear()
    want(store, post(thread, "update", "u", "as it is now"))
    slack.faults.add(Fault(fault, "chat.postMessage"))
    outbox.deliver()
    slack.workspace._by_client_msg_id.clear()  # Slack need not recognise a repetition
    rounds(outbox, clock, 120)
    assert texts(slack) == ["as it is now"]
    assert store.thread(thread)[1] == stored(slack)[0]["ts"]


def test_a_tombstone_is_no_parent_any_more(outbox, store, slack, thread):
    want(store, post(thread, "reply", "r1"))
    outbox.deliver()
    slack.workspace.delete(slack.workspace.channels[CHANNEL], stored(slack)[0]["ts"])
    want(store, post(thread, "update", "u", "as it is now"), post(thread, "reply", "r2"))
    outbox.deliver()
    *_, parent, reply = stored(slack)
    assert (parent["text"], reply["thread_ts"]) == ("as it is now", parent["ts"])


@pytest.mark.parametrize("blocks", [BLOCKS, TERMINAL], ids=["section", "rich_text"])
def test_a_reply_that_became_the_head_shows_the_state_above_what_it_says(outbox, store, slack, thread, blocks):
    slack.workspace.messages[CHANNEL].clear()
    want(store, with_blocks(post(thread, "reply", "r"), blocks))
    outbox.deliver()
    state = [{"type": "section", "text": {"type": "mrkdwn", "text": "🟢 RECOVERED"}}]
    want(store, with_blocks(post(thread, "update", "u", "🟢 RECOVERED"), state))
    assert outbox.deliver().refused == 0
    (head,) = stored(slack)
    assert head["text"] == "🟢 RECOVERED"
    assert head["blocks"] == [*state, *blocks]
    assert head["metadata"]["event_payload"]["key"] == "r", "or it could not be found any more"


@pytest.mark.parametrize("code", ["thread_not_found", "message_not_found"])
def test_a_reply_whose_thread_is_not_found_goes_into_the_channel(outbox, store, slack, thread, code):
    want(store, post(thread, "reply", "r1"), post(thread, "reply", "r2"))
    slack.faults.add(Fault("error", "chat.postMessage", error=code))
    assert outbox.deliver().waiting == 0
    _, first, second = stored(slack)
    assert "parent_user_id" not in first
    assert second["thread_ts"] == first["ts"]


def test_a_look_for_a_reply_whose_thread_is_gone_goes_on_in_the_channel(outbox, store, slack, clock, thread):
    slack.workspace.messages[CHANNEL].clear()
    want(store, post(thread, "reply", "r"))
    slack.faults.add(Fault("drop_after", "chat.postMessage"))
    outbox.deliver()
    rounds(outbox, clock, 60)
    assert texts(slack) == ["text of r"]


# --- limits by method ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "kind"), [("conversations.history", "note"), ("conversations.replies", "reply")])
def test_a_limited_look_keeps_the_post_in_doubt_and_the_others_going(outbox, store, slack, clock, thread, method, kind):
    want(store, post(None if kind == "note" else thread, kind, "r"))
    slack.faults.add(Fault("drop_after", "chat.postMessage"))
    slack.faults.add(Fault("ratelimited", method, retry_after_s=40))
    outbox.deliver()
    clock.forward(10)
    outbox.deliver()
    assert store.posts.find("r").state == "unknown"
    want(store, post(None, "note", "n", wanted_at=clock()))
    rounds(outbox, clock, 10)
    assert "text of n" in texts(slack), "a look that must wait holds up no post"
    rounds(outbox, clock, 120)
    assert texts(slack).count("text of r") == 1
    assert store.posts.waiting() == 0


# --- an id that Slack knows ---------------------------------------------------------------------------------------


def test_when_slack_recognises_a_repetition_its_first_message_is_taken(outbox, store, slack, clock, incident_id):
    """The history does not show it yet, so it is posted again with the same id, and Slack answers with the first."""
    want(store, post(incident_id, "parent", "p"))
    slack.faults.add(Fault("drop_after", "chat.postMessage"))
    outbox.deliver()
    (message,) = stored(slack)
    message.pop("metadata")
    rounds(outbox, clock, 60)
    assert texts(slack) == ["text of p"]
    assert store.thread(incident_id)[1] == message["ts"]
