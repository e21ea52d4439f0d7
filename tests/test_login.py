"""One login at a time for each device: who waits, who gives up, and what the thread says of it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from itertools import pairwise

import pytest
from events import NOW, event

from fannel.checks.errors import DeviceError
from fannel.checks.verdict import Verdict
from fannel.config import Leases
from fannel.incidents.lease import login
from fannel.incidents.store import Store, StoreError
from fannel.login import Turns, guarded, owner_of

HOST = event().host.name
DOWN = event().to_json() | {"incident": {"id": "A-7F3K2Q", "state": "new"}}
SEEN = Verdict("confirmed", ("the link is down",))
TOKYO = timezone(timedelta(hours=9), "JST")


class Clock:
    """Time that passes only while somebody sleeps; `at` does things at their time."""

    def __init__(self):
        self.seconds = 0.0
        self.plan = []

    def now(self):
        return NOW + timedelta(seconds=self.seconds)

    def sleep(self, seconds):
        self.seconds += seconds
        while self.plan and self.plan[0][0] <= self.seconds:
            self.plan.pop(0)[1]()

    def at(self, seconds, work):
        self.plan.append((seconds, work))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def leases(store):
    return store.leases


@pytest.fixture
def turns(leases, clock):
    policy = Leases(wait_s=60, hold_s=30)
    return Turns(leases, policy, TOKYO, clock.now, lambda: clock.seconds, clock.sleep)


def idle():
    """Nothing has to be kept alive here."""


def other_run(leases, clock, for_s=600):
    return leases.acquire(login(HOST), "incident A-000001 on noc-02, process 4711", for_s, clock.now())


def test_while_a_device_is_looked_at_its_lease_is_held_and_afterwards_it_is_free(turns, leases, clock):
    def work(kept):
        assert leases.holder(login(HOST), clock.now()).owner == owner_of(DOWN)
        assert not kept.lost
        return SEEN

    assert turns.look(DOWN, work, idle) == SEEN
    assert leases.holder(login(HOST), clock.now()) is None


def test_after_a_failure_it_is_free_too(turns, leases, clock):
    def work(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        turns.look(DOWN, work, idle)
    assert leases.holder(login(HOST), clock.now()) is None


def test_who_holds_it_is_said_by_incident_machine_and_process():
    assert owner_of(DOWN).startswith("incident A-7F3K2Q on ")
    assert owner_of(event().to_json()).startswith("a check on ")


def test_two_subjects_of_one_device_wait_for_each_other_and_two_devices_do_not(turns, leases, clock):
    other_run(leases, clock)
    elsewhere = DOWN | {"host": DOWN["host"] | {"name": "rt-osa-01.example.net"}}
    assert turns.look(elsewhere, lambda _: SEEN, idle) == SEEN
    assert clock.seconds == 0
    same_device = DOWN | {"subject": {"type": "interface", "name": "GigabitEthernet0/2"}}
    assert turns.look(same_device, lambda _: SEEN, idle).outcome == "inconclusive"


def test_who_waited_long_says_for_whom(turns, leases, clock):
    taken = other_run(leases, clock)
    clock.at(12, lambda: leases.release(taken))
    verdict = turns.look(DOWN, lambda _: SEEN, idle)
    assert verdict.outcome == "confirmed"
    assert verdict.waited == (
        "waited 12 s: another run (incident A-000001 on noc-02, process 4711, since 16:00:07)"
        " was looking at this device"
    )


def test_who_waited_a_moment_does_not_say_so(turns, leases, clock):
    taken = other_run(leases, clock)
    clock.at(1, lambda: leases.release(taken))
    assert turns.look(DOWN, lambda _: SEEN, idle) == SEEN


def test_who_gives_up_says_for_whom_and_does_not_log_in(turns, leases, clock):
    taken = other_run(leases, clock)
    verdict = turns.look(DOWN, lambda _: pytest.fail("logged in"), idle)
    assert verdict.outcome == "inconclusive"
    assert verdict.reason == (
        "another run (incident A-000001 on noc-02, process 4711, since 16:00:07)"
        " is looking at this device; gave up after 60 s"
    )
    assert leases.holder(login(HOST), clock.now()) == taken


def test_a_run_that_died_keeps_others_out_no_longer_than_its_lease(turns, leases, clock):
    other_run(leases, clock, for_s=30)
    assert turns.look(DOWN, lambda _: SEEN, idle).outcome == "confirmed"
    assert 30 <= clock.seconds < 31


def test_what_must_not_fall_asleep_is_woken_while_it_waits(turns, leases, clock):
    other_run(leases, clock)
    woken = []
    turns.look(DOWN, lambda _: SEEN, lambda: woken.append(clock.seconds))
    assert max(after - before for before, after in pairwise(woken)) < 5


def test_without_the_database_nobody_logs_in_and_the_verdict_says_why(turns, leases, monkeypatch):
    def away(*_):
        raise StoreError("database sqlite: database is locked")

    monkeypatch.setattr(leases, "acquire", away)
    verdict = turns.look(DOWN, lambda _: pytest.fail("logged in"), idle)
    assert verdict.outcome == "inconclusive"
    assert "database is locked" in verdict.reason


def test_once_the_lease_is_lost_nothing_more_is_sent(turns, clock):
    sent = []

    def work(kept):
        ask = guarded(lambda command: sent.append(command) or "", kept)
        ask("show interfaces")
        clock.sleep(30)  # it expires, and the thread that renews it has not come to it
        with pytest.raises(DeviceError, match="another run may be logged in") as lost:
            ask("show logging")
        assert lost.value.lost
        return SEEN

    turns.look(DOWN, work, idle)
    assert sent == ["show interfaces"]


def test_of_many_runs_at_once_one_is_logged_in_at_a_time(tmp_path):
    stores = [Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3") for _ in range(4)]
    inside, most, lock = [0], [0], threading.Lock()

    def work(_):
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        with lock:
            inside[0] -= 1
        return SEEN

    def run(store):
        turns = Turns(store.leases, Leases(), TOKYO, sleep=lambda seconds: time.sleep(seconds / 20))
        return turns.look(DOWN, work, idle).outcome

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(run, stores * 3)) == ["confirmed"] * 12
    assert most == [1]
    for store in stores:
        store.close()
