"""What several replicas on one PostgreSQL may not do to each other, which SQLite's single writer never can."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy
from events import NOW, event
from sqlalchemy.exc import DataError
from ulid import ULID

from fannel.event import Subject
from fannel.incidents.store.tables import events, incidents


@pytest.fixture
def url(postgresql):
    return postgresql


def test_a_value_that_postgresql_does_not_take_is_no_reason_to_wait_for_it(stores):
    """Who waits for a database tries again for ever; this is a defect, and costs one event."""
    with pytest.raises(DataError):
        stores[0].record([(event(address="127.0.0.1\0"), b"raw")])


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


def both_at_once(stores, batches):
    """Each of two stores records its batches, the first of both at the same instant, then the second of both, …"""
    together = threading.Barrier(2)

    def replica(store, mine):
        recorded = []
        for batch in mine:
            together.wait(60)
            recorded += store.record([(one, b"raw") for one in batch])
        return recorded

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(replica, store, mine) for store, mine in zip(stores, batches, strict=True)]
        return [run.result(120) for run in running]


ROUNDS = 60


def trap_and_syslog(number, at=NOW):
    """One fault as both tell it."""
    trap = event(host=f"round{number}.example.net", at=at)
    return trap, replace(trap, id=str(ULID()), via="syslog", trap=None)


def test_the_trap_and_the_syslog_of_one_fault_at_the_same_instant_open_one_incident(stores):
    faults = [trap_and_syslog(number) for number in range(ROUNDS)]
    traps, lines = both_at_once(stores, [[[trap] for trap, _ in faults], [[line] for _, line in faults]])
    for trap, line in zip(traps, lines, strict=True):
        assert trap.incident["id"] == line.incident["id"]
        assert {trap.incident["state"], line.incident["state"]} == {"new", "open"}, "one of them asks the rules"
        assert stores[0].incident(trap.incident["id"]).raises == 2
        assert [one.what for one in stores[0].history(trap.incident["id"])] == ["opened"]


def test_the_trap_and_the_syslog_of_a_fault_that_comes_back_at_the_same_instant_reopen_one_incident(stores):
    ended = []
    for number in range(ROUNDS, 2 * ROUNDS):
        (first,) = stores[0].record([(event(host=f"round{number}.example.net"), b"raw")])
        assert stores[0].resolve(first.incident["id"], as_of=NOW, who="check", now=NOW)
        ended.append(first.incident["id"])
    again = [trap_and_syslog(number, NOW + timedelta(seconds=60)) for number in range(ROUNDS, 2 * ROUNDS)]
    traps, lines = both_at_once(stores, [[[trap] for trap, _ in again], [[line] for _, line in again]])
    assert [one.incident["id"] for one in traps] == [one.incident["id"] for one in lines] == ended
    for trap, line in zip(traps, lines, strict=True):
        assert {trap.incident["state"], line.incident["state"]} == {"new", "open"}
        incident = stores[0].incident(trap.incident["id"])
        assert (incident.reopened, incident.raises, incident.resolved_at) == (1, 3, None)
        assert [one.what for one in stores[0].history(incident.id)] == ["opened", "resolved", "reopened"]


def test_two_replicas_that_close_at_the_same_instant_close_each_incident_once(stores):
    opened = stores[0].record([(event(host=f"closing{number}.example.net"), b"raw") for number in range(100)])
    for one in opened:
        stores[0].resolve(one.incident["id"], as_of=NOW, who="check", now=NOW)
    later, together = NOW + timedelta(hours=1), threading.Barrier(2)

    def close(store):
        together.wait(60)
        while store.close_resolved(later, limit=7):
            pass

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(close, stores))
    for one in opened:
        assert [line.what for line in stores[0].history(one.incident["id"])] == ["opened", "resolved", "closed"]


def test_a_raise_does_not_join_an_incident_that_is_being_resolved(stores):
    (first,) = stores[0].record([(event(host="resolving.example.net"), b"raw")])
    again = event(host="resolving.example.net", at=NOW + timedelta(hours=1))
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


def cable(number, at=NOW):
    """One cable as the routers at both its ends tell it."""
    near, far = f"near{number}.example.net", f"far{number}.example.net"
    ends = [(near, "GigabitEthernet0/1", f"{far} GigabitEthernet0/2"), (far, "GigabitEthernet0/2", None)]
    return [
        replace(event(host=host, at=at), subject=Subject("interface", port, ifindex=3, peer=peer))
        for host, port, peer in ends
    ]


def test_both_ends_of_a_cable_at_the_same_instant_are_one_fault(stores):
    cables = [cable(f"a{number}") for number in range(ROUNDS)]
    ends = both_at_once(stores, [[[near] for near, _ in cables], [[far] for _, far in cables]])
    for near, far in zip(*ends, strict=True):
        assert {near.incident["state"], far.incident["state"]} == {"new", "attached"}, "one of them has the thread"
        first, attached = sorted((near.incident, far.incident), key=lambda one: one["state"], reverse=True)
        assert attached["cause"]["id"] == first["id"]


def test_under_load_two_replicas_open_one_fault_a_cable_and_every_count_adds_up(stores):
    """Both get the traps, one also the syslog twins; each cable is cut and comes back, in batches of any size."""
    count = 120
    cut, back = NOW, NOW + timedelta(seconds=30)
    cables = [cable(f"b{number}", cut) for number in range(count)]
    again = [[replace(end, id=str(ULID()), via="syslog", trap=None) for end in ends] for ends in cables]
    clears = [
        [replace(end, id=str(ULID()), received_at=back, phase="clear", kind="interface_up") for end in ends]
        for ends in cables
    ]
    first = [near for near, _ in cables] + [end for ends in again for end in ends]
    second = [far for _, far in reversed(cables)] + [end for ends in clears for end in ends]

    def batches(events, size):
        parts = [events[at : at + size] for at in range(0, len(events), size)]
        return parts + [[]] * (len(events) - len(parts))

    longest = max(len(first), len(second))
    running = [(batches(events, size) + [[]] * longest)[:longest] for events, size in ((first, 7), (second, 11))]
    recorded = [one for mine in both_at_once(stores, running) for one in mine]
    assert len(recorded) == len(first) + len(second)
    hosts = {end.host.name for ends in cables for end in ends}
    with stores[0]._engine.connect() as connection:
        rows = connection.execute(
            sqlalchemy.select(incidents.c.id, incidents.c.fingerprint, incidents.c.raises, incidents.c.cause_id).where(
                incidents.c.host_name.in_(sorted(hosts))
            )
        ).all()
        logged = connection.execute(
            sqlalchemy.select(sqlalchemy.func.count()).where(events.c.host.in_(sorted(hosts)))
        ).scalar_one()
    assert logged == len(recorded)
    assert len({row.fingerprint for row in rows}) == len(rows) == 2 * count, "one incident an end"
    assert sum(row.raises for row in rows) == 4 * count, "trap and twin of both ends"
    assert sum(row.cause_id is None for row in rows) == count, "one thread a cable"
    assert sum(one.incident["state"] == "new" and one.phase == "raise" for one in recorded) == count
