"""Storms against the stand-in over HTTP, with its rate limits on, on a clock that is moved forward."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from events import event
from posting import CHANNEL, post, texts, want

from fannel.incidents.store.posts import FIRST, OUTPUT, RECOVERY, VERDICT
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox

ORDER = {"p": FIRST, "o": OUTPUT, "v": VERDICT, "r": RECOVERY}


@pytest.fixture
def slack(clock):
    stand_in = SlackStandIn(clock=lambda: clock().timestamp())
    with running(stand_in):
        yield stand_in


@pytest.fixture
def outbox(slack, store, clock):
    return Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=10), now=clock)


def opened(store, first, count):
    recorded = store.record([(event(host=f"rt-{n:04}.example.net"), b"") for n in range(first, first + count)])
    return [one.incident["id"] for one in recorded]


def wants(store, clock, number, incident_id, kinds):
    for kind in kinds:
        what = "parent" if kind == "p" else "reply"
        want(store, post(incident_id, what, f"{kind}{number}", priority=ORDER[kind], wanted_at=clock()))


def storming(texts):
    return [text for text in texts if "torm" in text.lower()]


def test_a_thousand_at_once_go_at_slacks_pace_without_one_refusal(outbox, store, slack, clock):
    for number, incident_id in enumerate(opened(store, 0, 1000)):
        wants(store, clock, number, incident_id, "pv")
    seconds = 45
    for _ in range(seconds):
        outbox.deliver()
        clock.forward(1)
    said = texts(slack)
    assert len(slack.workspace.calls) == len(said), "no call was refused or repeated"
    assert seconds <= len(said) <= seconds + 4
    assert said[0].startswith("🔴 STORM: 1,000 new incidents: rt-0000 Gi0/1")
    assert [text for text in said if text not in storming(said)] == [f"text of p{n}" for n in range(len(said) - 1)]
    assert store.posts.waiting() == 2000 - (len(said) - 1), "nothing is dropped"


def test_while_more_open_there_is_one_summary_every_half_minute_that_lists_them(outbox, store, slack, clock):
    said_at = {}
    for second in range(150):
        if second % 2 == 0 and second < 100:
            (incident_id,) = opened(store, second, 1)
            wants(store, clock, second, incident_id, "p")
        outbox.deliver()
        for text in storming(texts(slack)):
            said_at.setdefault(text, second)
        clock.forward(1)
    *summaries, over = said_at
    moments = sorted(said_at.values())
    assert over.startswith("⚪ Storm over")
    assert len(summaries) >= 2
    assert all(later - sooner >= 30 for sooner, later in pairwise(moments[:-1]))
    counted = sum(int(re.search(r"STORM: (\d+)", text)[1]) for text in summaries)
    assert f"{counted} new incidents" in over
    assert sorted(text for text in texts(slack) if text.startswith("text of")) == sorted(
        f"text of p{n}" for n in range(0, 100, 2)
    )


def test_when_slack_is_away_for_minutes_everything_comes_later_in_order_with_its_time(store, slack, clock):
    """A storm begins, goes on and half of it recovers while nothing gets through."""
    dead = Outbox(store, SlackClient(BOT_TOKEN, api_url="http://127.0.0.1:9/api/", timeout_s=10), now=clock)
    ids = opened(store, 0, 40)
    for number, incident_id in enumerate(ids):
        wants(store, clock, number, incident_id, "pv")
    for minute in range(10):
        dead.deliver()
        clock.forward(60)
        if minute == 5:
            for number, incident_id in enumerate(ids[:20]):
                wants(store, clock, number, incident_id, "r")
    alive = Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=10), now=clock)
    for _ in range(200):
        alive.deliver()
        clock.forward(1)
    assert store.posts.waiting() == 0
    plain = [text for text in texts(slack) if text not in storming(texts(slack))]
    assert sorted(re.sub(r"^\d\d:\d\d ", "", text) for text in plain) == sorted(
        [f"text of {kind}{n}" for n in range(40) for kind in "pv"] + [f"text of r{n}" for n in range(20)]
    )
    assert sum(text.startswith("07:00 text of p") for text in plain) == 40, "each says when it was"
    assert sum(text.startswith("07:06 text of r") for text in plain) == 20
    for number in range(20):
        thread = [text[6:] for text in plain if re.search(rf"[pvr]{number}\Z", text)]
        assert thread == [f"text of p{number}", f"text of v{number}", f"text of r{number}"]


def test_each_thread_keeps_its_order_whatever_its_posts_are_worth(outbox, store, slack, clock):
    ids = opened(store, 0, 30)
    for number, incident_id in enumerate(ids):
        wants(store, clock, number, incident_id, "pov" if number % 2 else "pvr")
    for _ in range(150):
        outbox.deliver()
        clock.forward(1)
    assert store.posts.waiting() == 0
    threads = {}
    for message in slack.workspace.messages[CHANNEL].values():
        if message["text"].startswith("text of"):
            threads.setdefault(message.get("thread_ts", message["ts"]), []).append(message["text"])
    assert sorted(threads.values()) == sorted(
        [f"text of {kind}{n}" for kind in ("pov" if n % 2 else "pvr")] for n in range(30)
    )
