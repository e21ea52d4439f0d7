"""The life of an incident, and its history: who or what changed it, when, and why."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event

from fannel.incidents.incident import Change
from fannel.incidents.store import By, Store
from fannel.incidents.store.store import REOPEN

CONFIRMED = {"outcome": "confirmed", "reason": "the link is down"}


@pytest.fixture
def host():
    return f"{uuid.uuid4().hex}.example.net"


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def record(store, *events):
    return store.record([(one, b"raw") for one in events])


def opened(store, host):
    """An incident that begins at NOW, by its id."""
    return record(store, event(host=host))[0].incident["id"]


def ended(store, host, at=30):
    """One that was raised at NOW and resolved after `at` seconds."""
    incident_id = opened(store, host)
    assert store.resolve(incident_id, as_of=NOW, who="check", now=after(at))
    return incident_id


def lines(store, incident_id):
    return [(one.who, one.what) for one in store.history(incident_id)]


# --- history -----------------------------------------------------------------------------------------------------


def test_history_says_who_changed_an_incident_when_and_why(store, host):
    first, again = event(host=host), event(host=host, at=after(60))
    (raised,) = record(store, first)
    found = raised.incident["id"]
    store.answer(found, who=f"event {first.id}", now=after(1))
    store.judge(found, CONFIRMED, who="check", now=after(2))
    store.acknowledge(found, who="slack:U123", now=after(3), why="on my way")
    store.resolve(found, as_of=NOW, who="cli:kei", now=after(4), why="replaced the cable")
    record(store, again)
    assert store.history(found) == [
        Change(found, NOW, f"event {first.id}", "opened", "interface_down"),
        Change(found, after(1), f"event {first.id}", "answered"),
        Change(found, after(2), "check", "judged", "confirmed: the link is down"),
        Change(found, after(3), "slack:U123", "acknowledged", "on my way"),
        Change(found, after(4), "cli:kei", "resolved", "replaced the cable"),
        Change(found, after(60), f"event {again.id}", "reopened", "interface_down"),
    ]


def test_what_changes_nothing_leaves_no_line(store, host):
    found = opened(store, host)
    for _ in range(2):
        store.answer(found, who="event 1", now=NOW)
        store.judge(found, CONFIRMED, who="check", now=NOW)
        store.acknowledge(found, who="cli:kei", now=NOW)
    store.resolve(found, as_of=after(-1), who="check", now=NOW)
    for _ in range(2):
        store.resolve(found, as_of=NOW, who="check", now=NOW)
    record(store, event(host=host, phase="clear"))
    assert [what for _, what in lines(store, found)] == ["opened", "answered", "judged", "acknowledged", "resolved"]


def test_a_change_that_fails_leaves_no_line(store, host, monkeypatch):
    found = opened(store, host)

    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("fannel.incidents.store.changes.note", broken)
    with pytest.raises(ZeroDivisionError):
        store.acknowledge(found, who="cli:kei", now=NOW)
    assert store.incident(found).state == "new"


def test_what_an_incident_follows_from_is_history_too(store, host):
    found = opened(store, host)
    for _ in range(2):
        store.attach(found, "A-CAUSE0", {"rule": "neighbour on the failed interface"}, By("event 1", NOW))
    assert store.incident(found).cause_id == "A-CAUSE0"
    for _ in range(2):
        store.detach(found, By("clock", after(9), "it outlived its cause"))
    assert store.incident(found).cause_id is None
    assert lines(store, found)[1:] == [("event 1", "attached"), ("clock", "detached")]


# --- acknowledged ------------------------------------------------------------------------------------------------


def test_an_acknowledged_incident_says_who_has_it_and_asks_nobody(store, host):
    found = opened(store, host)
    incident = store.acknowledge(found, who="cli:kei", now=after(5))
    assert (incident.state, incident.acknowledged_by, incident.acknowledged_at) == ("acknowledged", "cli:kei", after(5))
    (repeat,) = record(store, event(host=host, at=after(120)))
    assert repeat.incident == {"id": found, "state": "acknowledged"}


def test_who_acknowledged_first_has_it(store, host):
    found = opened(store, host)
    store.acknowledge(found, who="cli:kei", now=NOW)
    assert store.acknowledge(found, who="slack:U123", now=NOW).acknowledged_by == "cli:kei"


def test_an_answer_does_not_take_it_from_who_has_it(store, host):
    found = opened(store, host)
    store.acknowledge(found, who="cli:kei", now=NOW)
    assert store.answer(found, who="event 1", now=NOW).state == "acknowledged"


def test_what_is_over_is_not_acknowledged(store, host):
    found = ended(store, host)
    assert store.acknowledge(found, who="cli:kei", now=NOW).state == "resolved"
    assert store.acknowledge("A-000000", who="cli:kei", now=NOW) is None


# --- reopened ----------------------------------------------------------------------------------------------------


def test_a_fault_that_comes_back_soon_after_its_end_is_the_same_incident_and_asks_the_rules(store, host):
    found = ended(store, host)
    again = event(host=host, at=after(30 + 599))
    (raised,) = record(store, again)
    assert raised.incident == {"id": found, "state": "new"}
    incident = store.incident(found)
    assert (incident.state, incident.reopened, incident.raises) == ("new", 1, 2)
    assert (incident.opened_at, incident.last_raise_at) == (NOW, again.received_at)
    assert incident.resolved_at is None


def test_a_fault_that_comes_back_later_is_another_incident(store, host):
    found = ended(store, host)
    (raised,) = record(store, event(host=host, at=after(30) + REOPEN))
    assert raised.incident["id"] != found
    assert store.incident(found).state == "resolved"


def test_what_was_found_out_before_does_not_hold_for_what_came_back(store, host):
    found = opened(store, host)
    store.judge(found, CONFIRMED, who="check", now=NOW)
    store.acknowledge(found, who="cli:kei", now=NOW)
    store.resolve(found, as_of=NOW, who="check", now=NOW)
    record(store, event(host=host, at=after(60)))
    incident = store.incident(found)
    assert (incident.state, incident.verdict, incident.acknowledged_by) == ("new", None, None)


def test_a_repeat_of_what_came_back_asks_nobody(store, host):
    ended(store, host)
    _, repeat = record(store, event(host=host, at=after(60)), event(host=host, at=after(61)))
    assert repeat.incident["state"] == "open"


def test_recording_what_reopened_it_again_changes_nothing(store, host):
    found = ended(store, host)
    again = event(host=host, at=after(60))
    record(store, again)
    store.resolve(found, as_of=after(60), who="check", now=after(90))
    (once_more,) = record(store, again)
    assert once_more.incident == {"id": found, "state": "new"}
    assert (store.incident(found).state, store.incident(found).reopened) == ("resolved", 1)


def test_a_clear_reopens_nothing(store, host):
    found = ended(store, host)
    (clear,) = record(store, event(host=host, phase="clear", at=after(60)))
    assert clear.incident is None
    assert store.incident(found).state == "resolved"


def test_a_fault_known_by_an_alias_is_reopened_by_it(store, host):
    found = ended(store, host)
    named = event(host=f"new-{host}", at=after(60))
    (raised,) = record(store, replace(named, aliases=(event(host=host).fingerprint,)))
    assert raised.incident["id"] == found


def test_after_a_restart_what_came_back_is_asked_by_the_event_that_reopened_it(store, host):
    found = opened(store, host)
    store.judge(found, CONFIRMED, who="check", now=NOW)
    store.resolve(found, as_of=NOW, who="check", now=after(30))
    (again,) = record(store, event(host=host, at=after(60)))
    assert [(one["id"], one["incident"]) for one in store.unfinished() if one["incident"]["id"] == found] == [
        (again.id, {"id": found, "state": "new"})
    ]


def test_without_a_time_to_reopen_every_end_is_final(tmp_path, host):
    store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3", timedelta(0))
    found = ended(store, host)
    (raised,) = record(store, event(host=host, at=after(30)))
    assert raised.incident["id"] != found
    store.close()


# --- closed ------------------------------------------------------------------------------------------------------


def test_what_no_raise_reopens_any_more_is_closed(store, host):
    found = ended(store, host)
    store.close_resolved(after(29) + REOPEN)
    assert store.incident(found).state == "resolved"
    store.close_resolved(after(30) + REOPEN)
    incident = store.incident(found)
    assert (incident.state, incident.closed_at, incident.over) == ("closed", after(30) + REOPEN, True)
    assert store.history(found)[-1] == Change(
        found, after(30) + REOPEN, "fannel", "closed", "no new raise within 600 s"
    )


def test_what_is_closed_is_not_reopened(store, host):
    found = ended(store, host)
    store.close_resolved(after(30) + REOPEN)
    (late,) = record(store, event(host=host, at=after(60)))
    assert late.incident["id"] != found


def test_closing_goes_in_small_steps_and_ends(store):
    store.close_resolved(after(86_400), limit=1000)
    for number in range(5):
        ended(store, f"{number}{uuid.uuid4().hex}.example.net")
    assert [store.close_resolved(after(86_400), limit=2) for _ in range(4)] == [2, 2, 1, 0]
