"""Leases: never two owners at a time, tokens that only grow, and a dead owner that blocks nobody for long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from events import NOW

from fannel.incidents.lease import Keeper, Lease, channel, login
from fannel.incidents.store import Store, StoreError

HOLD_S = 30.0


@pytest.fixture
def leases(url):
    store = Store.open(url)
    yield store.leases
    store.close()


@pytest.fixture
def name():
    return login(f"{uuid.uuid4().hex}.example.net")


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def eventually(condition):
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_device_and_a_channel_have_a_lease_of_their_own():
    assert (login("rt1"), channel("C0ALERTS01")) == ("login/rt1", "channel/C0ALERTS01")


def test_what_is_free_is_taken_by_the_first_who_asks(leases, name):
    lease = leases.acquire(name, "one", HOLD_S, NOW)
    assert lease == Lease(name, "one", 1, NOW, after(30))
    assert leases.acquire(name, "two", HOLD_S, after(29.9)) is None
    assert leases.holder(name, after(29.9)) == lease


def test_who_has_it_does_not_get_it_twice(leases, name):
    leases.acquire(name, "one", HOLD_S, NOW)
    assert leases.acquire(name, "one", HOLD_S, NOW) is None


def test_what_expired_is_free_and_the_next_token_is_greater(leases, name):
    leases.acquire(name, "one", HOLD_S, NOW)
    assert leases.holder(name, after(30)) is None
    assert leases.acquire(name, "two", HOLD_S, after(30)).token == 2


def test_what_is_given_back_is_free_at_once_and_the_next_token_is_greater(leases, name):
    lease = leases.acquire(name, "one", HOLD_S, NOW)
    assert leases.release(lease)
    assert leases.holder(name, NOW) is None
    assert leases.acquire(name, "two", HOLD_S, NOW).token == 2


def test_a_renewed_lease_is_held_for_longer_since_the_same_time(leases, name):
    lease = leases.acquire(name, "one", HOLD_S, NOW)
    renewed = leases.renew(lease, HOLD_S, after(10))
    assert renewed == Lease(name, "one", 1, NOW, after(40))
    assert leases.acquire(name, "two", HOLD_S, after(39)) is None
    assert leases.holder(name, after(39)) == renewed


def test_an_expired_lease_that_nobody_took_is_renewed(leases, name):
    lease = leases.acquire(name, "one", HOLD_S, NOW)
    assert leases.renew(lease, HOLD_S, after(45)).expires_at == after(75)


def test_an_owner_who_was_overtaken_can_neither_renew_nor_give_back(leases, name):
    lease = leases.acquire(name, "same", HOLD_S, NOW)
    later = leases.acquire(name, "same", HOLD_S, after(30))
    assert leases.renew(lease, HOLD_S, after(31)) is None
    assert not leases.release(lease)
    assert leases.holder(name, after(31)) == later


def test_what_was_given_back_is_not_renewed(leases, name):
    lease = leases.acquire(name, "one", HOLD_S, NOW)
    leases.release(lease)
    assert leases.renew(lease, HOLD_S, after(1)) is None


# --- several at once ---------------------------------------------------------------------------------------------


def test_of_many_at_the_same_instant_one_gets_it(url, name):
    stores = [Store.open(url) for _ in range(4)]
    together = threading.Barrier(len(stores))

    def rounds(store):
        got = []
        for moment in range(20):
            together.wait(30)
            # Every lease of a round expired when the next begins.
            got.append(store.leases.acquire(name, "one of them", HOLD_S, after(moment * HOLD_S)))
        return got

    with ThreadPoolExecutor(len(stores)) as threads:
        per_store = list(threads.map(rounds, stores))
    for of_round in zip(*per_store, strict=True):
        assert sum(lease is not None for lease in of_round) == 1
    tokens = sorted(lease.token for got in per_store for lease in got if lease is not None)
    assert tokens == list(range(1, 21))
    for store in stores:
        store.close()


HAMMER = """
import sys, time
from datetime import UTC, datetime
from fannel.incidents.store import Store
url, name, path, owner = sys.argv[1:]
store, taken, until = Store.open(url), 0, time.monotonic() + 60
log = open(path, "a", buffering=1)
while taken < 10 and time.monotonic() < until:
    lease = store.leases.acquire(name, owner, 30, datetime.now(UTC))
    if lease is None:
        time.sleep(0.002)
        continue
    log.write(f"{lease.token} in\\n")   # one write, appended: the order in the file is the order of what happened
    time.sleep(0.002)
    log.write(f"{lease.token} out\\n")
    store.leases.release(lease)
    taken += 1
"""


def test_processes_that_hammer_one_name_are_never_in_at_the_same_time(url, name, tmp_path):
    Store.open(url).close()
    journal = tmp_path / "journal"
    running = [
        subprocess.Popen([sys.executable, "-c", HAMMER, url, name, str(journal), f"process {n}"]) for n in range(3)
    ]
    assert [process.wait(90) for process in running] == [0, 0, 0]
    said = [line.split() for line in journal.read_text().splitlines()]
    assert said == [[str(token), what] for token in range(1, 31) for what in ("in", "out")]


DOOMED = """
import sys, time
from datetime import UTC, datetime
from fannel.incidents.lease import Keeper
from fannel.incidents.store import Store, StoreError
url, name = sys.argv[1:]
leases = Store.open(url).leases
with Keeper(leases, leases.acquire(name, "doomed", 6, datetime.now(UTC)), 3, StoreError):
    print("holding", flush=True)
    time.sleep(60)
"""


def test_a_killed_owner_frees_it_by_its_expiry_and_not_before(url, leases, name):
    process = subprocess.Popen([sys.executable, "-c", DOOMED, url, name], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"holding\n"
    first = leases.holder(name, datetime.now(UTC))
    assert eventually(lambda: leases.holder(name, datetime.now(UTC)).expires_at > first.expires_at), "it is renewed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    left = leases.holder(name, first.expires_at)
    assert left.owner == "doomed"
    assert leases.acquire(name, "heir", HOLD_S, left.expires_at - timedelta(milliseconds=1)) is None
    assert leases.acquire(name, "heir", HOLD_S, left.expires_at).token == 2


# --- keeping one -------------------------------------------------------------------------------------------------


def fail_holding(leases, name):
    with Keeper(leases, leases.acquire(name, "one", HOLD_S, NOW), HOLD_S, StoreError, now=lambda: NOW) as kept:
        assert not kept.lost
        assert leases.holder(name, NOW) is not None
        raise ZeroDivisionError


def test_a_kept_lease_is_given_back_also_after_a_failure(leases, name):
    with pytest.raises(ZeroDivisionError):
        fail_holding(leases, name)
    assert leases.holder(name, NOW) is None


def test_a_kept_lease_that_somebody_else_took_is_lost(leases, name):
    lease = leases.acquire(name, "one", 0.3, NOW)
    leases.release(lease)
    other = leases.acquire(name, "two", HOLD_S, NOW)
    with Keeper(leases, lease, 0.3, StoreError, now=lambda: NOW) as kept:
        assert eventually(lambda: kept.lost)
    assert leases.holder(name, NOW) == other, "what was lost is not given back"


class Away:
    """A database that comes back when told."""

    def __init__(self):
        self.away, self.asked = True, 0

    def renew(self, lease, for_s, now):
        self.asked += 1
        if self.away:
            raise StoreError("away")
        return Lease(lease.name, lease.owner, lease.token, lease.taken_at, now + timedelta(seconds=for_s))

    def release(self, lease):
        raise StoreError("away")


def test_a_lease_that_could_not_be_renewed_in_time_is_lost_without_anybody_saying_so():
    now = [NOW]
    away = Away()
    with Keeper(away, Lease("n", "one", 1, NOW, after(0.3)), 0.3, StoreError, now=lambda: now[0]) as kept:
        assert eventually(lambda: away.asked > 1)
        assert not kept.lost, "it lasts to its expiry"
        now[0] = after(0.3)
        assert kept.lost


def test_a_database_that_comes_back_in_time_renews_it():
    away = Away()
    with Keeper(away, Lease("n", "one", 1, NOW, after(0.3)), 0.3, StoreError, now=lambda: NOW) as kept:
        assert eventually(lambda: away.asked)
        away.away = False
        assert eventually(lambda: kept.lease.expires_at == after(0.3) and away.asked > 1)
        assert not kept.lost
