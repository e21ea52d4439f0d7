"""One login at a time for each device: who waits, who gives up, and what the thread says of it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest
from events import NOW, event

from fannel.checks.errors import DeviceError
from fannel.config import Leases
from fannel.incidents.lease import Keeper, login
from fannel.incidents.store import Store, StoreError
from fannel.login import Turns, guarded, owner_of

HOST = event().host.name
DOWN = event().to_json() | {"incident": {"id": "A-7F3K2Q", "state": "new"}}
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
def leases(store):
    return store.leases


@pytest.fixture
def turns(leases, clock):
    policy = Leases(wait_s=60, hold_s=30)
    return Turns(leases, policy, TOKYO, clock.now, lambda: clock.seconds, clock.sleep)


def nobody():
    """Nobody answers for us."""


def other_run(leases, clock, for_s=600):
    return leases.acquire(login(HOST), "incident A-000001 on noc-02, process 4711", for_s, clock.now())


def test_the_lease_of_a_free_device_is_taken_at_once(turns, leases, clock):
    turn = turns.take(DOWN, nobody)
    assert leases.holder(login(HOST), clock.now()) == turn.lease
    assert (turn.lease.owner, turn.answer, turn.waited) == (owner_of(DOWN), None, "")


def test_who_holds_it_is_said_by_incident_machine_and_process():
    assert owner_of(DOWN).startswith("incident A-7F3K2Q on ")
    assert owner_of(event().to_json()).startswith("a check on ")


def test_two_subjects_of_one_device_wait_for_each_other_and_two_devices_do_not(turns, leases, clock):
    other_run(leases, clock)
    elsewhere = DOWN | {"host": DOWN["host"] | {"name": "rt-osa-01.example.net"}}
    assert turns.take(elsewhere, nobody).lease is not None
    assert clock.seconds == 0
    same_device = DOWN | {"subject": {"type": "interface", "name": "GigabitEthernet0/2"}}
    assert turns.take(same_device, nobody).lease is None


def test_who_waited_long_says_for_whom(turns, leases, clock):
    taken = other_run(leases, clock)
    clock.at(12, lambda: leases.release(taken))
    turn = turns.take(DOWN, nobody)
    assert turn.lease is not None
    assert turn.waited == (
        "waited 12 s: another run (incident A-000001 on noc-02, process 4711, since 16:00:07)"
        " was looking at this device"
    )


def test_who_waited_a_moment_does_not_say_so(turns, leases, clock):
    taken = other_run(leases, clock)
    clock.at(1, lambda: leases.release(taken))
    assert turns.take(DOWN, nobody).waited == ""


def test_who_gives_up_says_for_whom_and_leaves_the_lease_alone(turns, leases, clock):
    taken = other_run(leases, clock)
    turn = turns.take(DOWN, nobody)
    assert (turn.lease, turn.answer) == (None, None)
    assert turn.waited == (
        "another run (incident A-000001 on noc-02, process 4711, since 16:00:07)"
        " is looking at this device; gave up after 60 s"
    )
    assert leases.holder(login(HOST), clock.now()) == taken


def test_who_is_answered_while_it_waits_needs_no_turn(turns, leases, clock):
    taken = other_run(leases, clock)
    answers = {}
    clock.at(5, lambda: answers.update(kind="verdict"))
    turn = turns.take(DOWN, lambda: answers or None)
    assert (turn.lease, turn.answer) == (None, {"kind": "verdict"})
    assert clock.seconds < 6
    assert leases.holder(login(HOST), clock.now()) == taken


def test_who_is_answered_already_takes_no_lease_though_the_device_is_free(turns, leases, clock):
    assert turns.take(DOWN, lambda: {"kind": "verdict"}).lease is None
    assert leases.holder(login(HOST), clock.now()) is None


def answered_at_once_after(looks, leases, taken):
    """Answers when the other run ends, right after the look of that number: before our turn, that is."""
    looked = []

    def answered():
        looked.append(None)
        if len(looked) == looks:
            leases.release(taken)
        return {"kind": "verdict"} if len(looked) > looks else None

    return answered


def test_who_is_answered_just_before_the_device_is_free_gives_the_lease_back(turns, leases, clock):
    turn = turns.take(DOWN, answered_at_once_after(3, leases, other_run(leases, clock)))
    assert (turn.lease, turn.answer) == (None, {"kind": "verdict"})
    assert leases.holder(login(HOST), clock.now()) is None


def test_who_is_answered_is_so_even_where_the_lease_cannot_be_given_back(turns, leases, clock, monkeypatch):
    def away(_):
        raise StoreError("locked")

    answered = answered_at_once_after(1, leases, other_run(leases, clock))
    release = leases.release
    monkeypatch.setattr(type(leases), "release", lambda _, lease: away(lease) if lease.token > 1 else release(lease))
    assert turns.take(DOWN, answered).answer == {"kind": "verdict"}


def test_a_run_that_died_keeps_others_out_no_longer_than_its_lease(turns, leases, clock):
    other_run(leases, clock, for_s=30)
    assert turns.take(DOWN, nobody).lease is not None
    assert 30 <= clock.seconds < 31


def test_once_the_lease_is_lost_nothing_more_is_sent(turns, leases, clock):
    sent = []
    taken = turns.take(DOWN, nobody).lease
    with Keeper(leases, taken, 30, StoreError, clock.now) as kept:
        ask = guarded(lambda command: sent.append(command) or "", kept)
        ask("show interfaces")
        clock.sleep(30)  # it expires, and the thread that renews it has not come to it
        with pytest.raises(DeviceError, match="another run may be logged in") as lost:
            ask("show logging")
        assert lost.value.lost
    assert sent == ["show interfaces"]


def test_of_many_runs_at_once_one_has_the_lease_at_a_time(tmp_path):
    stores = [Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3") for _ in range(4)]
    inside, most, lock = [0], [0], threading.Lock()

    def run(store):
        turns = Turns(store.leases, Leases(), TOKYO, sleep=lambda seconds: time.sleep(seconds / 20))
        turn = turns.take(DOWN, nobody)
        with Keeper(store.leases, turn.lease, 30, StoreError):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.05)
            with lock:
                inside[0] -= 1
        return turn.lease is not None

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(run, stores * 3)) == [True] * 12
    assert most == [1]
    for store in stores:
        store.close()
