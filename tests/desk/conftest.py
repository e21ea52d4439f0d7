"""A desk at the Slack stand-in, over real HTTP, with a database of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from desking import LOBBY, PEOPLE, SILENCES, Chat, keep_hosts
from events import NOW
from posting import Clock

from fannel import config
from fannel.desk.desk import Desk
from fannel.incidents.store import Store
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.lab.slack.workspace import DEFAULT_CHANNELS, Channel
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox


@pytest.fixture(scope="module")
def shared_slack():
    channels = (*DEFAULT_CHANNELS, Channel(SILENCES, "silences"), Channel(LOBBY, "lobby"))
    stand_in = SlackStandIn(rate_limits=False, channels=channels, clock=NOW.timestamp)
    stand_in.workspace.users.update(PEOPLE)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def slack(shared_slack, clock):
    def seconds():
        return clock.now.timestamp()

    shared_slack.workspace.clock = seconds
    # Each test begins at the same time, so its messages have the names that those of the one before had.
    shared_slack.workspace._last_us = 0
    shared_slack.workspace._by_client_msg_id.clear()
    yield shared_slack
    shared_slack.faults.clear()
    shared_slack.workspace.calls.clear()
    shared_slack.people.answers.clear()
    for messages in shared_slack.workspace.messages.values():
        messages.clear()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory):
    """An empty database at the current schema: to copy it is quicker than to make one."""
    path = tmp_path_factory.mktemp("desk") / "fresh.sqlite3"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path, fresh_database):
    shutil.copy(fresh_database, tmp_path / "fannel.sqlite3")
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


@pytest.fixture
def chat(slack, store, client, clock, settings, tmp_path):
    """A desk for the settings that a test names."""
    hosts = tmp_path / "directory.json"
    keep_hosts(hosts)

    def made(**variables):
        told = {"silences__channels": SILENCES, "pagoda__cache_file": str(hosts), **variables}
        desk = Desk(settings(**told), store, client, clock)
        return Chat(slack, desk, Outbox(store, client, now=clock), clock)

    return made
