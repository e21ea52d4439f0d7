"""A responder on a real store and the Slack stand-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answering import CHANNEL
from events import NOW

from fannel import config
from fannel.incidents.store import Store
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.posting import open_outbox
from fannel.respond import Responder


@pytest.fixture(scope="module")
def shared_slack():
    stand_in = SlackStandIn(rate_limits=False)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def slack(shared_slack):
    yield shared_slack
    shared_slack.faults.clear()
    for messages in shared_slack.workspace.messages.values():
        messages.clear()


@pytest.fixture
def settings(tmp_path, slack):
    return config.load(
        {
            "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "FANNEL_SLACK__API_URL": slack.api_url,
            "FANNEL_SLACK__CHANNEL": CHANNEL,
            "FANNEL_SLACK__TIMEOUT_S": "2",
        },
        cwd=tmp_path,
    )


@pytest.fixture
def store(settings):
    opened = Store.open(settings.database.url)
    yield opened
    opened.close()


class Clock:
    now = NOW + timedelta(seconds=5)

    def __call__(self):
        return self.now


@pytest.fixture
def responder(settings, store):
    clock = Clock()
    made = Responder(settings, store, open_outbox(settings, store, clock), clock)
    made.clock = clock
    return made
