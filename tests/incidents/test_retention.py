"""What is old or too much goes, the oldest first; of what lasts, nothing. On SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from databases import empty
from events import NOW, event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store import Post, Store, upgrade
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.changes import By
from fannel.incidents.store.reading import Span
from fannel.incidents.store.retention import MOST_ROWS, PAGE, YOUNGEST, Policy
from fannel.incidents.store.tables import dead_letters, metadata

DAY = timedelta(days=1)
KEEP = Policy(90 * DAY, 10**12)
TOO_MUCH = Policy(90 * DAY, 1)
BULK = b"x" * 1000


@pytest.fixture(scope="module")
def server(postgresql):
    """A database of this module alone: pruning takes what others wrote."""
    name = f"retention_{uuid.uuid4().hex[:8]}"
    url = sa.engine.make_url(postgresql).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    made = url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    upgrade(made)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    sqlite = f"sqlite:///{tmp_path}/fannel.sqlite3"
    opened = Store.open(sqlite if request.param == "sqlite" else request.getfixturevalue("server"))
    empty(opened)
    yield opened
    opened.close()


def left(store):
    """Rows by table, of the tables that have any."""
    with store._engine.connect() as connection:
        counts = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count and name not in ("watermarks", "leases", "flaps")}


def incident(store, name, *, days, over_days=None, post="sent", events=1):
    """An incident opened so many days ago with all that may belong to one, and over for so many days, if at all."""
    at = NOW - days * DAY
    raised = store.record([(event(host=name, at=at + n * timedelta(seconds=1)), BULK) for n in range(events)])
    found = raised[0].incident["id"]
    store.activities.note([Activity(at, "output", "show", incident_id=found, body="x" * 100)])
    wanted = Post(f"{found}/parent", found, "parent", "C0", {"text": "down"}, at)
    store.posts.want(wanted)
    if post == "sent":
        store.posts.sent(wanted, "1.1", wanted.wanted_at)
    if over_days is not None:
        ended = NOW - over_days * DAY + timedelta(minutes=1)
        assert store.resolve(found, as_of=ended, who="check", now=ended)
    return found


def loose(store, *, days, count=1):
    """What belongs to no incident, so many days old: events, an activity, a note that was posted, a dead letter."""
    at = NOW - days * DAY
    store.record([(event(phase="info", at=at), BULK) for _ in range(count)])
    store.activities.note([Activity(at, "decision", "storm")])
    note = Post(f"event/{uuid.uuid4()}", None, "note", "C0", {"text": "restarted"}, at)
    store.posts.want(note)
    store.posts.sent(note, "1.1", note.wanted_at)
    with store._engine.begin() as connection:
        connection.execute(dead_letters.insert().values(at=at, reason="no event", raw=b"x"))


def test_what_is_old_goes_and_what_is_not_stays(store):
    loose(store, days=91)
    loose(store, days=89)
    pruned = store.retention.prune(KEEP, NOW)
    assert pruned.rows == {"events": 1, "activities": 2, "posts": 1, "dead_letters": 1}
    assert left(store) == pruned.rows
    assert not pruned.cut


def test_an_incident_goes_whole_by_its_end(store):
    incident(store, "gone", days=200, over_days=91, events=3)
    stays = incident(store, "stays", days=200, over_days=89)
    pruned = store.retention.prune(KEEP, NOW)
    assert pruned.rows == {"events": 3, "posts": 1, "activities": 2, "history": 2, "incidents": 1}
    assert left(store) == {"events": 1, "posts": 1, "activities": 2, "history": 2, "incidents": 1, "threads": 1}
    assert store.incident(stays) is not None


class TestSilences:
    def silence(self, store, *, days, lasts=timedelta(hours=1), changes=0):
        """One that began so many days ago, and was changed so often."""
        at = NOW - days * DAY
        one = store.silences.add(Silence(0, ((Matcher("host", "equal", "rt1"),),), at, at + lasts, "cli:me", "cli"), at)
        revisions = [one]
        for n in range(changes):
            revisions.append(revisions[-1].extended(one.ends_at + timedelta(seconds=n + 1), "cli:me", at))
        store.silences.change(revisions[1:])
        return one.id

    def ids(self, store):
        return sorted(one.id for one in store.silences.listed(1000))

    def test_what_ended_long_ago_goes_with_its_revisions(self, store):
        self.silence(store, days=100, changes=3)
        kept = [self.silence(store, days=80), self.silence(store, days=1)]
        store.endings.settle(NOW)
        pruned = store.retention.prune(KEEP, NOW)
        assert pruned.rows == {"silences": 1, "silence_revisions": 4}
        assert self.ids(store) == kept

    def test_what_lasts_or_was_not_settled_stays(self, store):
        self.silence(store, days=100, lasts=200 * DAY)
        store.endings.settle(NOW)
        self.silence(store, days=100)
        self.silence(store, days=1)
        assert store.retention.prune(KEEP, NOW).rows == {}

    def test_the_newest_stays_so_that_its_number_is_not_given_again(self, store):
        for _ in range(3):
            last = self.silence(store, days=100)
        store.endings.settle(NOW)
        store.retention.prune(KEEP, NOW)
        assert self.ids(store) == [last]
        assert self.silence(store, days=0) > last

    def test_more_than_a_page_of_revisions_goes_a_page_at_a_time(self, store):
        self.silence(store, days=100, changes=PAGE + 1)
        self.silence(store, days=0)
        store.endings.settle(NOW)
        pauses = []
        pruned = store.retention.prune(KEEP, NOW, pause=lambda: pauses.append(1))
        assert pruned.rows == {"silences": 1, "silence_revisions": PAGE + 2}
        assert len(pauses) == 3


@pytest.mark.parametrize("policy", [KEEP, TOO_MUCH], ids=["by age", "by size"])
def test_of_an_incident_that_lasts_nothing_goes(store, policy):
    incident(store, "lasts", days=500, events=3)
    before = left(store)
    pruned = store.retention.prune(policy, NOW)
    assert pruned.rows == {}
    assert left(store) == before


@pytest.mark.parametrize("policy", [KEEP, TOO_MUCH], ids=["by age", "by size"])
def test_what_waits_for_slack_is_not_lost(store, policy):
    incident(store, "over", days=500, over_days=400, post="wanted")
    store.posts.want(Post("event/x", None, "note", "C0", {"text": "restarted"}, NOW - 400 * DAY))
    before = left(store)
    assert store.retention.prune(policy, NOW).rows == {}
    assert left(store) == before


def test_the_cause_of_what_lasts_stays(store):
    cause = incident(store, "cause", days=200, over_days=100)
    effect = incident(store, "effect", days=200)
    store.attach(effect, cause, {"why": "same link"}, By("fannel", NOW))
    assert store.retention.prune(KEEP, NOW).rows == {}
    assert store.resolve(effect, as_of=NOW, who="check", now=NOW)
    assert store.retention.prune(KEEP, NOW).rows["incidents"] == 1


def test_what_came_late_of_an_incident_that_was_pruned_goes_too(store):
    store.activities.note([Activity(NOW - 91 * DAY, "output", "show", incident_id="A-GONE")])
    assert store.retention.prune(KEEP, NOW).rows == {"activities": 1}


def test_when_there_is_too_much_the_oldest_goes_until_it_is_not(store):
    for days in range(80, 0, -1):
        loose(store, days=days, count=100)
    measured(store)
    holds = store.retention.octets()
    pruned = store.retention.prune(Policy(90 * DAY, holds * 3 // 4), NOW)
    assert pruned.excess == 0
    assert 0.15 * 8000 < pruned.rows["events"] < 0.45 * 8000
    measured(store)
    assert store.retention.octets() < holds * 0.85
    survivors = store.log.events(Span(), limit=10_000)
    assert NOW - survivors[0].received_at < 70 * DAY
    assert NOW - survivors[-1].received_at == DAY


def measured(store):
    """PostgreSQL's own count of rows comes late; nobody waits for it here."""
    if store._engine.dialect.name == "postgresql":
        with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
            connection.execute(sa.text("ANALYZE"))


def test_what_may_be_on_its_way_to_the_rules_stays_and_the_excess_is_said(store):
    store.record([(event(phase="info", at=NOW - YOUNGEST / 2), BULK) for _ in range(10)])
    measured(store)
    pruned = store.retention.prune(TOO_MUCH, NOW)
    assert pruned.rows == {}
    assert pruned.excess > 1000


def test_a_round_has_an_end_and_the_next_goes_on(store):
    loose(store, days=100, count=3 * PAGE)
    pruned = store.retention.prune(KEEP, NOW, most=PAGE)
    assert pruned.cut
    assert PAGE <= pruned.rows["events"] < 3 * PAGE
    again = store.retention.prune(KEEP, NOW, most=MOST_ROWS)
    assert not again.cut
    assert left(store) == {}


def test_no_transaction_is_long(store):
    incident(store, "storm", days=200, over_days=100, events=3 * PAGE)
    loose(store, days=100, count=2 * PAGE)
    deleted = []

    @sa.event.listens_for(store._engine, "after_cursor_execute")
    def _(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("DELETE"):
            deleted.append(cursor.rowcount)

    pauses = []
    store.retention.prune(KEEP, NOW, pause=lambda: pauses.append(1))
    sa.event.remove(store._engine, "after_cursor_execute", _)
    assert max(deleted) <= PAGE
    assert len(pauses) >= sum(1 for rows in deleted if rows == PAGE)
    assert left(store) == {}


def test_one_that_is_being_pruned_is_closed_so_that_no_raise_reopens_it(store):
    """The process is killed between two transactions, and the fault comes back at once."""
    half = incident(store, "half", days=200, over_days=100, events=3 * PAGE)

    class KilledError(Exception):
        pass

    def kill():
        raise KilledError

    with pytest.raises(KilledError):
        store.retention.prune(KEEP, NOW, pause=kill)
    assert store.incident(half).state == "closed"
    (again,) = store.record([(event(host="half", at=NOW - 100 * DAY + timedelta(seconds=5)), b"")])
    assert again.incident["id"] != half
    store.retention.prune(KEEP, NOW)
    assert store.incident(half) is None
    assert store.incident(again.incident["id"]).state == "new"


def test_one_that_was_reopened_since_somebody_looked_stays(store):
    ended = incident(store, "rt1", days=100, over_days=100)
    before = left(store)
    again = event(host="rt1", at=NOW - 100 * DAY + timedelta(minutes=2))
    looked = []

    @sa.event.listens_for(store._engine, "after_cursor_execute")
    def _(connection, cursor, statement, parameters, context, executemany):
        if not looked and "resolved_at <" in statement:
            looked.append(statement)
            assert store.record([(again, b"")])[0].incident["id"] == ended

    pruned = store.retention.prune(KEEP, NOW)
    sa.event.remove(store._engine, "after_cursor_execute", _)
    assert looked
    assert pruned.rows == {}
    assert left(store) == before | {"events": 2, "history": before["history"] + 1}


WORLD = st.lists(
    st.tuples(
        st.sampled_from([300, 91, 89, 1]),  # opened so many days ago
        st.sampled_from([None, 92, 88, 0]),  # and over since, if at all
        st.sampled_from(["sent", "sent", "wanted"]),
        st.integers(1, 3),
        st.sampled_from([0, 0, 1, None]),  # follows from that one
    ),
    max_size=6,
)


def belongings(store, ids):
    """How much of each table belongs to these incidents."""
    found = Counter()
    with store._engine.connect() as connection:
        for name in ("events", "posts", "activities", "history", "threads"):
            table = metadata.tables[name]
            for (of,) in connection.execute(sa.select(table.c.incident_id)):
                found[of, name] += of in ids
    return +found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    world=WORLD, most=st.sampled_from([1, 5, MOST_ROWS]), octets=st.sampled_from([1, 10**12]), rounds=st.integers(1, 3)
)
def test_whatever_there_is_what_is_open_is_never_lost(store, world, most, octets, rounds):
    empty(store)
    lasting, ids = set(), []
    for n, (days, over, post, events, cause) in enumerate(world):
        over_days = None if over is None else min(over, days)
        ids.append(incident(store, f"rt{n}", days=days, over_days=over_days, post=post, events=events))
        if over is None or post == "wanted":
            lasting.add(ids[-1])
        if over is None and cause is not None and cause < n:
            store.attach(ids[-1], ids[cause], {"why": "same link"}, By("fannel", NOW))
            lasting.add(ids[cause])
        loose(store, days=days)
    before = belongings(store, lasting)
    for _ in range(rounds):
        store.retention.prune(Policy(90 * DAY, octets), NOW, most=most)
    assert {found for found in ids if store.incident(found)} >= lasting
    assert belongings(store, lasting) == before
