"""Many rows at once are the rows that one statement for each would have written, on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fannel.incidents.store.database import open_engine
from fannel.incidents.store.rows import Rows, insert_rows
from fannel.incidents.store.tables import activities, history, incidents

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTED = sa.insert(activities)
WRITTEN = sa.select(*(one for one in activities.c if one is not activities.c.seq)).order_by(activities.c.seq)

# What a text column takes in both databases; a document and octets may hold anything.
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8) | st.sampled_from(["\ud800", "\\u"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
times = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])).filter(
    lambda at: 1 < at.year < 9999
)
noted = st.fixed_dictionaries(
    {
        "at": times,
        "kind": st.sampled_from(["decision", "run"]),
        "incident_id": st.none() | st.just("A-7F3K2Q"),
        "event_id": st.none(),
        "summary": plain,
        "detail": documents,
        "body": st.none() | st.binary(max_size=300),
    }
)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/fannel.sqlite3" if sqlite else request.getfixturevalue("postgresql")
    engine = open_engine(url)
    yield engine
    engine.dispose()


def written(connection, write, *args):
    """What `write` leaves; it is rolled back."""
    with connection.begin_nested() as point:
        connection.execute(sa.delete(activities))
        write(*args)
        rows = [tuple(row) for row in connection.execute(WRITTEN)]
        point.rollback()
    return rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(noted, min_size=1, max_size=6))
def test_rows_written_together_are_those_written_one_by_one_in_their_order(engine, rows):
    with engine.connect() as connection:
        together = written(connection, insert_rows, connection, Rows(NOTED, rows))
        one_by_one = written(connection, connection.execute, NOTED, rows)
    assert together == one_by_one


def test_no_rows_are_no_statement(engine):
    with engine.connect() as connection:
        assert written(connection, insert_rows, connection, Rows(NOTED, [])) == []


@pytest.mark.parametrize("column", ["at", "summary"])
def test_what_a_column_cannot_hold_is_refused(engine, column):
    row = {"at": NOW, "kind": "run", "summary": "", "detail": None, "body": None}
    wrong = {"at": row["at"].replace(tzinfo=None), "summary": object()}
    with engine.connect() as connection, pytest.raises((ValueError, TypeError, sa.exc.StatementError)):
        insert_rows(connection, Rows(NOTED, [row | {column: wrong[column]}]))


def test_several_tables_are_written_with_what_they_refer_to_first(engine):
    """Their lines of history name incidents that come with them."""
    opened = {
        "id": "A-TOGETHER",
        "fingerprint": "together",
        "problem": "interface_down",
        "severity": "critical",
        "state": "new",
        "host": {},
        "subject": {},
        "opened_by": "0",
        "opened_at": NOW,
        "last_raise_at": NOW,
        "raises": 1,
        "asked_at": NOW,
    }
    changed = {"incident_id": "A-TOGETHER", "at": NOW, "who": "me", "what": "opened"}
    with engine.connect() as connection:
        insert_rows(
            connection, Rows(sa.insert(incidents), [opened]), Rows(NOTED, []), Rows(sa.insert(history), [changed] * 2)
        )
        lines = connection.scalars(sa.select(history.c.what).where(history.c.incident_id == opened["id"])).all()
    assert lines == ["opened", "opened"]
