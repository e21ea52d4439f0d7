"""While the database is locked, full, down or loses its connections: health says so, and nothing is lost or doubled."""

from __future__ import annotations

import itertools
import sqlite3
import time
from datetime import timedelta

import pytest
import sqlalchemy
from databases import empty, own_postgresql
from observing import LINK_UP, Observing, adds_up, link, now

from fannel.directory.host_directory import HostDirectory
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store import Store
from fannel.observer.vitals import Vitals

pytestmark = pytest.mark.timeout(400)
# Long, for a machine that has other things to do.
TIMEOUT_S = 180


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Said, and tried again, sooner than in production."""
    monkeypatch.setattr("fannel.incidents.store.database.BUSY_TIMEOUT_S", 0.2)
    monkeypatch.setattr("fannel.observer.recorder.RETRY_LAST_S", 1.0)


@pytest.fixture(scope="module")
def postgresql():
    with own_postgresql() as server:
        yield server


@pytest.fixture
def store(postgresql):
    """On that PostgreSQL, with nothing in it."""
    opened = Store.open(postgresql.url)
    empty(opened)
    return opened


def wrong(observer):
    """What the health page says is wrong."""
    vitals = Vitals(observer.custody, HostDirectory(None), observer.recorder.trouble, canary_every_s=0)
    return {vital.name: vital.detail for vital in vitals.ready() if not vital.ok}


def recorded(url):
    """(events, incidents, faults) on record."""
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        events = connection.exec_driver_sql("SELECT count(*), count(DISTINCT id) FROM events").one()
        faults = connection.exec_driver_sql("SELECT count(*), count(DISTINCT fingerprint) FROM incidents").one()
    engine.dispose()
    assert events[0] == events[1]
    return events[0], *faults


def told(observer, count):
    return [observer.event(timeout_s=TIMEOUT_S) for _ in range(count)]


def test_sqlite_that_is_locked_is_said_and_everything_goes_on_after(tmp_path):
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    with Observing(tmp_path) as observer:
        lock = sqlite3.connect(tmp_path / "fannel.sqlite3", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        observer.receive(*(link(index=n) for n in range(1, 21)))
        observer.until(lambda: "locked" in wrong(observer).get("store", ""), TIMEOUT_S)
        assert observer.depth() == 20, "nothing is acknowledged that is not on record"
        lock.rollback()
        lock.close()
        told(observer, 20)
        observer.until(lambda: observer.depth() == 0, TIMEOUT_S)
        observer.until(lambda: wrong(observer) == {}, TIMEOUT_S)
        assert adds_up(observer.custody.counts())
    assert recorded(url) == (20, 20, 20)


def test_a_full_disk_is_said_and_everything_goes_on_when_there_is_room(tmp_path):
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    store = Store.open(url)
    pages = [sqlite3.connect(tmp_path / "fannel.sqlite3").execute("PRAGMA page_count").fetchone()[0] + 4]
    # What SQLite says when the disk is full, on every connection of this store.
    sqlalchemy.event.listen(
        store._engine, "checkout", lambda raw, _record, _proxy: raw.execute(f"PRAGMA max_page_count={pages[0]}")
    )
    with Observing(tmp_path, store=store) as observer:
        observer.receive(*(link(index=n) for n in range(1, 101)))
        observer.until(lambda: "full" in wrong(observer).get("store", ""), TIMEOUT_S)
        time.sleep(1)
        assert adds_up(observer.custody.counts())
        pages[0] = 2**30
        told(observer, 100)
        observer.until(lambda: observer.depth() == 0, TIMEOUT_S)
        observer.until(lambda: wrong(observer) == {}, TIMEOUT_S)
    assert recorded(url) == (100, 100, 100)


def test_postgresql_that_is_stopped_in_the_middle_is_said_and_everything_goes_on_after(tmp_path, store, postgresql):
    with Observing(tmp_path, store=store) as observer:
        observer.receive(*(link(index=n, source="192.0.2.31") for n in range(1, 51)))
        told(observer, 10)
        postgresql.stop()
        try:
            observer.receive(*(link(index=n, source="192.0.2.32") for n in range(1, 51)))
            observer.until(lambda: "store" in wrong(observer), TIMEOUT_S)
            assert "postgres" in wrong(observer)["store"]
        finally:
            postgresql.start()
        told(observer, 90)
        observer.until(lambda: observer.depth() == 0, TIMEOUT_S)
        observer.until(lambda: wrong(observer) == {}, TIMEOUT_S)
        assert adds_up(observer.custody.counts())
    assert recorded(postgresql.url) == (100, 100, 100)


def test_what_came_before_the_database_was_there_is_told_with_the_silence_it_comes_under(tmp_path, store, postgresql):
    scope, hour = (Matcher("host", "equal", "192.0.2.1"),), timedelta(hours=1)
    window = {"starts_at": now() - hour, "ends_at": now() + hour}
    kept = store.silences.add(Silence(0, (scope,), author="cli:me", origin="cli", reason="", **window), now())
    postgresql.stop()
    try:
        later = Store.open(postgresql.url, may_be_away=True)
        with Observing(tmp_path, store=later) as observer:
            observer.receive(link())
            observer.until(lambda: "store" in wrong(observer), TIMEOUT_S)
            postgresql.start()
            (event,) = told(observer, 1)
    finally:
        postgresql.start()
    assert event["silence"]["id"] == kept.id
    assert store.event_json(event["id"])["silence"]["id"] == kept.id


def test_connections_that_are_ended_again_and_again_under_load_lose_and_double_nothing(tmp_path, store, postgresql):
    with Observing(tmp_path, store=store) as observer:
        pairs = [
            (link(index=n, source="192.0.2.33"), link(LINK_UP, index=n, source="192.0.2.33")) for n in range(1, 151)
        ]
        for part in parts(pairs, 15):
            observer.receive(*itertools.chain.from_iterable(part))
            postgresql.terminate()
        told(observer, 300)
        observer.until(lambda: observer.depth() == 0, TIMEOUT_S)
        assert adds_up(observer.custody.counts())
    assert recorded(postgresql.url) == (300, 150, 150)


def parts(items, size):
    return [items[at : at + size] for at in range(0, len(items), size)]
