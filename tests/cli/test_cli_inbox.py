"""`fannel inbox` shows what waits and what was given up, and nothing that a terminal would obey."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.incidents.store import Store
from fannel.slack.inbound.entries import entry_of
from fannel.slack.inbound.heard import Click, Message

NOW = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    monkeypatch.setenv("FANNEL_DATABASE__URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    opened = Store.open(url)
    yield opened
    opened.close()


def run(*options):
    result = CliRunner().invoke(app, ["inbox", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_nothing_waits(store):
    assert run() == "0 waiting\n"


def test_what_waits_and_what_was_given_up_is_shown(store):
    said = Message("C0ALERTS01", "1795330807.000200", "U0OPERATOR", "silence rt1 2h \x1b[2J")
    click = Click("U0RIN", "C0ALERTS01", "1795330807.000200", "fannel.ack", "A-1", "1795330808.000200", "https://x")
    store.inbox.put([entry_of(said, NOW), entry_of(click, NOW)])
    store.inbox.give_up(store.inbox.take(NOW, NOW + timedelta(seconds=60)), "KeyError: 'x'")
    shown = run()
    assert "\x1b" not in shown
    assert "1 waiting" in shown
    for words in ("silence rt1 2h", "failed", "KeyError", "fannel.ack A-1", "waiting", "U0RIN"):
        assert words in shown
    found = json.loads(run("--json"))
    assert [(one["kind"], one["state"]) for one in found["entries"]] == [("click", "waiting"), ("message", "failed")]
    assert "https://x" not in shown + json.dumps(found)


def test_what_is_done_is_not_shown(store):
    store.inbox.put([entry_of(Message("C0ALERTS01", "1795330807.000200", "U0OPERATOR", "hello"), NOW)])
    store.inbox.done(store.inbox.take(NOW, NOW + timedelta(seconds=60)))
    assert run() == "0 waiting\n"
