"""The outbox's tests share one stand-in; each begins with an empty channel and a database of its own."""

from __future__ import annotations

import pytest
from events import NOW, event
from posting import Clock

from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox


@pytest.fixture(scope="module")
def shared_slack():
    stand_in = SlackStandIn(rate_limits=False, clock=NOW.timestamp)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def slack(shared_slack):
    yield shared_slack
    shared_slack.faults.clear()
    shared_slack.workspace.calls.clear()
    for messages in shared_slack.workspace.messages.values():
        messages.clear()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outbox(slack, store, clock):
    return Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=10), now=clock)


@pytest.fixture
def incident_id(store):
    (recorded,) = store.record([(event(), b"")])
    return recorded.incident["id"]
