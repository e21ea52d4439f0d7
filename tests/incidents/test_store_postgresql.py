"""What several replicas on one PostgreSQL may not do to each other, which SQLite's single writer never can."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy
from events import NOW, event

from fannel.incidents.store import Store
from fannel.incidents.store.tables import incidents


@pytest.fixture
def stores(postgresql):
    opened = [Store.open(postgresql) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()


def test_two_replicas_that_hear_the_same_storm_in_another_order_open_each_incident_once(stores):
    together = threading.Barrier(2)

    def replica(store, places):
        batch = [(event(host=f"storm{place}.example.net"), b"raw") for place in places]
        together.wait()
        return store.record(batch)

    with ThreadPoolExecutor(2) as threads:
        running = [
            threads.submit(replica, stores[0], range(300)),
            threads.submit(replica, stores[1], range(299, -1, -1)),
        ]
        recorded = [one for run in running for one in run.result(60)]
    opened = {one.fingerprint: one.incident["id"] for one in recorded}
    assert len(set(opened.values())) == 300
    assert {stores[0].incident(incident_id).raises for incident_id in opened.values()} == {2}
    assert sum(one.incident["state"] == "new" for one in recorded) == 300


def test_a_raise_does_not_join_an_incident_that_is_being_resolved(stores):
    (first,) = stores[0].record([(event(host="resolving.example.net"), b"raw")])
    again = event(host="resolving.example.net", at=NOW + timedelta(seconds=5))
    with ThreadPoolExecutor(1) as threads:
        with stores[0]._engine.begin() as connection:
            connection.execute(
                sqlalchemy.update(incidents)
                .where(incidents.c.id == first.incident["id"])
                .values(state="resolved", resolved_at=NOW)
            )
            running = threads.submit(stores[1].record, [(again, b"raw")])
            with pytest.raises(TimeoutError):
                running.result(0.5)
        (second,) = running.result(10)
    assert second.incident["state"] == "new"
    assert second.incident["id"] != first.incident["id"]
