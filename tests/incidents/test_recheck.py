"""What asks the rules whether a fault that nobody cleared is still true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event
from jsonschema import validate
from ulid import ULID

from fannel.event import schema
from fannel.incidents.recheck import recheck_event
from fannel.incidents.store import Store

LATER = NOW + timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def incident(store):
    store.record([(event(), b"")])
    (due,) = store.take_rechecks(LATER, after=timedelta(days=1), every=timedelta(days=1))
    return due


@pytest.fixture
def asking(incident):
    return recheck_event(incident, event().source, event_id=str(ULID()), now=LATER)


def test_it_is_about_the_same_fault_and_names_the_incident(asking, incident):
    validate(asking.to_queue(), schema())
    assert (asking.kind, asking.phase, asking.fingerprint) == ("recheck", "info", incident.fingerprint)
    assert asking.incident == {"id": incident.id, "state": "new"}


def test_it_runs_on_the_device(asking, incident):
    assert asking.to_json()["meta"]["hosts"] == incident.host.name


def test_recording_it_changes_neither_it_nor_the_incident(store, asking, incident):
    assert store.record([(asking, b"")]) == [asking]
    assert store.incident(incident.id) == incident


def test_after_a_restart_a_clear_that_came_before_it_is_still_asked(store, asking, incident):
    (clear,) = store.record([(event(phase="clear", at=LATER), b"")])
    store.record([(replace(asking, id=str(ULID())), b"")])
    assert [one["id"] for one in store.unfinished()] == [clear.id]
