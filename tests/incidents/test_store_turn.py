"""Many writers of one SQLite file: each has its turn, nobody waits in vain, and nobody waits for ever."""

import fcntl
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from fannel.incidents.store import Store
from fannel.incidents.store import turn as turns
from fannel.incidents.store.tables import events
from fannel.incidents.store.turn import turn

pytestmark = pytest.mark.timeout(300)
WRITERS, RECORDS = 10, 150
# Far beyond what a slow machine needs; so long may one wait for something that must come.
LONG_S = 120.0

WRITER = """
import sys
from datetime import UTC, datetime
from fannel.event import Event, Host, Source, Subject
from fannel.incidents.store import Store, database

database.BUSY_TIMEOUT_S = 60  # how slow this machine is, is not asked
url, name = sys.argv[1:]
store = Store.open(url)
print("ready", flush=True)
sys.stdin.readline()
count = 0
while True:
    subject = Subject("interface", f"Ethernet{count}")
    host = Host(name, known=True)
    at = datetime.now(UTC)
    facts = ("snmp_trap", "interface_down", "interface_down", "raise", "major")
    store.record([(Event(f"{name}-{count}", at, *facts, host, subject, Source("192.0.2.1")), b"raw")])
    count += 1
    print(count, flush=True)
"""


@contextmanager
def writers(url):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, f"rt{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(WRITERS)
    ]
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.communicate()


def test_ten_processes_that_write_without_a_pause_all_have_their_turns_and_none_fails(tmp_path):
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    Store.open(url).close()
    counts = [0] * WRITERS
    enough = threading.Event()

    def follow(number, child):
        for line in child.stdout:
            counts[number] = int(line)
            if sum(counts) >= RECORDS:
                enough.set()

    with writers(url) as children:
        for child in children:
            assert child.stdout.readline() == "ready\n"
        following = [threading.Thread(target=follow, args=one) for one in enumerate(children)]
        for thread in following:
            thread.start()
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        assert enough.wait(LONG_S)
        assert [child.poll() for child in children] == [None] * WRITERS
        for child in children:
            child.kill()
        for thread in following:
            thread.join(LONG_S)
    assert min(counts) > RECORDS / WRITERS / 4, counts
    store = Store.open(url)
    with store._engine.connect() as connection:
        recorded = dict(connection.execute(sa.select(events.c.host, sa.func.count()).group_by(events.c.host)).all())
    store.close()
    # The last of each may be on record without having been said.
    assert all(recorded[f"rt{n}"] - count in (0, 1) for n, count in enumerate(counts)), (recorded, counts)


def test_a_turn_is_had_by_one_at_a_time(tmp_path):
    inside, order = threading.Lock(), []

    def take(number):
        with turn(tmp_path, LONG_S):
            assert inside.acquire(blocking=False)
            order.append(number)
            inside.release()

    with turn(tmp_path, LONG_S):
        threads = [threading.Thread(target=take, args=(n,)) for n in range(5)]
        for thread in threads:
            thread.start()
        assert order == []
    for thread in threads:
        thread.join(LONG_S)
    assert sorted(order) == [0, 1, 2, 3, 4]


@pytest.fixture
def stuck(tmp_path):
    """Somebody who has the turn and does not give it up before the end of the test."""
    line = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(line, fcntl.LOCK_EX)
    yield line
    os.close(line)
    # Whoever waited in vain passes it on, to the last of them.
    assert all(turns._waiting.acquire(timeout=LONG_S) for _ in range(turns._MOST_WAITING))
    for _ in range(turns._MOST_WAITING):
        turns._waiting.release()
    with turn(tmp_path, LONG_S):
        pass


def test_who_gets_no_turn_in_time_goes_on_without_and_passes_it_on_when_it_comes(tmp_path, stuck):
    with turn(tmp_path, 0.01):
        pass


def test_who_waits_in_vain_again_and_again_leaves_few_threads_behind(tmp_path, stuck):
    for _ in range(turns._MOST_WAITING + 5):
        with turn(tmp_path, 0.001):
            pass
    assert sum(thread.name == "turn" for thread in threading.enumerate()) == turns._MOST_WAITING


def test_where_there_is_no_folder_nobody_waits(tmp_path):
    with turn(tmp_path / "none", LONG_S):
        pass
