"""Requests from a person's keyboard to the store and back, over real websockets, with the desk that FANNEL has."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desking import keep_hosts, shown
from listening_desk import CHANNEL, WAIT_S, until

from fannel import config
from fannel.lab.slack import BOT_TOKEN
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox

RIN = "U0RIN"


@pytest.fixture
def environ(environ, tmp_path):
    hosts = tmp_path / "directory.json"
    keep_hosts(hosts)
    return {**environ, "FANNEL_PAGODA__CACHE_FILE": str(hosts)}


@pytest.fixture
def settings(environ):
    return config.load(environ, cwd=Path("/nonexistent"))


@pytest.fixture
def outbox(slack, store):
    slack.workspace.users[RIN] = {"id": RIN, "name": "rin", "real_name": "Rin", "tz": "Asia/Tokyo"}
    return Outbox(store, SlackClient(BOT_TOKEN, api_url=slack.api_url), now=lambda: datetime.now(UTC))


def thread(slack, outbox, ts):
    """What FANNEL said there by now."""
    outbox.deliver()
    there = list(slack.workspace.messages[CHANNEL].values())
    return [one for one in there if one.get("thread_ts") == ts and one["ts"] != ts and "bot_id" in one]


def current(store):
    return [one.id for one in store.silences.current(datetime.now(UTC))]


def test_a_silence_is_asked_for_changed_and_withdrawn(slack, listening, store, outbox):
    with listening(desk=None):
        ts = slack.people.say(CHANNEL, "silence rt-tyo-01 2h card swap")["ts"]
        until(lambda: len(thread(slack, outbox, ts)) == 1)
        assert shown(thread(slack, outbox, ts)[0]).startswith("🔕 *Silenced*  #1  `rt-tyo-01.example.net`")
        slack.people.edit(CHANNEL, ts, "silence rt-osa-01 2h")
        until(lambda: store.silences.one(1).what == "changed")
        slack.people.delete(CHANNEL, ts)
        until(lambda: current(store) == [])
        until(lambda: len(thread(slack, outbox, ts)) == 3)


def test_a_broad_one_is_confirmed_by_a_click_and_resumed_by_a_command(slack, listening, store, outbox):
    with listening(desk=None):
        ts = slack.people.say(CHANNEL, "silence rt-tyo-0* 2h")["ts"]
        until(lambda: thread(slack, outbox, ts))
        button = thread(slack, outbox, ts)[0]["ts"]
        slack.people.click(CHANNEL, button, "fannel.confirm")
        until(lambda: slack.people.answers)
        assert "somebody else has to confirm it" in shown(slack.people.answers[0]["body"])
        slack.people.click(CHANNEL, button, "fannel.confirm", user=RIN)
        until(lambda: current(store) == [1])
        slack.people.slash(CHANNEL, "resume #1")
        until(lambda: current(store) == [])


def test_what_was_said_in_the_thread_of_a_silence_during_an_outage_is_done_afterwards(slack, listening, store, outbox):
    with listening(desk=None):
        ts = slack.people.say(CHANNEL, "silence rt-tyo-01 2h")["ts"]
        until(lambda: current(store) == [1])
    slack.people.say(CHANNEL, "resume", thread_ts=ts)
    with listening(desk=None):
        until(lambda: current(store) == [])


def a_minute_passes(url):
    """For whoever died with something in its hands: then it is given to the next."""
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE inbox SET due_at = '2000-01-01 00:00:00.000000' WHERE state = 'taken'")


def test_killed_in_the_middle_of_its_work_it_does_each_request_once(slack, store, outbox, environ, settings):
    told = {name: value for name, value in os.environ.items() if not name.startswith(("FANNEL_", "SLACK_"))}
    command = [sys.executable, "-m", "fannel", "listen"]
    asked = []
    # Wherever it is; the last time once all is done.
    for number, enough in enumerate((3, 8)):
        before = slack.sockets.connected_so_far
        process = subprocess.Popen(command, env=told | environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            until(lambda before=before: slack.sockets.connected_so_far > before, "the connection")
            asked += [slack.people.say(CHANNEL, f"silence rt-tyo-01 Gi{number}/{n} 2h")["ts"] for n in range(4)]
            until(lambda enough=enough: len(current(store)) >= enough, "enough silences")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(WAIT_S)
            a_minute_passes(settings.database.url)
    until(lambda: outbox.deliver().waiting == 0, "the last answer")
    made = sorted(store.requests.under(CHANNEL, ts).silences for ts in asked)
    assert made == [(number,) for number in range(1, len(asked) + 1)]
    assert [len(thread(slack, outbox, ts)) for ts in asked] == [1] * len(asked)
