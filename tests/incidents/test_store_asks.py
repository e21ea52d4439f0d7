"""What runs want answered at a device, on SQLite and on PostgreSQL: asked, answered, taken away, forgotten."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event
from ulid import ULID

from fannel.event import Subject
from fannel.incidents.store.asks import NOTHING

SECOND = timedelta(seconds=1)


@pytest.fixture
def host():
    """A device of this test alone: PostgreSQL is shared."""
    return f"{uuid.uuid4().hex}.example.net"


def recorded(store, host, port, phase="raise", at=NOW, **changes):
    subject = Subject("interface", f"GigabitEthernet0/{port}")
    one = replace(event(phase=phase, host=host, at=at), id=str(ULID()), subject=subject, **changes)
    return store.record([(one, b"")])[0].to_queue()


def expected(store, host, since=NOW):
    return [event_id for _, event_id in store.asks.expected(host, since)]


def test_what_is_asked_waits_in_the_order_it_was_asked_until_it_is_answered(store, host):
    downs = [recorded(store, host, port) for port in (1, 2, 3)]
    for seconds, down in zip((3, 1, 2), downs, strict=True):
        store.asks.put(down, NOW + seconds * SECOND)
    first, second, third = downs
    assert store.asks.waiting(host, 10) == [second, third, first]
    assert store.asks.waiting(host, 2) == [second, third]
    store.asks.settle(second["id"], {"kind": "verdict"})
    assert store.asks.waiting(host, 10) == [third, first]
    assert store.asks.answer(second["id"]) == {"kind": "verdict"}
    assert store.asks.answer(third["id"]) is None


def test_what_another_device_is_asked_is_not_its_business(store, host):
    store.asks.put(recorded(store, host, 1), NOW)
    assert store.asks.waiting(f"other-{host}", 10) == []
    assert expected(store, f"other-{host}") == []


def test_nothing_to_answer_is_an_answer(store, host):
    down = recorded(store, host, 1)
    store.asks.put(down, NOW)
    store.asks.settle(down["id"], NOTHING)
    assert store.asks.answer(down["id"]) == NOTHING
    assert store.asks.waiting(host, 10) == []


def test_what_is_asked_again_has_no_answer_any_more(store, host):
    down = recorded(store, host, 1)
    store.asks.put(down, NOW)
    store.asks.settle(down["id"], {"kind": "verdict"})
    store.asks.put(down, NOW + SECOND)
    assert store.asks.answer(down["id"]) is None
    assert store.asks.waiting(host, 10) == [down]


def test_what_is_withdrawn_or_forgotten_waits_no_more(store, host):
    old, kept, gone = [recorded(store, host, port) for port in (1, 2, 3)]
    for seconds, down in ((-60, old), (0, kept), (0, gone)):
        store.asks.put(down, NOW + seconds * SECOND)
    store.asks.withdraw(gone["id"])
    assert store.asks.forget(NOW - SECOND) == 1
    assert store.asks.waiting(host, 10) == [kept]


def test_the_same_asked_by_many_at_the_same_instant_is_asked_once(store, host):
    down = recorded(store, host, 1)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.asks.put(down, NOW), range(16)))
    assert store.asks.waiting(host, 10) == [down]


def test_a_fault_the_rules_were_asked_about_is_expected_until_its_run_has_come(store, host):
    down = recorded(store, host, 1)
    assert expected(store, host) == [down["id"]]
    store.asks.put(down, NOW)
    assert expected(store, host) == []


def test_one_that_somebody_answered_without_a_login_is_not_expected(store, host):
    down = recorded(store, host, 1)
    store.answer(down["incident"]["id"], who="event 1", now=NOW)
    assert expected(store, host) == []


def test_a_clear_is_expected_like_a_raise(store, host):
    down = recorded(store, host, 1)
    store.answer(down["incident"]["id"], who="event 1", now=NOW)
    up = recorded(store, host, 1, "clear", NOW + SECOND)
    assert expected(store, host) == [up["id"]]
    store.resolve(down["incident"]["id"], as_of=NOW + SECOND, who="check", now=NOW + SECOND)
    assert expected(store, host) == []


def test_what_the_rules_were_asked_too_long_ago_is_not_expected_nor_what_is_silenced(store, host):
    recorded(store, host, 1, at=NOW - 11 * SECOND)
    # A number that no silence of another test has: they share a database.
    recorded(store, host, 2, silence={"id": 2_000_000_000, "reason": "works", "ends_at": NOW.isoformat()})
    assert expected(store, host, NOW - 10 * SECOND) == []
