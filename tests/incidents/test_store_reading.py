"""Reading the log: by time, by glob, newest first cut, and always by an index. On SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy
from events import NOW, event

from fannel.incidents.store import Store
from fannel.incidents.store.activities import LONGEST_BODY, Activity
from fannel.incidents.store.reading import Span
from fannel.incidents.store.tables import activities


@pytest.fixture
def run():
    """A word of this test alone: the PostgreSQL database is shared."""
    return uuid.uuid4().hex


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def record(store, *hosts, minutes=0, **which):
    events = [event(host=host, at=at(minutes + n), **which) for n, host in enumerate(hosts)]
    return store.record([(one, b"raw") for one in events])


def hosts(found):
    return [one.event["host"]["name"] for one in found]


def test_the_newest_events_come_oldest_first(store, run):
    record(store, *(f"rt{n}.{run}" for n in range(5)))
    assert hosts(store.log.events(Span(), host=f"*.{run}", limit=3)) == [f"rt{n}.{run}" for n in (2, 3, 4)]


def test_a_span_takes_its_begin_and_not_its_end(store, run):
    record(store, *(f"rt{n}.{run}" for n in range(4)))
    assert hosts(store.log.events(Span(at(1), at(3)), host=f"*.{run}")) == [f"rt1.{run}", f"rt2.{run}"]


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("rt1.{}", ["rt1.{}"]),
        ("RT?.{}", ["rt1.{}", "rt2.{}"]),
        ("rt[23].{}", ["rt2.{}"]),
        ("%.{}", ["%.{}"]),
        ("rt_.{}", []),
        ("' OR 1=1 --{}", []),
        ("nobody*{}", []),
    ],
)
def test_a_glob_is_a_glob_and_nothing_else(store, run, glob, found):
    record(store, f"rt1.{run}", f"rt2.{run}", f"%.{run}")
    assert hosts(store.log.events(Span(), host=glob.format(run))) == [name.format(run) for name in found]


def test_more_names_than_are_looked_up_one_by_one_are_found_all_the_same(store, run):
    names = [f"rt{n:03}.{run}" for n in range(60)]
    record(store, *names)
    record(store, f"other-{run}")
    assert hosts(store.log.events(Span(), host=f"rt*.{run}", limit=100)) == names


def test_kinds_are_globs_too(store, run):
    record(store, f"rt1.{run}")
    record(store, f"rt1.{run}", minutes=1, phase="clear")
    found = store.log.events(Span(), host=f"*{run}", kind="*_up")
    assert [one.event["kind"] for one in found] == ["interface_up"]


def test_the_events_of_an_incident_are_those_it_was_told_of(store, run):
    (raised, other) = record(store, f"rt1.{run}", f"rt2.{run}")
    record(store, f"rt1.{run}", minutes=1, phase="clear")
    found = store.log.events(Span(), incident_id=raised.incident["id"])
    assert [one.event["phase"] for one in found] == ["raise", "clear"]
    assert store.log.count_events(raised.incident["id"]) == 2
    assert other.incident["id"] != raised.incident["id"]


def test_one_event_comes_with_its_bytes(store, run):
    (recorded,) = record(store, f"rt1.{run}")
    found = store.log.event(recorded.id)
    assert (found.raw, found.received_at, found.incident_id) == (b"raw", NOW, recorded.incident["id"])
    assert store.log.event("no such event") is None


def test_incidents_that_are_over_are_listed_where_they_are_asked_for(store, run):
    first, _ = record(store, f"rt1.{run}", f"rt2.{run}")
    end(store, first.incident["id"])
    glob = f"*{run}"
    assert [one.host for one in store.log.incidents(Span(), host=glob)] == [f"rt2.{run}"]
    assert [one.host for one in store.log.incidents(Span(), host=glob, over=True)] == [f"rt1.{run}", f"rt2.{run}"]
    assert [one.host for one in store.log.incidents(Span(at(1)), host=glob, over=True)] == [f"rt2.{run}"]


def test_incidents_beyond_a_page_are_found(store, run, monkeypatch):
    monkeypatch.setattr("fannel.incidents.store.reading._PAGE", 2)
    same_time = [replace(event(host=f"rt{n}.{run}"), received_at=NOW) for n in range(7)]
    store.record([(one, b"") for one in same_time])
    found = store.log.incidents(Span(), host=f"rt*.{run}", limit=6)
    assert len({one.id for one in found}) == 6


def end(store, incident_id):
    with store._engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("UPDATE incidents SET state = 'closed', resolved_at = opened_at WHERE id = :id"),
            {"id": incident_id},
        )


def test_every_query_of_events_goes_by_an_index(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    record(store, *(f"rt{n}.example.net" for n in range(60)))
    asked = []

    @sqlalchemy.event.listens_for(store._engine, "before_cursor_execute")
    def _(connection, cursor, statement, parameters, context, executemany):
        asked.append((statement, parameters))

    for question in ({}, {"host": "rt1.*"}, {"host": "rt[0-4]*"}, {"kind": "*_down"}, {"incident_id": "A-1"}):
        store.log.events(Span(since=NOW), **question)
    store.log.incidents(Span(since=NOW), over=True)
    queries = [one for one in asked if one[0].startswith(("SELECT", "WITH"))]
    assert len(queries) >= 9
    plans = []
    with store._engine.connect() as connection:
        for statement, parameters in queries:
            plans += connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    scans = [plan[3] for plan in plans if plan[3].startswith("SCAN ") and "INDEX" not in plan[3]]
    assert [scan for scan in scans if not scan.startswith(("SCAN names", "SCAN CONSTANT"))] == []
    store.close()


def test_what_a_command_printed_is_kept_compressed_and_comes_back(store, run):
    printed = "GigabitEthernet0/1 is down\n" * 1000
    store.activities.note(
        [
            Activity(NOW, "run", "check: confirmed", incident_id=run[:16], detail={"took_s": 3.6}),
            Activity(NOW, "output", "show interfaces", incident_id=run[:16], body=printed),
        ]
    )
    ran, shown = store.activities.of_incident(run[:16])
    assert (ran.detail, ran.body) == ({"took_s": 3.6}, None)
    assert shown.body == printed
    with store._engine.connect() as connection:
        kept = connection.execute(
            sqlalchemy.select(activities.c.body).where(
                activities.c.incident_id == run[:16], activities.c.kind == "output"
            )
        ).scalar()
    assert len(kept) < len(printed) / 50


def test_hostile_text_is_kept_as_far_as_text_goes(store, run):
    store.activities.note([Activity(NOW, "output", "show\0 \ud800", incident_id=run[:16], body="a\ud800\0b")])
    (kept,) = store.activities.of_incident(run[:16])
    assert (kept.summary, kept.body) == ("show\ufffd ?", "a?\0b")


def test_what_is_longer_than_anybody_reads_is_cut_and_says_so(store, run):
    store.activities.note([Activity(NOW, "output", "x" * 9999, incident_id=run[:16], body="y" * (LONGEST_BODY + 1))])
    (kept,) = store.activities.of_incident(run[:16])
    assert len(kept.body) == LONGEST_BODY
    assert kept.body.endswith("[cut short]\n")
    assert len(kept.summary) < 1000


def test_a_body_that_is_damaged_says_so(store, run):
    with store._engine.begin() as connection:
        connection.execute(
            activities.insert().values(at=NOW, kind="output", incident_id=run[:16], summary="show", body=b"not zlib")
        )
    assert "damaged" in store.activities.of_incident(run[:16])[0].body


def test_posts_come_with_what_became_of_them(store, run):
    from fannel.incidents.store import Post

    (recorded,) = record(store, f"rt1.{run}")
    incident_id = recorded.incident["id"]
    post = Post(f"{incident_id}/parent", incident_id, "parent", "C0", {"text": "rt1 Gi0/1 down"}, NOW)
    store.posts.want(post)
    store.posts.failed(post, "wanted", "ratelimited", at(1), at(1))
    (line,) = store.log.posts(incident_id)
    assert (line.state, line.attempts, line.error, line.text) == ("wanted", 1, "ratelimited", "rt1 Gi0/1 down")
