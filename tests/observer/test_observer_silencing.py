"""The observer and silences: events say that they are silenced, and what is not any more is asked."""

from __future__ import annotations

from datetime import timedelta

from observing import LINK_UP, Observing, link, now

from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store import StoreError
from fannel.observer.chores import AskingAgain

HOUR = timedelta(hours=1)
HOST = (Matcher("host", "equal", "192.0.2.1"),)
PORT = (*HOST, Matcher("interface", "equal", "Gi0/3"))


def silence(observing, scope=HOST, **window):
    window = {"starts_at": now() - HOUR, "ends_at": now() + HOUR} | window
    wanted = Silence(0, (scope,), author="cli:me", origin="cli", reason="card swap", **window)
    return observing.store.silences.add(wanted, now())


def test_an_event_under_a_silence_says_so_to_the_rules_and_on_record(tmp_path):
    with Observing(tmp_path) as observing:
        kept = silence(observing, PORT)
        observing.silencing()
        observing.receive(link(index=3), link(index=4))
        events = {event["subject"]["ifindex"]: event for event in (observing.event(), observing.event())}
        assert events[3]["silence"] == {"id": kept.id, "reason": "card swap", "ends_at": kept.ends_at.isoformat()}
        assert "silence" not in events[4]
        assert observing.store.event_json(events[3]["id"])["silence"]["id"] == kept.id
        assert observing.store.endings.account(kept.id).events == 1


def test_a_change_by_another_replica_is_seen_at_the_next_look(tmp_path):
    with Observing(tmp_path) as observing:
        observing.silencing()
        silence(observing)
        observing.receive(link(index=3))
        assert "silence" not in observing.event()
        observing.silencing()
        observing.receive(link(index=4))
        assert "silence" in observing.event()


def test_what_is_still_down_at_the_end_is_asked_without_the_silence_and_once(tmp_path):
    with Observing(tmp_path) as observing:
        kept = silence(observing)
        observing.silencing()
        observing.receive(link())
        first = observing.event()
        observing.store.silences.change([kept.expired("cli:you", now())])
        observing.silencing()
        again = observing.event()
        assert (again["id"], again["incident"]["state"]) == (first["id"], "new")
        assert "asked_again_at" in again["incident"], "the source would take it for one it has put already"
        assert "silence" not in again
        observing.silencing()
        assert observing.silent(0.5)
        assert observing.counters.get("asked_after_silence") == 1


def test_what_came_back_under_it_is_not(tmp_path):
    with Observing(tmp_path) as observing:
        kept = silence(observing)
        observing.silencing()
        observing.receive(link(), link(LINK_UP))
        assert [observing.event()["phase"] for _ in range(2)] == ["raise", "clear"]
        observing.store.silences.change([kept.expired("cli:you", now())])
        observing.silencing()
        assert observing.silent(0.5)


def test_what_waited_for_the_rules_is_judged_as_of_when_they_are_asked(tmp_path):
    with Observing(tmp_path, window=1) as observing:
        observing.receive(link(index=3), link(index=4))
        waiting = observing.event(confirm=False)
        silence(observing)
        observing.silencing()
        observing.confirm(waiting)
        assert "silence" in observing.event()


def test_what_is_silenced_is_not_asked_about_because_nobody_answers(tmp_path):
    with Observing(tmp_path) as observing:
        silence(observing)
        observing.silencing()
        observing.receive(link(index=3), link(index=3, source="192.0.2.2"))
        told = {event["host"]["name"]: event["id"] for event in (observing.event(), observing.event())}
        later = now() + HOUR / 2
        quiet = observing.silencing.covers
        AskingAgain(observing.store, HOUR / 4, observing.custody.ask_again, observing.counters, lambda: later, quiet)()
        assert observing.event()["id"] == told["192.0.2.2"]
        assert observing.silent(0.5)
        assert observing.counters.get("asked_late") == 1


def test_a_database_that_is_away_leaves_what_is_known(tmp_path):
    with Observing(tmp_path) as observing:
        silence(observing)
        observing.silencing()
        kept, observing.silencing._store = observing.silencing._store, Away()
        observing.silencing()
        assert observing.counters.get("store_errors") == 1
        observing.silencing._store = kept
        observing.receive(link())
        assert "silence" in observing.event()


class TestWhatIsOnRecord:
    """What the rules were told decides; where that is another silence than was recorded, it is said."""

    def said(self, observing, event):
        observing.silencing()
        done = observing.store.activities.of_incident(event["incident"]["id"])
        return [one.summary.partition(" until")[0] for one in done if "silence" in one.summary]

    def test_one_that_began_while_it_waited(self, tmp_path):
        with Observing(tmp_path, window=1) as observing:
            observing.receive(link(index=3), link(index=4))
            waiting = observing.event(confirm=False)
            kept = silence(observing)
            observing.silencing()
            observing.confirm(waiting)
            assert self.said(observing, observing.event()) == [f"silenced by #{kept.id} (cli:me, card swap)"]

    def test_one_that_ended_before_it_was_asked_about(self, tmp_path):
        with Observing(tmp_path) as observing:
            kept = silence(observing)
            observing.silencing()
            observing.receive(link())
            observing.event()
            observing.store.silences.change([kept.expired("cli:you", now())])
            observing.silencing()
            assert self.said(observing, observing.event()) == [
                f"silenced by #{kept.id} (cli:me, card swap)",
                f"no longer silenced by #{kept.id}: the rules are asked",
            ]

    def test_the_same_silence_twice_is_said_once(self, tmp_path):
        with Observing(tmp_path) as observing:
            kept = silence(observing)
            observing.silencing()
            observing.receive(link())
            assert self.said(observing, observing.event()) == [f"silenced by #{kept.id} (cli:me, card swap)"]


class Away:
    @property
    def silences(self):
        raise StoreError("away")
