"""The whole output as a file in the thread: there once, whatever becomes of the answers, or said to be missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from posting import CHANNEL, post, texts, want

from fannel.lab.slack.faults import Fault
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox

FILE = {"filename": "rt_A-1_ab.txt", "title": "rt-tyo-01 Gi0/1", "content": "line", "comment": "all of it"}
NO_TROUBLE = (("upload", "garbage"), ("upload", "error"))
STEPS = ("files.getUploadURLExternal", "upload", "files.completeUploadExternal")


@pytest.fixture
def slack(clock):
    """A stand-in on the test's own clock, so that a share comes when the test says."""
    stand_in = SlackStandIn(rate_limits=False, clock=lambda: clock().timestamp())
    with running(stand_in):
        yield stand_in


@pytest.fixture
def outbox(slack, store, clock):
    return Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=10), now=clock)


@pytest.fixture
def thread(outbox, store, incident_id):
    """A thread whose first message is there, and a file wanted in it."""
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    want(store, replace(post(incident_id, "file", "f"), payload=FILE))
    return incident_id


def rounds(outbox, clock, seconds, step_s=1):
    for _ in range(0, seconds, step_s):
        clock.forward(step_s)
        outbox.deliver()


def calls(slack, method):
    return [name for name, _ in slack.workspace.calls].count(method)


def test_a_file_is_shared_in_the_thread(outbox, store, slack, thread):
    assert outbox.deliver().waiting == 0
    parent, share = slack.workspace.messages[CHANNEL].values()
    assert (share["text"], share["thread_ts"]) == ("all of it", parent["ts"])
    assert store.posts.find("f").ts == share["ts"]


FAULTS = (
    Fault("drop_before"),
    Fault("drop_after"),
    Fault("http_before", status=503),
    Fault("http_after", status=500),
    Fault("garbage"),
    Fault("error", error="internal_error"),
    Fault("ratelimited", retry_after_s=7),
    Fault("drop_after", times=2),
)
# What an upload answers is not read, so garbage is no fault there, nor is an error in JSON.
TROUBLES = [(step, fault) for step in STEPS for fault in FAULTS if (step, fault.kind) not in NO_TROUBLE]


@pytest.mark.parametrize(
    ("step", "fault"), TROUBLES, ids=lambda value: f"{value.kind}-{value.times}" if isinstance(value, Fault) else value
)
def test_whatever_becomes_of_a_step_the_file_is_there_once(outbox, store, slack, clock, thread, step, fault):
    want(store, post(thread, "reply", "r"))
    slack.faults.add(replace(fault, method=step))
    assert outbox.deliver().waiting > 0
    rounds(outbox, clock, 120)
    assert sorted(texts(slack)) == ["all of it", "text of p", "text of r"]
    assert store.posts.waiting() == 0


@pytest.mark.parametrize("late_s", [1, 5, 10])
def test_a_share_that_comes_late_holds_nothing_up_and_is_awaited(outbox, store, slack, clock, thread, late_s):
    slack.workspace.file_share_delay_s = late_s
    want(store, post(thread, "reply", "r"))
    outbox.deliver(thread)
    assert texts(slack) == ["text of p", "text of r"], "the thread goes on"
    rounds(outbox, clock, 30)
    assert texts(slack) == ["text of p", "text of r", "all of it"]
    assert store.posts.waiting() == 0
    assert calls(slack, "files.completeUploadExternal") == 1


@pytest.mark.parametrize("fault", ["drop_after", "http_after", "delay_after"])
def test_a_late_share_whose_answer_was_lost_is_not_asked_for_again(store, slack, clock, thread, fault):
    slack.workspace.file_share_delay_s = 8
    hasty = Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=1), now=clock)
    slack.faults.add(Fault(fault, "files.completeUploadExternal", seconds=1.5))
    hasty.deliver()
    patient = Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=10), now=clock)
    rounds(patient, clock, 40)
    assert texts(slack) == ["text of p", "all of it"]
    assert calls(slack, "files.completeUploadExternal") == 1


def test_slack_is_not_asked_more_often_than_every_two_seconds(outbox, slack, clock, thread):
    slack.workspace.file_share_delay_s = 9
    outbox.deliver()
    rounds(outbox, clock, 20)
    assert calls(slack, "files.info") <= 1 + 9 / 2 + 1


def test_a_file_that_slack_took_and_never_shows_is_said_to_be_missing(outbox, store, slack, clock, thread):
    slack.workspace.file_share_delay_s = None
    outbox.deliver()
    rounds(outbox, clock, 40)
    parent, said = slack.workspace.messages[CHANNEL].values()
    assert said["thread_ts"] == parent["ts"]
    assert f"fannel incidents show {thread}" in said["text"]
    assert "rt_A-1_ab.txt" in str(said["blocks"])
    assert store.posts.waiting() == 0
    assert store.posts.find("f/watch").state == "refused"


def test_a_file_that_slack_refuses_is_said_to_be_missing(outbox, store, slack, clock, thread):
    slack.faults.add(Fault("error", "files.getUploadURLExternal", error="snippet_too_large"))
    outbox.deliver()
    rounds(outbox, clock, 5)
    assert "not in Slack" in texts(slack)[-1]
    assert store.posts.find("f").state == "refused"


def test_a_file_that_somebody_deleted_at_once_is_not_missed(outbox, store, slack, clock, thread):
    slack.workspace.file_share_delay_s = 5
    outbox.deliver()
    slack.workspace.files.clear()
    slack.workspace._shares.clear()
    rounds(outbox, clock, 30)
    assert texts(slack) == ["text of p"]
    assert store.posts.waiting() == 0


def test_an_app_that_may_not_look_trusts_what_slack_said(outbox, store, slack, clock, thread):
    slack.faults.add(Fault("error", "files.info", error="missing_scope", times=9))
    outbox.deliver()
    rounds(outbox, clock, 20)
    assert texts(slack) == ["text of p", "all of it"]
    assert store.posts.waiting() == 0


def test_where_nobody_can_look_a_file_in_doubt_is_not_asked_for_twice(outbox, store, slack, clock, thread):
    slack.faults.add(Fault("drop_after", "files.completeUploadExternal"))
    slack.faults.add(Fault("error", "files.info", error="missing_scope", times=9))
    outbox.deliver()
    rounds(outbox, clock, 60)
    assert texts(slack).count("all of it") == 1
    assert "not in Slack" in texts(slack)[-1]


def test_what_slack_forgot_before_it_was_shared_is_uploaded_again(outbox, store, slack, clock, thread):
    slack.faults.add(Fault("error", "files.completeUploadExternal", error="file_not_found"))
    outbox.deliver()
    rounds(outbox, clock, 30)
    assert texts(slack) == ["text of p", "all of it"]
    assert len(slack.workspace.files) == 2


def test_a_sender_that_died_between_asking_and_hearing_leaves_one_file(outbox, store, slack, clock, thread):
    (wanted,) = store.posts.unsent(thread)
    client = SlackClient(BOT_TOKEN, api_url=slack.api_url)
    assert store.posts.claim(wanted, clock(), clock.now.replace(minute=1))
    file_id = client.upload(filename=FILE["filename"], content=FILE["content"])
    store.posts.amend(wanted, {**FILE, "upload": {"file": file_id, "asks": 1, "asked_at": clock().timestamp()}})
    client.share(CHANNEL, slack_parent(slack), file_id, title="t", comment=FILE["comment"])
    rounds(outbox, clock, 120)
    assert texts(slack) == ["text of p", "all of it"]
    assert store.posts.waiting() == 0


def slack_parent(slack):
    return next(iter(slack.workspace.messages[CHANNEL]))
