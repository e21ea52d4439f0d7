"""A thousand incidents at once: Slack's pace is kept, the urgent comes first, nothing grows, nothing is lost."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from events import event
from posting import post, texts, want

from fannel.incidents.store.posts import FIRST, RECOVERY, VERDICT
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.slack.client import Posted, SlackClient
from fannel.slack.outbox import Outbox


class Scripted:
    """Slack as a client sees it, on a clock of its own: takes posts at its limits, and keeps what it got."""

    def __init__(self, clock):
        self.workspace = SlackStandIn(clock=lambda: clock().timestamp()).workspace
        self.got = []

    def post(self, channel, payload, *, client_msg_id, thread_ts=None, broadcast=False):
        self.workspace.limits.post(channel)
        self.got.append(payload["text"])
        return Posted(self.workspace.next_ts(), thread_ts)

    def update(self, channel, ts, payload):
        self.workspace.limits.call("chat.update")


@pytest.fixture
def slack(clock):
    return Scripted(clock)


@pytest.fixture
def outbox(store, slack, clock):
    return Outbox(store, slack, now=clock, storm_incidents=20)


def storm(store, incidents):
    """First posts wanted at once, each with a verdict and a changed parent behind it; the incidents' ids."""
    opened = store.record([(event(host=f"rt-{n:04}.example.net"), b"") for n in range(incidents)])
    ids = [one.incident["id"] for one in opened]
    for number, incident_id in enumerate(ids):
        want(
            store,
            post(incident_id, "parent", f"p{number}", priority=FIRST),
            post(incident_id, "reply", f"v{number}", priority=VERDICT),
            post(incident_id, "update", f"u{number}", f"judged {number}", priority=VERDICT),
        )
    return ids


def test_of_a_thousand_the_first_posts_go_in_order_at_slacks_pace(outbox, store, slack, clock):
    ids = storm(store, 1000)
    seconds = 40
    for second in range(seconds):
        # Refused by the scripted limits, a post would not be counted as sent.
        assert outbox.deliver().sent == (4 if second == 0 else 1)
        if second == 20:
            want(store, post(ids[0], "reply", "r0", "🟢 RECOVERED", priority=RECOVERY, wanted_at=clock()))
        clock.forward(1)
    summaries = [text for text in slack.got if "STORM" in text]
    assert len(slack.got) == seconds + 3
    assert [text for text in slack.got if "STORM" not in text] == [f"judged {n}" for n in range(len(slack.got) - 1)]
    assert summaries[0].startswith("🔴 STORM: 1,000 new incidents: rt-0000 Gi0/1")
    assert len(summaries) == 1, "nothing new opened, so there is nothing to sum up"


def test_what_is_kept_between_two_rounds_does_not_grow(outbox, store, clock):
    storm(store, 60)
    rows = store.posts.waiting()
    sizes = []
    for _ in range(20):
        outbox.deliver()
        clock.forward(1)
        sizes.append(len(json.dumps(store.channels.states())))
    assert max(sizes[1:]) - min(sizes[1:]) < 40
    assert store.posts.waiting() < rows


def test_everything_is_there_in_the_end_once_and_in_order(outbox, store, slack, clock):
    storm(store, 40)
    seconds = 0
    while outbox.deliver().waiting and seconds < 300:
        clock.forward(1)
        seconds += 1
    told = [text for text in slack.got if "torm" not in text.lower()]
    assert told == [f"judged {n}" for n in range(40)] + [f"text of v{n}" for n in range(40)]
    assert seconds < 2 * 40 + 5


def test_a_short_real_run_at_the_stand_ins_own_limits_meets_no_429(store):
    """Real HTTP, real time: 12 first posts."""
    stand_in = SlackStandIn()
    with running(stand_in):
        outbox = Outbox(
            store, SlackClient(BOT_TOKEN, api_url=stand_in.api_url, timeout_s=5), now=lambda: datetime.now(UTC)
        )
        opened = store.record([(event(host=f"rt-{n:02}.example.net"), b"") for n in range(12)])
        for number, one in enumerate(opened):
            wanted_at = datetime.now(UTC)
            want(store, post(one.incident["id"], "parent", f"p{number}", priority=FIRST, wanted_at=wanted_at))
        began = time.monotonic()
        while outbox.deliver().waiting and time.monotonic() - began < 60:
            time.sleep(0.2)
        took_s = time.monotonic() - began
    assert texts(stand_in) == [f"text of p{n}" for n in range(12)]
    assert [name for name, _ in stand_in.workspace.calls] == ["chat.postMessage"] * 12
    assert took_s >= 12 - 4 - 1
