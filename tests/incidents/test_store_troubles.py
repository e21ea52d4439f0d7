"""A database that is locked, full, restarted or a standby by now: said, waited for where that is safe, nothing lost."""

from __future__ import annotations

import sqlite3
import threading
import time

import psycopg
import pytest
import sqlalchemy
from databases import own_postgresql
from events import NOW, event

from fannel.incidents.store import Store, StoreError, StoreOutOfDateError, upgrade

PATIENCE_S = 120.0  # a loaded machine may take long to start a PostgreSQL


@pytest.fixture(scope="module")
def postgresql():
    with own_postgresql() as server:
        yield server


@pytest.fixture
def store(postgresql):
    opened = Store.open(postgresql.url)
    yield opened
    opened.close()


def record(store, *observed):
    return store.record([(one, b"raw") for one in observed])


def opened_by(store, one):
    """How often an incident was opened by that event, and how often it is logged."""
    with store._engine.connect() as connection:
        return tuple(
            connection.execute(sqlalchemy.text(f"SELECT count(*) FROM {table} WHERE {column} = :id"), {"id": one.id})
            .scalar_one()
            for table, column in (("incidents", "opened_by"), ("events", "id"))
        )  # fmt: skip


class Later:
    """Does something a little later, in a thread, and says whether it was done."""

    def __init__(self, work, after_s=1.0):
        self.done = False

        def run():
            time.sleep(after_s)
            work()
            self.done = True

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def join(self):
        self._thread.join(120)


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def test_connections_that_were_ended_while_idle_are_made_anew(store, postgresql):
    record(store, event(host="idle1.example.net"))
    assert postgresql.terminate() >= 1
    (recorded,) = record(store, event(host="idle2.example.net"))
    assert recorded.incident["state"] == "new"


def test_a_connection_that_ends_within_a_transaction_leaves_nothing_and_the_same_again_succeeds(store, postgresql):
    one = event(host="within.example.net")
    held = psycopg.connect(postgresql.url)
    held.execute("LOCK TABLE events IN EXCLUSIVE MODE")  # so that the recording is in its middle when it ends
    ending = Later(postgresql.terminate)
    with pytest.raises(StoreError):
        record(store, one)
    held.close()
    ending.join()
    assert opened_by(store, one) == (0, 0)
    record(store, one)
    record(store, one)
    assert opened_by(store, one) == (1, 1)


def test_while_the_server_is_down_the_impatient_say_so_and_the_patient_wait(store, postgresql):
    patient = Store.open(postgresql.url, patience_s=PATIENCE_S)
    one, other = event(host="down1.example.net"), event(host="down2.example.net")
    postgresql.stop()
    starting = None
    try:
        with pytest.raises(StoreError) as said:
            record(store, one)
        assert "postgresql" in str(said.value)
        starting = Later(postgresql.start)
        (recorded,) = record(patient, other)
    finally:
        if starting is None:
            postgresql.start()
        else:
            starting.join()
    assert recorded.incident["state"] == "new"
    (recorded,) = record(store, one)
    assert recorded.incident["state"] == "new"
    patient.close()


def test_a_playbook_that_begins_while_the_server_is_down_waits_for_it(postgresql):
    postgresql.stop()
    starting = Later(postgresql.start)
    opened = Store.open(postgresql.url, patience_s=PATIENCE_S)
    starting.join()
    assert opened.unfinished() is not None
    opened.close()


def test_a_server_that_may_be_away_is_needed_at_the_first_use_alone(postgresql):
    one = event(host="away.example.net")
    postgresql.stop()
    try:
        opened = Store.open(postgresql.url, may_be_away=True)
        with pytest.raises(StoreError, match="postgresql"):
            record(opened, one)
    finally:
        postgresql.start()
    (recorded,) = record(opened, one)
    assert recorded.incident["state"] == "new"
    opened.close()


def test_the_schema_of_a_server_that_was_away_is_looked_at_when_it_is_there(postgresql):
    with psycopg.connect(postgresql.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE empty")
    url = postgresql.url.replace("/postgres?", "/empty?")
    postgresql.stop()
    try:
        opened = Store.open(url, may_be_away=True)
    finally:
        postgresql.start()
    for _ in range(2):
        with pytest.raises(StoreOutOfDateError, match="fannel db upgrade"):
            record(opened, event())
    upgrade(url)
    (recorded,) = record(opened, event())
    assert recorded.incident["state"] == "new"
    opened.close()


def test_a_server_that_refuses_us_is_not_away(postgresql):
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(postgresql.url.replace("/postgres?", "/mistyped?"), may_be_away=True)


def test_a_lease_is_not_waited_for(postgresql):
    """It would be as of a moment that is gone."""
    patient = Store.open(postgresql.url, patience_s=PATIENCE_S)
    postgresql.stop()
    try:
        began = time.monotonic()
        with pytest.raises(StoreError):
            patient.leases.acquire("login/x", "me", 30, NOW)
        assert time.monotonic() - began < PATIENCE_S / 2
    finally:
        postgresql.start()
    patient.close()


def test_a_server_that_became_a_standby_is_left_for_the_one_that_may_be_written(store):
    record(store, event(host="standby1.example.net"))
    with store._engine.connect() as connection:
        # What a demoted server answers to everything that writes, on connections that were open before.
        connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.commit()
    with pytest.raises(StoreError, match="read-only"):
        record(store, event(host="standby2.example.net"))
    (recorded,) = record(store, event(host="standby2.example.net"))
    assert recorded.incident["state"] == "new"


# --- SQLite ------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fannel.sqlite3"


def test_a_locked_database_is_waited_for_by_the_patient(path, monkeypatch):
    monkeypatch.setattr("fannel.incidents.store.database.BUSY_TIMEOUT_S", 0.1)
    impatient = Store.open(f"sqlite:///{path}")
    patient = Store.open(f"sqlite:///{path}", patience_s=PATIENCE_S)
    lock = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        record(impatient, event())
    ending = Later(lock.rollback, after_s=2.0)
    (recorded,) = record(patient, event())
    assert ending.done or recorded.incident["state"] == "new"
    ending.join()
    lock.close()
    patient.close()
    impatient.close()


def test_a_full_disk_loses_nothing_that_was_recorded_and_goes_on_when_there_is_room(path):
    store = Store.open(f"sqlite:///{path}")
    (before,) = record(store, event(host="before.example.net"))
    limit = full(store)
    written = []
    with pytest.raises(StoreError, match="full"):
        written.extend(one for number in range(1000) for one in record(store, event(host=f"full{number}.example.net")))
    assert written, "there was a little room"
    assert store.incident(before.incident["id"]) is not None, "and reading still works"
    assert opened_by(store, written[-1]) == (1, 1)
    limit.lift()
    (recorded,) = record(store, event(host="after.example.net"))
    assert recorded.incident["state"] == "new"
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    store.close()


class full:  # noqa: N801  (reads as a word)
    """No page more than there are and a few, on every connection of a store: what SQLite says when the disk is full."""

    def __init__(self, store, room=40):
        self._engine = store._engine
        with self._engine.connect() as connection:
            self._pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + room
        sqlalchemy.event.listen(self._engine, "checkout", self._limit)

    def _limit(self, connection, _record, _proxy):
        connection.execute(f"PRAGMA max_page_count={self._pages}")

    def lift(self):
        self._pages = 2**30
