"""Silences in the database: revisions, what came under each, and what the rules are asked when one is over."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event

from fannel.incidents.silence import Matcher, Silence, SilenceError
from fannel.incidents.silences import Silences

HOUR = timedelta(hours=1)
RT1 = (Matcher("host", "equal", "rt1"),)


@pytest.fixture
def store(stores):
    return stores[0]


def wanted(*scopes, ends_at=NOW + HOUR, **more):
    return Silence(0, scopes or (RT1,), NOW, ends_at, "cli:me", "cli", "card swap", **more)


def raised(store, host="rt1", at=NOW, **more):
    """Record a raise as the observer does: marked with what is silenced then."""
    observed = Silences(store.silences.current(at)).marked(replace(event(host=host, at=at), **more), at)
    (recorded,) = store.record([(observed, b"raw")])
    return recorded


def own(asked, *incident_ids):
    """Those of the asked events that are about these incidents: a database may be shared by tests."""
    return [one for one in asked if one["incident"]["id"] in incident_ids]


def test_a_silence_is_there_for_every_replica_as_it_was_asked_for(stores):
    added = stores[0].silences.add(wanted(), NOW)
    assert added.id > 0
    assert stores[1].silences.one(added.id) == added
    assert added in stores[1].silences.current(NOW)
    assert added not in stores[1].silences.current(NOW + HOUR)


def test_every_change_is_seen_in_the_version(store):
    versions = [store.silences.version()]
    added = store.silences.add(wanted(), NOW)
    versions.append(store.silences.version())
    store.silences.change([added.extended(NOW + 2 * HOUR, "cli:you", NOW)])
    versions.append(store.silences.version())
    assert len(set(versions)) == 3


def test_revisions_stay_and_say_who_made_them(store):
    added = store.silences.add(wanted(), NOW)
    second = added.extended(NOW + 2 * HOUR, "cli:you", NOW)
    store.silences.change([second])
    store.silences.change([second.expired("cli:they", NOW)])
    history = store.silences.history(added.id)
    assert [(one.revision, one.what, one.changed_by) for one in history] == [
        (1, "added", "cli:me"),
        (2, "extended", "cli:you"),
        (3, "expired", "cli:they"),
    ]
    assert history[0] == added
    assert store.silences.one(added.id) == history[2]


def test_of_two_who_change_one_revision_the_second_is_told(stores):
    added = stores[0].silences.add(wanted(), NOW)
    stores[0].silences.change([added.extended(NOW + 2 * HOUR, "cli:you", NOW)])
    with pytest.raises(SilenceError, match="changed by somebody else"):
        stores[1].silences.change([added.expired("cli:they", NOW)])
    assert stores[1].silences.one(added.id).revision == 2


def test_changes_of_several_are_made_together_or_not_at_all(store):
    first, second = store.silences.add(wanted(), NOW), store.silences.add(wanted(), NOW)
    store.silences.change([second.expired("cli:you", NOW)])
    with pytest.raises(SilenceError):
        store.silences.change([first.expired("cli:me", NOW), second.expired("cli:me", NOW)])
    assert store.silences.one(first.id).revision == 1


def test_what_comes_under_a_silence_is_on_record_and_counted(store):
    host = f"counted-{os.urandom(4).hex()}"
    silence = store.silences.add(wanted((Matcher("host", "equal", host),)), NOW)
    first = raised(store, host)
    raised(store, host, at=NOW + timedelta(minutes=1))
    raised(store, f"other-{host}")
    assert first.silence["id"] == silence.id
    assert store.event_json(first.id)["silence"]["reason"] == "card swap"
    account = store.endings.account(silence.id)
    assert account.events == 2
    assert [(one.incident_id, one.state, one.events) for one in account.incidents] == [(first.incident["id"], "new", 2)]


def test_an_event_recorded_again_says_what_it_said_the_first_time(store):
    host = f"again-{os.urandom(4).hex()}"
    store.silences.add(wanted((Matcher("host", "equal", host),)), NOW)
    first = raised(store, host)
    (again,) = store.record([(replace(first, silence=None, incident=None, flap=None), b"raw")])
    assert again.silence == first.silence


class TestAtItsEnd:
    @pytest.fixture
    def host(self):
        return f"ends-{os.urandom(4).hex()}"

    def silenced(self, store, host, **more):
        return store.silences.add(wanted((Matcher("host", "equal", host),), **more), NOW)

    def test_the_rules_are_asked_about_what_is_still_there_once(self, stores, host):
        self.silenced(stores[0], host)
        incident = raised(stores[0], host).incident["id"]
        assert own(stores[0].endings.settle(NOW), incident) == []
        (asked,) = own(stores[0].endings.settle(NOW + HOUR), incident)
        again = (NOW + HOUR).isoformat()
        assert asked["incident"] == {"id": incident, "state": "new", "asked_again_at": again}
        assert asked["phase"] == "raise"
        assert own(stores[1].endings.settle(NOW + HOUR), incident) == []

    def test_they_are_not_asked_about_what_is_over(self, store, host):
        self.silenced(store, host)
        incident = raised(store, host).incident["id"]
        store.resolve(incident, as_of=NOW, who="check", now=NOW)
        assert own(store.endings.settle(NOW + HOUR), incident) == []

    def test_nor_about_what_a_clear_is_about_to_end(self, store, host):
        self.silenced(store, host)
        incident = raised(store, host).incident["id"]
        store.record([(event(phase="clear", host=host, at=NOW), b"raw")])
        assert own(store.endings.settle(NOW + HOUR), incident) == []

    def test_nor_about_what_was_answered_before_it_began(self, store, host):
        incident = raised(store, host).incident["id"]
        store.answer(incident, who="event 1", now=NOW)
        self.silenced(store, host)
        raised(store, host)
        assert own(store.endings.settle(NOW + HOUR), incident) == []

    def test_what_another_silence_covers_is_asked_when_that_one_ends(self, store, host):
        first = self.silenced(store, host)
        incident = raised(store, host).incident["id"]
        second = self.silenced(store, host, ends_at=NOW + 2 * HOUR)
        assert own(store.endings.settle(NOW + HOUR), incident) == []
        assert [store.endings.account(one.id).events for one in (first, second)] == [0, 1]
        assert len(own(store.endings.settle(NOW + 2 * HOUR), incident)) == 1

    def test_ended_early_they_are_asked_at_once(self, store, host):
        silence = self.silenced(store, host)
        incident = raised(store, host).incident["id"]
        store.silences.change([silence.expired("cli:me", NOW)])
        assert len(own(store.endings.settle(NOW), incident)) == 1

    def test_narrowed_they_are_asked_about_what_is_not_covered_any_more(self, store, host):
        other = f"other-{host}"
        scopes = tuple((Matcher("host", "equal", name),) for name in (host, other))
        silence = store.silences.add(wanted(*scopes), NOW)
        kept, released = (raised(store, name).incident["id"] for name in (host, other))
        store.silences.change([silence.narrowed(scopes[:1], "cli:me", NOW)])
        asked = store.endings.settle(NOW)
        assert len(own(asked, released)) == 1
        assert own(asked, kept) == []
        assert len(own(store.endings.settle(NOW + HOUR), kept)) == 1
