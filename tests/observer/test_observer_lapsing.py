"""The observer's chore that gives up what nobody confirmed: what goes wrong in it ends nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from events import NOW

from fannel import config
from fannel.incidents.store import StoreError
from fannel.incidents.store.requests import Confirmation
from fannel.intake.counters import Counters
from fannel.observer.lapsing import Lapsing

WANTED = {
    "id": 0,
    "what": "added",
    "scopes": [[["host", "glob", "rt-*"]]],
    "starts_at": NOW.isoformat(),
    "ends_at": (NOW + timedelta(hours=2)).isoformat(),
    "author": "slack:Kei",
    "origin": "slack:C1:1.000001",
    "reason": "",
    "root": "1.000001",
    "language": "en",
    "zone": "UTC",
}


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def lapsing(store, counters):
    return Lapsing(config.load({}, cwd=Path("/nonexistent")), store, counters, lambda: NOW)


def wait(store, wanted=None, lapses_at=NOW):
    with store.requests.acting() as acting:
        acting.wait(Confirmation(0, "C1", "1.000001", "U1", NOW - timedelta(hours=1), lapses_at, wanted or WANTED))


def test_it_says_so_where_it_was_asked_for(store, lapsing):
    wait(store)
    wait(store, lapses_at=NOW + timedelta(seconds=1))
    lapsing()
    lapsing()
    said = store.posts.unsent()
    assert [(post.kind, post.channel, post.thread_ts) for post in said] == [
        ("note", "C1", "1.000001"),
        ("reaction", "C1", "1.000001"),
    ]
    assert "nobody confirmed it within 1h00m" in said[0].payload["blocks"][0]["text"]["text"]


def test_what_cannot_be_read_is_counted(store, lapsing, counters, capsys):
    wait(store, {"of": "another FANNEL"})
    lapsing()
    assert counters.snapshot()["defects", "silences"] == 1
    assert "KeyError" in "".join(capsys.readouterr())


def test_a_database_that_is_away_is_counted(store, lapsing, counters, monkeypatch):
    def away(_now):
        raise StoreError("gone")

    monkeypatch.setattr(store.requests, "lapsed", away)
    lapsing()
    assert counters.snapshot()["store_errors", ""] == 1
