"""The observer's round of the outbox: what it counts, what it says of Slack, and that no trouble ends it."""

from __future__ import annotations

import pytest
from events import NOW, event
from posting import Clock, post, want

from fannel.incidents.store import StoreError
from fannel.intake.counters import Counters
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.observer.chores import Delivery
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox


@pytest.fixture
def slack():
    stand_in = SlackStandIn(rate_limits=False, clock=NOW.timestamp)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def clock():
    return Clock()


def delivery_to(api_url, store, clock):
    counters = Counters()
    return Delivery(Outbox(store, SlackClient(BOT_TOKEN, api_url=api_url), now=clock), counters, clock), counters


def test_it_counts_what_waits_by_priority_and_what_it_sent(store, slack, clock):
    delivery, counters = delivery_to(slack.api_url, store, clock)
    opened = store.record([(event(host=f"rt-{n}.example.net"), b"") for n in range(6)])
    want(store, *(post(one.incident["id"], "parent", one.id, priority=10) for one in opened))
    delivery()
    assert (counters.get("posts_sent"), counters.get("posts_waiting", "10")) == (4, 2)
    clock.forward(3)
    delivery()
    assert (counters.get("posts_sent"), counters.get("posts_waiting", "10")) == (6, 0)


def test_when_slack_is_away_the_vital_says_so_and_how_long_the_oldest_waits(store, clock):
    delivery, _ = delivery_to("http://127.0.0.1:9/api/", store, clock)
    want(store, post(None, "note", "n"))
    for _ in range(4):
        delivery()
        clock.forward(61)
    assert delivery.oldest_s() == 4 * 61
    assert delivery.vital().detail.startswith("degraded, C0ALERTS01: nothing got through for 4m")


def test_a_database_that_is_away_is_counted_and_ends_nothing(clock):
    class Away:
        def deliver(self):
            msg = "database: gone"
            raise StoreError(msg)

    counters = Counters()
    Delivery(Away(), counters, clock)()
    assert counters.get("store_errors") == 1


def test_a_defect_is_counted_and_ends_nothing(clock):
    class Broken:
        def deliver(self):
            raise ZeroDivisionError

    counters = Counters()
    Delivery(Broken(), counters, clock)()
    assert counters.get("defects", "delivery") == 1
