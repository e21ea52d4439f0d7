"""A desk at the Slack stand-in, over real HTTP, with a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from events import NOW
from posting import Clock

from fannel import config
from fannel.incidents.store import Store
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.slack.client import SlackClient


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
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def client(slack):
    return SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=10)


@pytest.fixture
def settings():
    """Settings as variables would make them, over the defaults."""

    def made(**variables):
        environ = {
            name.upper() if name.isupper() else f"FANNEL_{name.upper()}": value for name, value in variables.items()
        }
        return config.load(environ, cwd=Path("/nonexistent"))

    return made
