"""The outbox and its channel: one sender at a time, the urgent first, at Slack's pace, in trouble and in a storm."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event
from posting import CHANNEL, Clock, post, texts, want

from fannel.incidents.lease import channel as lease_name
from fannel.incidents.store.posts import FIRST, OUTPUT, RECOVERY, SUMMARY, VERDICT
from fannel.lab.slack.faults import Fault
from fannel.lab.slack.server import BOT_TOKEN
from fannel.slack.client import SlackClient
from fannel.slack.outbox import MOMENT_S, Outbox
from fannel.slack.pace import RATES
from fannel.slack.sending import Sending


def incident(store, number):
    (recorded,) = store.record([(event(host=f"rt-{number:04}.example.net"), b"")])
    return recorded.incident["id"]


def posted(slack, method="chat.postMessage"):
    return [name for name, _ in slack.workspace.calls].count(method)


def outbox_on(slack, store, clock, token=BOT_TOKEN, **more):
    return Outbox(store, SlackClient(token, api_url=slack.api_url, timeout_s=10), now=clock, **more)


# --- one sender at a time -----------------------------------------------------------------------------------------


def test_who_does_not_get_the_channel_leaves_the_posts_to_who_has_it(slack, store, clock, incident_id):
    waited = []
    playbook = outbox_on(slack, store, clock, sleep=waited.append)
    want(store, post(incident_id, "parent", "p"))
    held = store.leases.acquire(lease_name(CHANNEL), "another", 30.0, NOW)
    assert playbook.deliver(incident_id).waiting == 1
    assert 0 < sum(waited) <= MOMENT_S + 0.1
    store.leases.release(held)
    assert outbox_on(slack, store, clock).deliver().sent == 1


def test_the_observer_does_not_wait_for_a_channel_at_all(slack, store, clock, incident_id):
    waited = []
    want(store, post(incident_id, "parent", "p"))
    store.leases.acquire(lease_name(CHANNEL), "another", 30.0, NOW)
    outbox_on(slack, store, clock, sleep=waited.append).deliver()
    assert waited == []


def test_the_channel_is_free_again_after_a_round(outbox, store, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    assert store.leases.holder(lease_name(CHANNEL), clock()) is None


def test_a_sender_that_died_holds_the_channel_no_longer_than_its_lease(outbox, store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    store.leases.acquire(lease_name(CHANNEL), "killed", 30.0, NOW)
    assert outbox.deliver().sent == 0
    clock.forward(31)
    assert outbox.deliver().sent == 1


def test_a_playbook_sends_what_is_more_urgent_first_and_then_no_more_than_its_own(outbox, store, slack, incident_id):
    urgent, idle = incident(store, 1), incident(store, 2)
    want(
        store,
        post(incident_id, "reply", "mine", priority=VERDICT),
        post(idle, "reply", "later", priority=OUTPUT),
        post(urgent, "parent", "first", priority=FIRST),
    )
    assert outbox.deliver(incident_id).waiting == 0
    assert texts(slack) == ["text of first", "text of mine"]


# --- priorities and pace ------------------------------------------------------------------------------------------


def test_the_urgent_goes_first(outbox, store, slack):
    wanted = {"s": SUMMARY, "o": OUTPUT, "v": VERDICT, "r": RECOVERY, "f": FIRST}
    for number, (key, priority) in enumerate(wanted.items()):
        want(store, post(incident(store, number), "parent", key, priority=priority))
    outbox.deliver()
    assert texts(slack) == [f"text of {key}" for key in "frvo"], "and the fifth waits for the pace"


def test_an_urgent_post_hurries_what_stands_before_it_and_does_not_overtake_it(outbox, store, slack):
    ours, other = incident(store, 1), incident(store, 2)
    want(store, post(other, "reply", "v", priority=VERDICT), post(ours, "reply", "o", priority=OUTPUT))
    want(store, post(ours, "reply", "r", priority=RECOVERY))
    outbox.deliver()
    assert texts(slack) == ["text of o", "text of r", "text of v"]


def test_a_burst_goes_at_once_and_then_one_a_second_whoever_sends(slack, store, clock):
    for number in range(12):
        want(store, post(incident(store, number), "parent", f"p{number}"))
    burst = int(RATES["post"].burst)
    rounds = []
    for _ in range(5):
        # As playbooks do: each has an outbox of its own.
        rounds.append(outbox_on(slack, store, clock).deliver().sent)
        clock.forward(1)
    assert rounds == [burst, 1, 1, 1, 1]


def test_a_limited_update_holds_up_no_reply(outbox, store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    want(store, post(incident_id, "update", "u", "newer"), post(incident_id, "reply", "r"))
    slack.faults.add(Fault("ratelimited", "chat.update", retry_after_s=60))
    outbox.deliver()
    assert texts(slack) == ["text of p", "text of r"]
    clock.forward(61)
    outbox.deliver()
    assert texts(slack) == ["newer", "text of r"]


# --- merging ------------------------------------------------------------------------------------------------------


def test_a_parent_that_is_not_there_yet_is_posted_as_it_looks_by_now(outbox, store, slack, incident_id):
    want(store, post(incident_id, "parent", "p"), post(incident_id, "update", "u1"))
    want(store, post(incident_id, "update", "u2", "as it is now"))
    assert outbox.deliver().waiting == 0
    assert texts(slack) == ["as it is now"]
    assert posted(slack, "chat.update") == 0


def test_a_parent_whose_outcome_is_unknown_keeps_its_text_until_it_is_found(outbox, store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    slack.faults.add(Fault("drop_after", "chat.postMessage"))
    outbox.deliver()
    want(store, post(incident_id, "update", "u", "newer"))
    clock.forward(60)
    outbox.deliver()
    assert texts(slack) == ["newer"]
    assert posted(slack) == 1


def test_replies_that_say_the_same_become_one_that_says_how_often(outbox, store, slack, incident_id):
    shown = {"text": "🔴 STILL DOWN", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "still"}}]}
    want(store, post(incident_id, "parent", "p"))
    for number in range(3):
        repeat = post(incident_id, "reply", f"r{number}")
        want(store, replace(repeat, payload={**repeat.payload, **shown}))
    want(store, post(incident_id, "reply", "x", "🟢 RECOVERED"))
    assert outbox.deliver().waiting == 0
    _, still, recovered = slack.workspace.messages[CHANNEL].values()
    assert "said 3 times" in str(still["blocks"])
    assert recovered["text"] == "🟢 RECOVERED"


def test_what_was_said_in_between_keeps_them_apart(outbox, store, slack, incident_id):
    want(store, post(incident_id, "reply", "a", "down"), post(incident_id, "reply", "b", "up"))
    want(store, post(incident_id, "reply", "c", "down"))
    outbox.deliver()
    assert texts(slack) == ["down", "up", "down"]


# --- trouble ------------------------------------------------------------------------------------------------------


def test_what_waited_for_minutes_says_when_it_was_and_comes_in_order(slack, store, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    dead = Outbox(store, SlackClient(BOT_TOKEN, api_url="http://127.0.0.1:9/api/"), now=clock)
    for _ in range(5):
        assert dead.deliver().sent == 0
        clock.forward(61)
    want(store, post(incident_id, "reply", "r", wanted_at=clock()))
    clock.forward(1)
    assert outbox_on(slack, store, clock).deliver().sent == 2
    assert texts(slack) == ["07:00 text of p", "text of r"]


def test_while_slack_cannot_be_reached_it_is_not_tried_for_every_post(slack, store, clock):
    for number in range(10):
        want(store, post(incident(store, number), "parent", f"p{number}"))
    client = Counting(SlackClient(BOT_TOKEN, api_url="http://127.0.0.1:9/api/"))
    dead = Outbox(store, client, now=clock)
    for _ in range(100):
        dead.deliver()
        clock.forward(6)
    assert client.posts <= 6 + 600 / 60


class Counting:
    """A client that counts what it is asked to post."""

    def __init__(self, client):
        self._client = client
        self.posts = 0

    def post(self, *args, **kwargs):
        self.posts += 1
        return self._client.post(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._client, name)


def test_what_only_a_person_mends_is_said_once_and_kept(slack, store, clock, incident_id, capsys):
    want(store, post(incident_id, "parent", "p"))
    wrong = outbox_on(slack, store, clock, token="xoxb-wrong")
    for _ in range(3):
        wrong.deliver()
        clock.forward(301)
    said = capsys.readouterr()
    assert (said.out + said.err).count("SLACK_BOT_TOKEN") == 1
    trouble = Sending.from_json(store.channels.state(CHANNEL)).trouble
    assert (trouble.code, trouble.lasting, trouble.failures) == ("invalid_auth", True, 3)
    assert outbox_on(slack, store, clock).deliver().sent == 1
    assert Sending.from_json(store.channels.state(CHANNEL)).trouble is None


@pytest.mark.parametrize("code", ["restricted_action_thread_locked", "cannot_reply_to_message"])
def test_when_the_thread_is_locked_it_goes_on_in_the_channel(outbox, store, slack, incident_id, code):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    want(store, post(incident_id, "reply", "r1"))
    slack.faults.add(Fault("error", "chat.postMessage", error=code))
    assert outbox.deliver().sent == 1
    want(store, post(incident_id, "reply", "r2"))
    outbox.deliver()
    _, first, second = slack.workspace.messages[CHANNEL].values()
    assert "parent_user_id" not in first
    assert second["thread_ts"] == first["ts"]


def test_when_slack_insists_on_a_duplicate_that_is_not_there_it_is_posted_under_another_id(
    outbox, store, slack, clock, incident_id
):
    want(store, post(incident_id, "parent", "p"))
    for _ in range(2):
        slack.faults.add(Fault("error", "chat.postMessage", error="duplicate_message_not_found"))
    outbox.deliver()
    clock.forward(60)
    assert outbox.deliver().sent == 1
    assert texts(slack) == ["text of p"]


def test_a_reply_found_without_its_thread_carries_the_thread_on(outbox, store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    outbox.deliver()
    slack.workspace.messages[CHANNEL].clear()  # somebody deleted the parent
    want(store, post(incident_id, "reply", "r1"))
    slack.faults.add(Fault("drop_after", "chat.postMessage"))
    outbox.deliver()
    clock.forward(60)
    want(store, post(incident_id, "reply", "r2", wanted_at=clock()))
    outbox.deliver()
    first, second = slack.workspace.messages[CHANNEL].values()
    assert second["thread_ts"] == first["ts"]


# --- storms -------------------------------------------------------------------------------------------------------


def test_in_a_storm_one_summary_comes_first_and_the_threads_follow(slack, store, clock):
    outbox = outbox_on(slack, store, clock, storm_incidents=5)
    for number in range(8):
        want(store, post(incident(store, number), "parent", f"p{number}", priority=FIRST))
    outbox.deliver()
    summary, *threads = texts(slack)
    assert summary.startswith("🔴 STORM: 8 new incidents: rt-0000 Gi0/1")
    assert threads == ["text of p0", "text of p1", "text of p2"]


def test_the_next_summary_tells_only_what_is_new_and_peace_says_so(slack, store, clock):
    outbox = outbox_on(slack, store, clock, storm_incidents=5)
    for number in range(8):
        want(store, post(incident(store, number), "parent", f"p{number}", priority=FIRST))
    for second in range(120):
        outbox.deliver()
        clock.forward(1)
        if second == 20:
            want(store, post(incident(store, 9), "parent", "p9", priority=FIRST, wanted_at=clock()))
    said = [text for text in texts(slack) if not text.startswith("text of")]
    assert said[0].startswith("🔴 STORM: 8 new incidents")
    assert said[-1].startswith("⚪ Storm over")
    assert sorted(text for text in texts(slack) if text.startswith("text of")) == [
        *(f"text of p{number}" for number in range(8)),
        "text of p9",
    ]
    assert not Sending.from_json(store.channels.state(CHANNEL)).storm.on


def test_while_slack_is_away_a_storm_wants_one_summary_and_not_one_every_half_minute(slack, store, clock):
    dead = Outbox(store, SlackClient(BOT_TOKEN, api_url="http://127.0.0.1:9/api/"), now=clock, storm_incidents=5)
    for number in range(8):
        want(store, post(incident(store, number), "parent", f"p{number}", wanted_at=clock()))
    for _ in range(50):
        dead.deliver()
        clock.forward(6)
    assert store.posts.waiting() <= 8 + 1


# --- what a replica and a process that died leave behind ------------------------------------------------------------


def test_two_senders_that_start_at_the_same_instant_post_once(slack, store, incident_id):
    clock = Clock()
    want(store, post(incident_id, "parent", "p"), *(post(incident_id, "reply", f"r{n}") for n in range(3)))
    senders = [outbox_on(slack, store, clock) for _ in range(4)]
    threads = [threading.Thread(target=sender.deliver, args=(incident_id,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert texts(slack) == ["text of p", "text of r0", "text of r1", "text of r2"]


def test_a_sender_that_died_after_posting_leaves_no_second_message(outbox, store, slack, clock, incident_id):
    want(store, post(incident_id, "parent", "p"))
    (wanted,) = store.posts.unsent()
    store.posts.claim(wanted, NOW, NOW + timedelta(seconds=60))
    SlackClient(BOT_TOKEN, api_url=slack.api_url).post(CHANNEL, wanted.payload, client_msg_id="x")
    clock.forward(61)
    assert outbox.deliver().sent == 1
    assert texts(slack) == ["text of p"]
