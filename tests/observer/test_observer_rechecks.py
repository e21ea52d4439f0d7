"""The observer's question whether a fault is still true: on record, on the road, asked again until answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from events import NOW, event

from fannel.checks.find import Checks
from fannel.event import Host
from fannel.incidents.recheck import RecheckPolicy
from fannel.incidents.store import Post, Store, StoreError
from fannel.intake.counters import Counters
from fannel.intake.storm import Storm, StormPolicy
from fannel.observer.custody import Custody
from fannel.observer.rechecks import Rechecks, Reminding

POLICY = RecheckPolicy()


class Observed:
    def __init__(self, store, folder, *, custody=None):
        self.now = NOW
        self.counters = Counters()
        self.custody = custody or Custody(Storm(StormPolicy(window_s=0, source_limit=None)))
        checks = Checks.beside(folder / "checks")
        self.recheck = Rechecks(store, POLICY, checks, self.custody, self.counters, lambda: self.now)

    def told(self):
        taken = self.custody.take(self.now)
        self.custody.confirm(*(one.id for one in taken))
        return taken


@pytest.fixture
def observed(store, tmp_path):
    return Observed(store, tmp_path)


def opened(store, **changes):
    (found,) = store.record([(event(**changes), b"")])
    return found.incident["id"]


def test_what_is_due_goes_to_the_rules(store, observed):
    found = opened(store)
    observed.recheck()
    assert observed.told() == []
    observed.now += POLICY.after
    observed.recheck()
    (asking,) = observed.told()
    assert (asking.kind, asking.incident["id"]) == ("recheck", found)
    assert observed.counters.get("rechecks") == 1
    observed.recheck()
    assert observed.told() == []


def test_an_observer_that_was_killed_before_the_rules_had_it_asks_again_after_its_restart(store, observed, tmp_path):
    found = opened(store)
    observed.now += POLICY.after
    observed.recheck()  # and dies with what it has in custody
    again = Observed(store, tmp_path)
    again.now = observed.now + POLICY.retry
    again.recheck()
    (asking,) = again.told()
    assert asking.incident["id"] == found
    assert "asked_again_at" in asking.incident, "the source would take it for one it has put already"


def test_what_a_person_wants_to_know_is_asked_within_a_look(store, observed):
    found = opened(store)
    observed.recheck.wanted()
    assert observed.told() == []
    with store.about(found) as it:
        it.ask_again("kei", observed.now)
    observed.recheck.wanted()
    (asking,) = observed.told()
    assert (asking.incident["id"], asking.incident["asked_by"]) == (found, "kei")


def test_a_fault_without_a_check_or_on_an_unknown_device_is_not_asked_about(store, observed):
    unknown = replace(event(), host=Host("192.0.2.9", known=False))
    no_check = replace(event(), host=replace(event().host, os="acmeos"))
    store.record([(unknown, b""), (no_check, b"")])
    observed.now += POLICY.after
    observed.recheck()
    assert observed.told() == []


def test_while_the_rules_are_behind_nobody_asks(store, tmp_path):
    full = Custody(Storm(StormPolicy(window_s=0, source_limit=None, most_queued=1)))
    full.read(1)
    full.offer(event(), None, NOW)
    observed = Observed(store, tmp_path, custody=full)
    opened(store)
    observed.now += POLICY.after
    observed.recheck()
    assert store.take_rechecks(observed.now, POLICY), "it is still to be asked"


@pytest.mark.parametrize(("broken", "counted"), [(StoreError("away"), "store_errors"), (KeyError(), "defects")])
def test_what_goes_wrong_is_counted_and_ends_nothing(store, observed, monkeypatch, broken, counted):
    def fail(*_, **__):
        raise broken

    monkeypatch.setattr(Store, "take_rechecks", fail)
    monkeypatch.setattr(Store, "unanswered", fail)
    monkeypatch.setattr(Store, "recheck_wanted", fail)
    observed.recheck()
    observed.recheck.wanted()
    responder = SimpleNamespace(remind=lambda _: None)
    Reminding(store, responder, timedelta(days=1), observed.counters, lambda: observed.now)()
    assert observed.counters.get(counted) == 3


class TestReminding:
    """Faults of a day ago that were told and that nobody acknowledged; those of `quiet` hosts are silenced."""

    @pytest.fixture
    def reminding(self, store, observed):
        reminded = []

        def remind(incident):
            reminded.append(incident.host.name)
            key = f"{incident.id}/unanswered/{incident.opened_by}"
            store.posts.want(Post(key, incident.id, "reply", "C0", {"text": "lasts"}, NOW))

        quiet = set()
        made = Reminding(
            store,
            SimpleNamespace(remind=remind),
            timedelta(days=1),
            observed.counters,
            lambda: NOW + timedelta(days=1),
            lambda opening: opening["host"]["name"] in quiet,
        )
        return made, reminded, quiet

    def lasts(self, store, host):
        found = opened(store, host=host)
        store.posts.want(Post(f"{found}/parent", found, "parent", "C0", {"text": "down"}, NOW))

    def test_nobody_is_reminded_of_what_is_silenced_now_but_when_that_is_over(self, store, reminding):
        remind, reminded, quiet = reminding
        for host in ("rt1", "rt2"):
            self.lasts(store, host)
        quiet.add("rt1")
        remind()
        assert reminded == ["rt2"]
        quiet.clear()
        remind()
        assert reminded == ["rt2", "rt1"]
        remind()
        assert len(reminded) == 2, "once"

    def test_however_much_is_silenced_the_rest_is_not_forgotten(self, store, reminding):
        remind, reminded, quiet = reminding
        quiet.update(f"quiet-{number}" for number in range(25))
        for host in (*sorted(quiet), "loud"):
            self.lasts(store, host)
        remind()
        assert reminded == ["loud"]
