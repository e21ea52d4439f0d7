"""Parent messages that no playbook edits: once for every news, and what flaps every half minute."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from events import NOW

from fannel.incidents.incident import Aside
from fannel.incidents.store import StoreError
from fannel.observer.retelling import Retelling


class Record:
    """A store and a responder that know of one incident."""

    def __init__(self):
        self.now = NOW
        self.beside = Aside()
        self.retold = []
        self.has_parent = True
        self.away = False
        self.quietly = []
        self.silenced = False

    def with_aside(self, now):
        if self.away:
            raise StoreError("away")
        return ["A-1"] if self.beside != Aside() else []

    def asides(self, incident_ids, now):
        return dict.fromkeys(incident_ids, self.beside)

    def forget_calm(self, now):
        pass

    def incident(self, incident_id):
        return SimpleNamespace(opened_by="E-1")

    def event_json(self, event_id):
        return {"id": event_id}

    def retell(self, incident_id, *, quietly=False):
        if self.has_parent:
            self.retold.append((incident_id, self.beside.flapping))
            self.quietly.append(quietly)
        return self.has_parent


@pytest.fixture
def record():
    return Record()


@pytest.fixture
def counters():
    return type("Counters", (Counter,), {"add": lambda self, name: self.update([name])})()


@pytest.fixture
def retelling(record, counters):
    return Retelling(record, record, counters, lambda: record.now, lambda _: record.silenced)


def after(record, retelling, seconds, flapping):
    record.now += timedelta(seconds=seconds)
    record.beside = Aside(flapping)
    retelling()


def test_what_flaps_is_told_at_once_then_every_half_minute_and_when_it_is_calm(record, retelling):
    for seconds, changes in ((0, 6), (5, 7), (20, 8), (5, 9), (5, 10), (5, 0), (5, 0)):
        after(record, retelling, seconds, changes)
    assert record.retold == [("A-1", 6), ("A-1", 9), ("A-1", 0)]


def test_while_it_is_silenced_it_is_told_quietly_and_aloud_when_that_is_over(record, retelling):
    record.silenced = True
    after(record, retelling, 0, 6)
    record.silenced = False
    for _ in range(3):
        after(record, retelling, 31, 6)
    assert record.quietly == [True, False]


def test_what_nobody_was_told_of_is_told_once_somebody_was(record, retelling):
    record.has_parent = False
    after(record, retelling, 0, 6)
    record.has_parent = True
    after(record, retelling, 5, 6)
    after(record, retelling, 5, 6)
    assert record.retold == [("A-1", 6)]


def test_a_database_that_is_away_is_counted_and_asked_again(record, retelling, counters):
    record.away = True
    after(record, retelling, 0, 6)
    record.away = False
    after(record, retelling, 5, 6)
    assert counters["store_errors"] == 1
    assert record.retold == [("A-1", 6)]
