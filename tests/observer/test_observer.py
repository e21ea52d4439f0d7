"""From the spool to the rules and back: what is told, what is acknowledged and when, and that counts add up."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from datetime import timedelta

import pytest
from observing import COLD_START, LINK_UP, Observing, adds_up, link, noted, now

from fannel.incidents.store import Store
from fannel.intake.datagram import Note
from fannel.intake.source_limit import SourceLimit
from fannel.intake.storm import StormPolicy
from fannel.kinds.classify import Kinds


def test_a_spooled_notification_becomes_an_event_with_an_incident(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link())
        event = observer.event()
    assert (event["kind"], event["incident"]["state"]) == ("interface_down", "new")


def test_it_is_acknowledged_when_the_rule_engine_has_it_and_not_before(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link())
        event = observer.event(confirm=False)
        time.sleep(1.2)  # two rounds of acknowledging
        assert observer.depth() == 1
        observer.confirm(event)
        observer.until(lambda: observer.depth() == 0)


def test_what_was_not_confirmed_is_told_again_under_the_same_id_and_recorded_once(tmp_path):
    datagram = link(COLD_START)
    with Observing(tmp_path) as observer:
        observer.receive(datagram)
        first = observer.event(confirm=False)
    with Observing(tmp_path) as observer:
        again = observer.event()
        observer.until(lambda: observer.depth() == 0)
    assert again == first
    with sqlite3.connect(tmp_path / "fannel.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_what_was_confirmed_is_not_told_again_by_the_spool(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link(COLD_START))
        observer.event()
        observer.until(lambda: observer.depth() == 0)
    with Observing(tmp_path) as observer:
        assert observer.silent()


def test_a_confirmation_just_before_the_end_still_counts(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link())
        observer.event()
    with Observing(tmp_path) as observer:
        assert observer.depth() == 0


def test_an_incident_nobody_answered_is_asked_once_though_record_and_spool_both_hold_it(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link())
        first = observer.event(confirm=False)
    with Observing(tmp_path) as observer:
        again = observer.event()
        assert (again["id"], again["incident"]) == (first["id"], first["incident"])
        assert observer.silent()
        observer.until(lambda: observer.depth() == 0)
        assert observer.counts()["coalesced.asked_again"] == 1


def test_a_clear_that_was_to_be_verified_is_not_overtaken_by_the_raise_before_it(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link(at=now()), link(LINK_UP, at=now()))
        observer.event(confirm=False)
        observer.event(confirm=False)
    with Observing(tmp_path) as observer:
        assert observer.event()["kind"] == "interface_up"
        assert observer.silent()
        observer.until(lambda: observer.depth() == 0)


def test_an_asking_repeat_that_waited_in_the_spool_does_not_ask_twice(tmp_path):
    with Observing(tmp_path) as observer:
        observer.receive(link(at=now() - timedelta(seconds=90)))
        observer.event()
        observer.until(lambda: observer.depth() == 0)
    with Observing(tmp_path) as observer:
        observer.receive(link(at=now() - timedelta(seconds=10)))
        assert observer.event()["incident"]["state"] == "new"
        assert observer.event()["incident"]["state"] == "open"


def test_repeats_are_acknowledged_when_another_stands_for_them(tmp_path):
    with Observing(tmp_path, policy=StormPolicy(window_s=3)) as observer:
        observer.receive(*(link() for _ in range(5)))
        observer.event()
        observer.until(lambda: observer.depth() == 1)
        closing_event = observer.event()
        assert closing_event["repeats"] == 4
        observer.until(lambda: observer.depth() == 0)


def test_no_more_than_the_window_is_sent_unconfirmed_so_that_a_clear_overtakes(tmp_path):
    with Observing(tmp_path, window=2) as observer:
        observer.receive(*(link(COLD_START, name=f"n{n}", source=f"192.0.2.{n}") for n in range(9)))
        first = [observer.event(confirm=False), observer.event(confirm=False)]
        assert observer.silent()
        observer.receive(link())
        observer.until(lambda: observer.waiting() == 8)
        observer.confirm(first[0])
        assert observer.event()["kind"] == "interface_down"


def test_while_the_rules_are_behind_nothing_more_is_read_and_nothing_is_lost(tmp_path):
    policy = StormPolicy(window_s=0, source_limit=None, most_queued=20)
    with Observing(tmp_path, policy=policy, window=2) as observer:
        observer.receive(*(link(index=n) for n in range(1, 301)))
        observer.until(lambda: observer.waiting() == 20)
        time.sleep(1)
        assert observer.counts()["read"] < 150
        assert adds_up(observer.custody.counts())
        told = [observer.event()["subject"]["name"] for _ in range(300)]
        observer.until(lambda: observer.depth() == 0)
    assert len(set(told)) == 300


@pytest.mark.parametrize("payload", [b"", b"\xff" * 40, b"\x30\x03\x02\x01\x09"])
def test_what_is_refused_is_told_once_counted_each_time_and_acknowledged(tmp_path, payload):
    with Observing(tmp_path) as observer:
        observer.receive(*(noted(Note.NONE, payload) for _ in range(3)))
        event = observer.event()
        assert event["kind"] == "datagram_refused"
        assert observer.silent()
        observer.until(lambda: observer.depth() == 0)
        counts = observer.counts()
        assert counts[f"rejected.{event['refusal']['reason']}"] == 3
        assert (counts["read"], counts["said"], counts["handled"]) == (3, 1, 1)


def test_while_the_database_is_away_everything_waits_and_then_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("fannel.incidents.store.database.BUSY_TIMEOUT_S", 0.1)
    with Observing(tmp_path) as observer:
        lock = sqlite3.connect(tmp_path / "fannel.sqlite3", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        observer.receive(link())
        observer.until(lambda: "store" in observer.recorder.trouble)
        assert observer.silent()
        assert adds_up(observer.custody.counts())
        lock.rollback()
        lock.close()
        assert observer.event()["incident"]["state"] == "new"
        assert observer.recorder.trouble == {}


def test_a_defect_of_ours_costs_one_datagram_and_is_said(tmp_path, capfd):
    class Broken(Kinds):
        def classify(self, notification, os=None):
            if notification.oid == LINK_UP:
                raise KeyError("a defect")
            return super().classify(notification, os)

    kinds = Broken.load()
    with Observing(tmp_path, kinds=kinds) as observer:
        observer.receive(link(LINK_UP), link())
        told = {event["kind"]: event for event in (observer.event(), observer.event())}
        observer.until(lambda: observer.depth() == 0)
    assert told["datagram_refused"]["refusal"]["reason"] == "defect"
    assert "interface_down" in told
    said = capfd.readouterr()
    assert "KeyError" in said.out + said.err


def test_an_event_the_store_chokes_on_costs_no_other(tmp_path, capfd):
    class Choking(Store):
        def record(self, observed):
            if any("poison" in str(event.subject.name) for event, _ in observed):
                raise TypeError("a defect")
            return super().record(observed)

    store = Choking.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    with Observing(tmp_path, store=store) as observer:
        observer.receive(*(link(index=n, name=name) for n, name in enumerate(("a1", "a2", "poison", "a3", "a4"), 1)))
        assert [observer.event()["subject"]["name"] for _ in range(4)] == ["a1", "a2", "a3", "a4"]
        observer.until(lambda: observer.depth() == 0)
        assert observer.counts()["lost.defect"] == 1
        assert adds_up(observer.custody.counts())


def test_a_canary_goes_to_the_rules_ahead_of_all_and_is_on_no_record(tmp_path):
    with Observing(tmp_path, window=1) as observer:
        observer.receive(link(index=1), link(index=2), link(index=3))
        first = observer.event(confirm=False)
        observer.receive(noted(Note.CANARY, b"token"))
        observer.until(lambda: observer.counts().get("canaries") == 1)
        observer.confirm(first)
        canary = observer.event()
        assert canary["kind"] == "canary"
        observer.until(lambda: observer.custody.canary_confirmed_at is not None)
    with sqlite3.connect(tmp_path / "fannel.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM events WHERE kind = 'canary'").fetchone() == (0,)


def test_canaries_do_not_pile_up_while_the_rules_take_nothing(tmp_path):
    with Observing(tmp_path, window=1) as observer:
        observer.receive(link())
        first = observer.event(confirm=False)
        for _ in range(3):
            observer.receive(noted(Note.CANARY, b"token"))
        observer.until(lambda: observer.counts().get("canaries") == 3)
        observer.until(lambda: observer.depth() == 2)  # the link, and the last canary
        observer.confirm(first)
        assert observer.event()["kind"] == "canary"
        assert observer.silent()


def test_the_counts_add_up_at_any_time(tmp_path):
    policy = StormPolicy(window_s=0.3, source_limit=SourceLimit(rate=100, burst=20), most_queued=50)
    wrong, ended = [], threading.Event()

    with Observing(tmp_path, policy=policy, window=4) as observer:

        def watch():
            while not ended.is_set():
                counts = observer.custody.counts()
                if not adds_up(counts):
                    wrong.append(counts)
                time.sleep(0.001)

        watching = threading.Thread(target=watch)
        watching.start()
        for n in range(20):
            observer.receive(
                *(link(index=i) for i in range(1, 30)),
                *(link(LINK_UP, index=i) for i in range(1, 20)),
                *(noted(Note.NONE, b"\xff") for _ in range(5)),
                *(noted(Note.CANARY) for _ in range(n % 2)),
            )
        while observer.counts()["read"] < 20 * 53 + 10 or observer.counts().get("held"):
            with contextlib.suppress(queue.Empty):
                observer.event(timeout_s=0.2)
        ended.set()
        watching.join()
        counts = observer.counts()
    assert wrong == []
    assert counts["read"] == 20 * 53 + 10
    assert counts["coalesced.repeats"] > 0


def test_a_restart_that_only_the_uptime_shows_explains_what_the_links_do(tmp_path):
    """The coldStart was lost: its links came down and up, and nobody is called for each of them."""
    up_s, began = 100 * 86_400, now()

    def at(seconds, uptime_s, **options):
        return link(at=began + timedelta(seconds=seconds), uptime_ticks=int(uptime_s * 100), **options)

    with Observing(tmp_path) as observer:
        observer.receive(at(0, up_s, index=1), at(60, up_s + 60, oid=LINK_UP, index=1))
        observer.receive(*(at(7200 + n, 30 + n, index=2 + n) for n in range(3)))
        told = [observer.event() for _ in range(6)]
    restart = next(one for one in told if one["kind"] == "uptime_reset")
    assert restart["received_at"] == (began + timedelta(seconds=7170)).isoformat()
    downs = [one["incident"] for one in told if one["kind"] == "interface_down"][1:]
    assert [one["state"] for one in downs] == ["attached"] * 3
    assert downs[0]["cause"]["why"] == "the device restarted 30 s before"
