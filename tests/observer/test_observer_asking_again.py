"""What nobody answers, because its playbook died, is put to the rules again: late, counted, to rules that know it."""

from __future__ import annotations

from datetime import timedelta

from observing import Observing, link, now

from fannel.incidents.store import StoreError
from fannel.observer.chores import AskingAgain

AFTER = timedelta(minutes=5)


def asking(observing, at):
    return AskingAgain(observing.store, AFTER, observing.custody.ask_again, observing.counters, lambda: at)


def test_the_rules_hear_it_again_and_it_is_counted(tmp_path):
    with Observing(tmp_path) as observing:
        observing.receive(link())
        first = observing.event()
        asking(observing, now())()
        assert observing.silent(0.2)
        asking(observing, now() + AFTER)()
        again = observing.event()
        assert (again["id"], again["incident"]["id"]) == (first["id"], first["incident"]["id"])
        assert "asked_again_at" in again["incident"]
        assert observing.counters.get("asked_late") == 1


def test_a_database_that_is_away_ends_nothing(tmp_path):
    with Observing(tmp_path) as observing:
        ask = asking(observing, now())
        ask._store = Away()
        ask()
        assert observing.counters.get("store_errors") == 1


class Away:
    def overdue(self, *_):
        raise StoreError("away")
