"""Pruning the log beside the road: once an hour, one replica at a time, counted, and never the end of the observer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from events import NOW, event

from fannel import config
from fannel.incidents.policy import retention_policy
from fannel.incidents.store.retention import PAGE, Pruned
from fannel.intake.counters import Counters
from fannel.observer.chores import PRUNE_LEASE, PRUNED_FOR, Pruning

OLD = NOW - timedelta(days=100)


class Observed:
    def __init__(self, store):
        self.now = NOW
        self.counters = Counters()
        policy = retention_policy(config.Settings().log)
        self.prune = Pruning(store, policy, self.counters, lambda: self.now, pause=lambda: None)


def old(store, count=1):
    store.record([(event(phase="info", at=OLD), b"") for _ in range(count)])


def test_what_was_pruned_is_counted_and_then_an_hour_passes(store):
    observed = Observed(store)
    old(store)
    observed.prune()
    assert observed.counters.get("pruned", "events") == 1
    old(store)
    observed.now += PRUNED_FOR / 2
    observed.prune()
    assert observed.counters.get("pruned", "events") == 1
    observed.now += PRUNED_FOR / 2
    observed.prune()
    assert observed.counters.get("pruned", "events") == 2


def test_while_more_is_due_the_next_round_comes_at_once(store, monkeypatch):
    observed = Observed(store)
    monkeypatch.setattr(type(store.retention).prune, "__kwdefaults__", {"most": 1, "pause": lambda: None})
    old(store, 2 * PAGE)
    observed.prune()
    observed.prune()
    assert observed.counters.get("pruned", "events") == 2 * PAGE


def test_while_another_replica_prunes_this_one_does_not(store):
    observed = Observed(store)
    old(store)
    theirs = store.leases.acquire(PRUNE_LEASE, "another", 600, NOW)
    observed.prune()
    assert observed.counters.get("pruned") == 0
    store.leases.release(theirs)
    observed.prune()
    assert observed.counters.get("pruned") == 1


@pytest.mark.parametrize(("broken", "counted"), [("store", "store_errors"), ("defect", "defects")])
def test_what_goes_wrong_is_counted_and_ends_nothing(store, monkeypatch, broken, counted):
    from fannel.incidents.store import StoreError

    def fail(*_, **__):
        raise StoreError("away") if broken == "store" else ZeroDivisionError

    monkeypatch.setattr(store.retention, "prune", fail)
    observed = Observed(store)
    observed.prune()
    assert observed.counters.get(counted) == 1
    monkeypatch.setattr(store.retention, "prune", lambda *_, **__: Pruned({"events": 1}))
    observed.prune()
    assert observed.counters.get("pruned") == 1
