"""Recording a batch: the outcome is the one of recording its events one by one, which the model here does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy
from events import NOW, event
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.incidents import flap
from fannel.incidents.store import Store
from fannel.incidents.store.recording import ASK_AGAIN_AFTER
from fannel.incidents.store.tables import events, incidents, metadata

REOPEN = timedelta(seconds=60)
# Restless so soon that the few changes of a test are enough.
POLICY = flap.FlapPolicy(flapping_above=7.0)
HOSTS = ("rt1.example.net", "rt\ud800.example.net", "127.0.1.1")
PORTS = ("Gi0/1", None)


@dataclass
class Case:
    """An incident of the model; the event that opened it is its name."""

    opened_by: str
    fingerprint: str
    state: str
    opened_at: datetime
    raised_at: datetime
    asked_at: datetime
    raises: int = 1
    resolved_at: datetime | None = None
    reopened: int = 0
    history: list[tuple[str, str]] = field(default_factory=list)

    def become(self, state, who="me"):
        self.state = state
        self.history.append((who, {"open": "answered"}.get(state, state)))

    def told(self):
        return "open" if self.state == "new" else self.state


class OneByOne:
    """The rules of the record, one event at a time, and nothing else."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.log: dict[str, tuple[Case, str] | None] = {}
        self.flaps: dict[str, flap.Flap] = {}

    def record(self, event):
        if event.id not in self.log:
            self.log[event.id] = self._decide(event)
        return self.log[event.id]

    def _decide(self, event):
        if event.phase == "info":
            return None
        names = [event.fingerprint, *event.aliases]
        known = [case for name in names for case in self.cases if case.fingerprint == name]
        case = min((case for case in known if not case.resolved_at), key=lambda case: case.opened_at, default=None)
        if event.phase == "clear":
            self._score(event, case)
            return (case, case.state) if case else None
        at, who = event.received_at, f"event {event.id}"
        if case is None:
            lately = [case for case in known if case.state == "resolved" and at - case.resolved_at < REOPEN]
            case = max(lately, key=lambda case: case.resolved_at, default=None)
            if case is None:
                case = Case(event.id, event.fingerprint, "new", at, at, at, history=[(who, "opened")])
                self.cases.append(case)
                self._score(event, case)
                return case, "new"
            case.opened_by, case.state, case.resolved_at, case.asked_at = event.id, "new", None, at
            case.reopened += 1
            case.history.append((who, "reopened"))
            ask = True
            self._score(event, case)
        else:
            flapping = self._score(event, case).flapping
            ask = case.state == "new" and at - case.asked_at >= ASK_AGAIN_AFTER and not flapping
        case.raises += 1
        case.raised_at = at
        case.asked_at = at if ask else case.asked_at
        return case, "new" if ask else case.told()

    def _score(self, event, case):
        fault = case.fingerprint if case else event.fingerprint
        before = next((self.flaps[n] for n in (fault, event.fingerprint, *event.aliases) if n in self.flaps), None)
        after = flap.score(before, event.phase, event.received_at, POLICY)
        if after is not before:
            self.flaps[fault] = after
        return after


@st.composite
def observations(draw):
    """An event of few faults, so that they meet; named by less than is known, at times, with what else it may be."""
    made = event(phase=draw(st.sampled_from(["raise", "raise", "clear", "info"])), host=draw(st.sampled_from(HOSTS)))
    if made.phase == "info":
        # A restart would explain what its links do: test_consequences.py.
        made = replace(made, kind="authentication_failure", problem="authentication_failure")
    aliases = draw(st.lists(st.sampled_from(HOSTS), max_size=2))
    return replace(
        made,
        id=f"{draw(st.integers(0, 40)):026}",
        received_at=NOW + timedelta(seconds=draw(st.sampled_from([0, 1, 59, 60, 61, 120, 200]))),
        subject=replace(made.subject, name=draw(st.sampled_from(PORTS))),
        aliases=tuple(f"{host}/interface_down/ifindex-3" for host in aliases),
    )


STEPS = st.one_of(
    st.lists(observations(), max_size=12),
    st.tuples(st.sampled_from(["answer", "acknowledge", "resolve", "close"]), st.integers(0, 5)),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request):
    # SQLite in memory: what is here empties it hundreds of times.
    opened = Store.open(
        "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgresql"), REOPEN, POLICY
    )
    yield opened
    opened.close()


def rows(store, *columns, order):
    with store._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sqlalchemy.select(*columns).order_by(order))]


def empty(store):
    with store._engine.begin() as connection:  # the PostgreSQL is the session's: others have left theirs in it
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def plain(text):
    return text.replace("\ud800", "?")


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=8))
def test_a_batch_is_recorded_as_its_events_one_by_one(store, steps):
    empty(store)
    model = OneByOne()
    for number, step in enumerate(steps):
        if isinstance(step, list):
            recorded = store.record([(one, b"raw") for one in step])
            decided = [model.record(one) for one in step]
            names = dict(rows(store, incidents.c.id, incidents.c.opened_by, order=incidents.c.id))
            got = [one.incident and (names[one.incident["id"]], one.incident["state"]) for one in recorded]
            assert got == [one and (one[0].opened_by, one[1]) for one in decided]
            assert [replace(one, incident=None, flap=None) for one in recorded] == step
            continue
        (what, place), now = step, NOW + timedelta(seconds=10 * number)
        if what == "close":
            before = now - timedelta(seconds=10 * place)
            store.close_resolved(before + REOPEN)
            for case in model.cases:
                if case.state == "resolved" and case.resolved_at <= before:
                    case.become("closed", "fannel")
        elif place < len(model.cases):
            change(store, model.cases[place], what, now)
    kept = incidents.c
    found = rows(
        store,
        *(kept.opened_by, kept.fingerprint, kept.state, kept.opened_at, kept.last_raise_at, kept.asked_at, kept.raises),
        *(kept.resolved_at, kept.reopened),
        order=kept.opened_by,
    )
    cases = sorted(model.cases, key=lambda case: case.opened_by)
    assert found == [
        (
            *(c.opened_by, plain(c.fingerprint), c.state, c.opened_at, c.raised_at, c.asked_at, c.raises),
            *(c.resolved_at, c.reopened),
        )
        for c in cases
    ]
    ids = [incident_id for (incident_id,) in rows(store, incidents.c.id, order=incidents.c.opened_by)]
    assert [[(one.who, one.what) for one in store.history(found)] for found in ids] == [c.history for c in cases]
    assert {one for (one,) in rows(store, events.c.id, order=events.c.id)} == model.log.keys()


def change(store, case, what, now):
    """What people and checks do between two batches, to the store and to the model."""
    ((incident_id,),) = [
        row[1:]
        for row in rows(store, incidents.c.opened_by, incidents.c.id, order=incidents.c.id)
        if row[0] == case.opened_by
    ]
    if what == "answer":
        store.answer(incident_id, who="me", now=now)
        if case.state == "new":
            case.become("open")
    elif what == "acknowledge":
        store.acknowledge(incident_id, who="me", now=now)
        if case.state in ("new", "open"):
            case.become("acknowledged")
    else:
        assert store.resolve(incident_id, as_of=case.raised_at, who="me", now=now)
        if not case.resolved_at:
            case.become("resolved")
            case.resolved_at = now


def statements(store, observed):
    seen = []
    sqlalchemy.event.listen(store._engine, "before_cursor_execute", lambda *args: seen.append(args[2].split()[0]))
    recorded = store.record(observed)
    return seen, recorded


@pytest.mark.parametrize("size", [1, 30])
def test_a_batch_costs_the_same_few_statements_whatever_its_size(tmp_path, size):
    store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    store.record([(event(host="rt0.example.net"), b"raw")])
    batch = [(event(host=f"rt{n % 20}.example.net"), b"raw") for n in range(size)] + [(event(), b"raw")]
    seen, _ = statements(store, batch)
    assert seen == ["BEGIN", *["SELECT"] * 3, *["INSERT"] * 4, "UPDATE"]
    store.close()


@pytest.mark.parametrize("size", [1, 30])
def test_postgresql_is_asked_four_things_and_told_all_at_once(postgresql, size):
    store = Store.open(postgresql)
    seen, _ = statements(store, [(event(host=f"told{size}-{n}.example.net"), b"raw") for n in range(size)])
    assert seen == [*["SELECT"] * 4, "WITH"]
    store.close()


def test_events_that_come_again_are_noticed_when_they_are_written(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    batch = [(event(host=f"rt{n}.example.net"), b"raw") for n in range(3)]
    first = store.record(batch[:2])
    seen, second = statements(store, batch)
    assert seen.count("BEGIN") == 2
    assert second[:2] == first
    assert len(rows(store, events.c.id, order=events.c.id)) == 3
    store.close()


def test_more_faults_than_one_statement_can_ask_for_are_all_found(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    first = store.record([(event(host=f"rt{n}.example.net"), b"raw") for n in range(2500)])
    again = store.record([(event(host=f"rt{n}.example.net"), b"raw") for n in range(2500)])
    assert [one.incident["id"] for one in again] == [one.incident["id"] for one in first]
    assert {one.incident["state"] for one in again} == {"open"}
    store.close()


@pytest.mark.parametrize("size", [1, 200])
def test_what_is_asked_for_every_batch_is_found_by_index(tmp_path, size):
    store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
    asked = []
    sqlalchemy.event.listen(
        store._engine, "before_cursor_execute", lambda _c, _cu, statement, given, *_: asked.append((statement, given))
    )
    store.record([(event(host=f"rt{n}.example.net"), b"raw") for n in range(size)])
    with store._engine.connect() as connection:
        plans = [
            row.detail
            for statement, given in asked.copy()
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
    listed = ("LIST SUBQUERY", "SCAN json_each")  # the parameter, read once
    assert [plan for plan in plans if not plan.startswith(("USE TEMP B-TREE", *listed))] == [  # which sorts the found
        *("MULTI-INDEX OR", "INDEX 1"),
        "SEARCH incidents USING INDEX ix_incidents_fingerprint (fingerprint=? AND resolved_at=?)",
        "INDEX 2",
        "SEARCH incidents USING INDEX ix_incidents_fingerprint (fingerprint=? AND resolved_at>?)",
        "SEARCH flaps USING INDEX sqlite_autoindex_flaps_1 (fingerprint=?)",
        *("COMPOUND QUERY", "LEFT-MOST SUBQUERY"),
        "SEARCH incidents USING INDEX ix_incidents_around (host_name=? AND problem=?)",
        "UNION ALL",
        "SEARCH incidents USING INDEX ix_incidents_around (host_name=? AND problem=?)",
        "UNION ALL",
        "SEARCH incidents USING INDEX ix_incidents_far (far_host=?)",
        "UNION ALL",
        "SEARCH incidents USING INDEX ix_incidents_held (host_name=?)",
        "UNION ALL",
        "SEARCH incidents USING INDEX ix_incidents_far (far_host=?)",
    ]
    store.close()
