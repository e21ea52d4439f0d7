"""The store: what is recorded, what it opens, and what two processes at once may not do."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from events import NOW, event

from fannel.incidents.store import Store, StoreError, upgrade
from fannel.incidents.store.store import REOPEN
from fannel.incidents.store.tables import REVISION, metadata


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/fannel.sqlite3"


@pytest.fixture
def store(url):
    opened = Store.open(url)
    yield opened
    opened.close()


def record(store, *events):
    return store.record([(e, b"raw") for e in events])


def test_the_first_raise_opens_an_incident_and_asks_the_rules(store):
    (recorded,) = record(store, event())
    assert recorded.incident["state"] == "new"
    incident = store.incident(recorded.incident["id"])
    assert (incident.fingerprint, incident.state, incident.raises) == (event().fingerprint, "new", 1)
    assert incident.opened_at == NOW


def test_a_repeat_joins_the_incident_and_does_not_ask_again(store):
    first, second = record(store, event(), event(at=NOW + timedelta(seconds=1)))
    assert second.incident == {"id": first.incident["id"], "state": "open"}
    assert store.incident(first.incident["id"]).raises == 2


def test_when_nobody_answered_for_a_minute_the_next_raise_asks_again_once(store):
    record(store, event())
    later = NOW + timedelta(seconds=60)
    (asked,) = record(store, event(at=later))
    (soon,) = record(store, event(at=later + timedelta(seconds=1)))
    assert (asked.incident["state"], soon.incident["state"]) == ("new", "open")


def test_once_answered_a_repeat_never_asks_again(store):
    (first,) = record(store, event())
    assert store.answer(first.incident["id"], who="event 1", now=NOW).state == "open"
    (repeat,) = record(store, event(at=NOW + timedelta(hours=1)))
    assert repeat.incident == {"id": first.incident["id"], "state": "open"}


def test_a_clear_finds_the_incident_and_opens_none(store):
    (lonely,) = record(store, event(phase="clear"))
    assert lonely.incident is None
    (raised,) = record(store, event())
    (clear,) = record(store, event(phase="clear"))
    assert clear.incident["id"] == raised.incident["id"]


def test_information_has_no_incident(store):
    (recorded,) = record(store, event(phase="info"))
    assert recorded.incident is None


def test_a_fault_opened_while_less_was_known_is_found_by_its_alias(store):
    # pagoda was down: the incident is named by address and index.
    unknown = event()
    unknown = replace(unknown, host=replace(unknown.host, name="127.0.1.1", known=False))
    unknown = replace(unknown, subject=replace(unknown.subject, name=None))
    assert unknown.fingerprint == "127.0.1.1/interface_down/ifindex-3"
    (raised,) = record(store, unknown)
    clear = replace(event(phase="clear"), aliases=("127.0.1.1/interface_down/ifindex-3",))
    (found,) = record(store, clear)
    assert found.incident["id"] == raised.incident["id"]


def test_recording_an_event_again_changes_nothing(store):
    raised = event()
    (first,) = record(store, raised)
    (again,) = record(store, raised)
    assert again.incident == first.incident
    assert store.incident(first.incident["id"]).raises == 1


def test_the_log_keeps_the_original_and_the_bytes(store):
    hostile = event()
    hostile = replace(hostile, subject=replace(hostile.subject, description="{{ lookup('pipe', 'id') }}"))
    store.record([(hostile, b"\x30\x00wire")])
    assert store.event_json(hostile.id)["subject"]["description"] == "{{ lookup('pipe', 'id') }}"
    assert store.raw(hostile.id) == b"\x30\x00wire"


def test_an_incident_raised_after_the_look_is_not_resolved(store):
    (raised,) = record(store, event())
    record(store, event(at=NOW + timedelta(seconds=30)))
    incident_id = raised.incident["id"]
    looked_at = NOW + timedelta(seconds=10)
    assert not store.resolve(incident_id, as_of=looked_at, who="check", now=NOW)
    assert store.incident(incident_id).state == "new"
    assert store.resolve(incident_id, as_of=NOW + timedelta(seconds=31), who="check", now=NOW + timedelta(seconds=32))
    resolved = store.incident(incident_id)
    assert (resolved.state, resolved.resolved_at) == ("resolved", NOW + timedelta(seconds=32))


def test_a_raise_long_after_the_end_opens_another(store):
    (first,) = record(store, event())
    store.resolve(first.incident["id"], as_of=NOW, who="check", now=NOW)
    (second,) = record(store, event(at=NOW + REOPEN))
    assert second.incident["id"] != first.incident["id"]
    assert second.incident["state"] == "new"


def test_what_was_not_answered_to_the_end_is_asked_again(store):
    begun, untouched, judged, clearing = (
        event(host=f"rt{n}.example.net", at=NOW + timedelta(seconds=n)) for n in range(4)
    )
    recorded = {e.host.name: e.incident["id"] for e in record(store, begun, untouched, judged, clearing)}
    store.answer(recorded[begun.host.name], who="event 1", now=NOW)
    for done in (judged, clearing):
        store.judge(recorded[done.host.name], {"outcome": "confirmed"}, who="check", now=NOW)
    clear = replace(event(phase="clear", host=clearing.host.name), id="7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    record(store, clear)
    again = store.unfinished()
    assert [(e["id"], e["incident"]["state"]) for e in again] == [
        (begun.id, "new"),
        (untouched.id, "new"),
        (clear.id, "open"),
    ]
    assert [e["incident"]["id"] for e in again] == [
        recorded[host] for host in (begun.host.name, untouched.host.name, clearing.host.name)
    ]


AFTER = timedelta(minutes=5)


def test_what_nobody_answers_is_asked_again_after_twice_as_long_each_time(store):
    (opened,) = record(store, event())
    minutes = [m for m in range(90) if store.overdue(NOW + timedelta(minutes=m), AFTER)]
    assert minutes == [5, 10, 20, 40, 80]
    assert store.incident(opened.incident["id"]).state == "new"


def test_who_asks_again_says_since_when(store):
    (opened,) = record(store, event())
    (again,) = store.overdue(NOW + AFTER, AFTER)
    assert again["id"] == opened.id
    assert again["incident"] == {
        "id": opened.incident["id"],
        "state": "new",
        "asked_again_at": (NOW + AFTER).isoformat(),
    }


def test_an_answer_that_did_not_come_to_its_end_is_overdue_and_one_that_did_is_not(store):
    (begun,) = record(store, event())
    (judged,) = record(store, event(host="rt2.example.net"))
    store.answer(begun.incident["id"], who="event 1", now=NOW)
    store.judge(judged.incident["id"], {"outcome": "confirmed"}, who="check", now=NOW)
    assert [one["id"] for one in store.overdue(NOW + AFTER, AFTER)] == [begun.id]


def test_a_clear_is_overdue_by_its_own_time(store):
    (opened,) = record(store, event())
    store.judge(opened.incident["id"], {"outcome": "confirmed"}, who="check", now=NOW)
    cleared_at = NOW + timedelta(hours=1)
    clear = replace(event(phase="clear", at=cleared_at), id="7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    record(store, clear)
    assert store.overdue(cleared_at + AFTER - timedelta(seconds=1), AFTER) == []
    (again,) = store.overdue(cleared_at + AFTER, AFTER)
    assert (again["id"], again["incident"]["state"]) == (clear.id, "open")


def test_what_an_older_version_logged_is_asked_again_with_a_lock(store, url):
    (raised,) = record(store, event())
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE events SET event = json_remove(event, '$.lock')")
    assert [e["lock"] for e in store.unfinished()] == [raised.lock]


def test_a_verdict_is_kept_with_the_name_the_device_gave(store):
    nameless = event()
    nameless = replace(nameless, subject=replace(nameless.subject, name=None))
    (raised,) = record(store, nameless)
    judged = store.judge(
        raised.incident["id"], {"outcome": "confirmed"}, subject_name="GigabitEthernet0/1", who="check", now=NOW
    )
    assert judged.verdict == {"outcome": "confirmed"}
    assert judged.subject.name == "GigabitEthernet0/1"


def test_many_writers_at_once_open_one_incident(url):
    """Two replicas get one fault at the same instant."""
    Store.open(url).close()
    together = threading.Barrier(8)
    found = []

    def replica() -> None:
        store = Store.open(url)
        together.wait()
        (recorded,) = record(store, event())
        found.append(recorded.incident)
        store.close()

    threads = [threading.Thread(target=replica) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({incident["id"] for incident in found}) == 1
    assert [incident["state"] for incident in found].count("new") == 1


def test_a_host_name_that_is_no_text_is_still_recorded_and_found(store):
    odd = event(host="rt\ud800\0.example.net")
    (raised,) = record(store, odd)
    (clear,) = record(store, event(phase="clear", host="rt\ud800\0.example.net"))
    assert clear.incident["id"] == raised.incident["id"]


def test_naive_times_are_refused(store):
    with pytest.raises(Exception, match="naive datetime"):
        record(store, event(at=datetime(2026, 11, 22, 16, 0)))  # noqa: DTZ001


# --- opening -----------------------------------------------------------------------------------------------------


def test_the_revision_in_code_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", "fannel.incidents.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_the_migrations_build_exactly_the_tables_of_the_code(store):
    with store._engine.connect() as connection:
        inspector = sqlalchemy.inspect(connection)
        for table in metadata.sorted_tables:
            found = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
            assert found == {column.name: bool(column.nullable) for column in table.columns}
            assert {i["name"] for i in inspector.get_indexes(table.name)} == {i.name for i in table.indexes}


def test_a_new_sqlite_database_upgrades_itself_and_reopens(url):
    store = Store.open(url)
    (recorded,) = record(store, event())
    store.close()
    again = Store.open(url)
    assert again.incident(recorded.incident["id"]) is not None
    again.close()
    assert upgrade(url) == (REVISION, REVISION)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://root:secret@db/fannel", "mysql is not supported"),
        ("sqlite:////proc/nowhere/fannel.sqlite3", "cannot create the folder"),
        ("postgresql://fannel:s3cret@127.0.0.1:1/fannel", "127.0.0.1"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_its_remedy_and_no_password(url, words):
    with pytest.raises(StoreError, match=words) as raised:
        Store.open(url)
    assert "secret" not in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_a_locked_database_is_an_error_that_changes_nothing(url, monkeypatch):
    monkeypatch.setattr("fannel.incidents.store.database.BUSY_TIMEOUT_S", 0.1)
    store = Store.open(url)
    path = url.removeprefix("sqlite:///")
    with sqlalchemy.create_engine(f"sqlite:///{path}").connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            record(store, event())
        other.rollback()
    (recorded,) = record(store, event())
    assert recorded.incident["state"] == "new"
    assert recorded.received_at.tzinfo is UTC
    store.close()
