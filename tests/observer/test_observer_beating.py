"""That an observer is alive is on record, for people who leave something to it."""

from __future__ import annotations

from datetime import timedelta

from events import NOW

from fannel.incidents.store import StoreError
from fannel.incidents.store.beats import OBSERVER
from fannel.intake.counters import Counters
from fannel.observer.chores import Beating


def test_the_last_beat_of_any_replica_is_known(store):
    assert store.beats.last(OBSERVER) is None
    for at in (NOW, NOW + timedelta(seconds=15)):
        Beating(store, Counters(), lambda at=at: at)()
        assert store.beats.last(OBSERVER) == at


def test_a_database_that_is_away_is_counted_and_ends_nothing(store, monkeypatch):
    def fail(*_):
        raise StoreError("away")

    monkeypatch.setattr(store.beats, "beat", fail)
    counters = Counters()
    Beating(store, counters, lambda: NOW)()
    assert counters.get("store_errors") == 1
