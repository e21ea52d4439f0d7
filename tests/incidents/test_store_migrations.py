"""Every migration goes up and down again with data in the tables, on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from events import NOW, event

from fannel.incidents.store import Store
from fannel.incidents.store.database import open_engine
from fannel.incidents.store.tables import REVISION

FIRST = "0001"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/fannel.sqlite3"
        return
    server = sa.engine.make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
    name = f"migrations_{uuid.uuid4().hex[:8]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    yield server.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def migrate(url, revision, *, down=False):
    made = sa.engine.make_url(url)
    engine = sa.create_engine(made.set(drivername="postgresql+psycopg") if "postgres" in made.drivername else made)
    config = Config()
    config.set_main_option("script_location", "fannel.incidents.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
    engine.dispose()


def test_what_an_older_release_recorded_is_there_after_the_upgrade_and_after_the_way_back(url):
    migrate(url, REVISION)
    store = Store.open(url)
    (recorded,) = store.record([(event(), b"raw")])
    incident_id = recorded.incident["id"]
    assert store.answer(incident_id, who="event 1", now=NOW).state == "open"
    store.close()

    migrate(url, FIRST, down=True)
    migrate(url, REVISION)

    store = Store.open(url)
    assert store.incident(incident_id).state == "open"
    assert store.raw(recorded.id) == b"raw"
    (repeated,) = store.record([(event(), b"raw")])
    assert repeated.incident == {"id": incident_id, "state": "open"}
    store.close()


def test_the_way_back_to_nothing_leaves_nothing(url):
    migrate(url, REVISION)
    migrate(url, "base", down=True)
    made = sa.engine.make_url(url)
    engine = sa.create_engine(made.set(drivername="postgresql+psycopg") if "postgres" in made.drivername else made)
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_an_sqlite_database_of_an_older_release_upgrades_itself(tmp_path):
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    migrate(url, FIRST)
    open_engine(url).dispose()
    store = Store.open(url)
    assert store.unfinished() == []
    store.close()
