"""`fannel outbox`: what waits and why, for a person and for a program."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from events import NOW, event
from posting import CHANNEL, post, want
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.incidents.store import Store
from fannel.slack.errors import SlackError
from fannel.slack.sending import Sending


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FANNEL_DATABASE__URL", url)
    monkeypatch.delenv("FANNEL_CONFIG", raising=False)
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    opened = Store.open(url)
    yield opened
    opened.close()


def said(*arguments):
    result = CliRunner().invoke(app, ["outbox", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_an_empty_outbox_says_so(store):
    assert said() == "0 waiting, 0 refused for good\n"


def test_it_lists_the_urgent_first_and_why_each_waits(store):
    (recorded,) = store.record([(event(), b"")])
    incident_id = recorded.incident["id"]
    want(store, post(incident_id, "reply", "later", priority=30), post(incident_id, "parent", "first", priority=10))
    store.posts.failed(store.posts.find("first"), "unknown", "Slack chat.postMessage: http_503", NOW, NOW)
    first, later = json.loads(said("--json"))["posts"]
    assert (first["key"], first["attempts"], first["state"]) == ("first", 1, "unknown")
    assert "http_503" in first["why"]
    assert (later["incident"], later["priority"], later["since"]) == (incident_id, 30, NOW.isoformat())


def test_what_is_wrong_with_the_channel_is_said_with_its_remedy(store):
    want(store, post(None, "note", "n"))
    wrong = Sending().failed(SlackError.of("invalid_auth", method="chat.postMessage"), NOW.timestamp())
    store.channels.keep(CHANNEL, wrong.to_json(), NOW)
    shown = said()
    assert f"{CHANNEL}: nothing gets through since 2026-11-22T07:00:07" in shown
    assert "SLACK_BOT_TOKEN" in shown


def test_who_is_sending_is_named(store):
    store.channels.keep(CHANNEL, Sending().to_json(), NOW)
    store.leases.acquire(f"channel/{CHANNEL}", "outbox-ab12", 3600.0 * 24 * 365 * 9, NOW - timedelta(days=1))
    assert "outbox-ab12 is sending" in said()


def test_however_much_waits_it_shows_as_much_as_asked_and_counts_the_rest(store):
    want(store, *(post(None, "note", f"n{number}") for number in range(30)))
    store.posts.failed(store.posts.find("n0"), "refused", "Slack chat.postMessage: invalid_blocks", NOW, NOW)
    shown = said("--limit", "5")
    assert shown.count("note") == 5
    assert "29 waiting, 1 refused for good, 25 more not shown" in shown


def test_an_error_cannot_write_to_the_terminal(store):
    want(store, post(None, "note", "n"))
    store.posts.failed(store.posts.find("n"), "wanted", "evil \x1b[31m[red]x", NOW, NOW)
    assert "\x1b" not in said()
