"""The tests of the store run on both databases. The PostgreSQL is the session's: others leave theirs in it."""

from __future__ import annotations

import pytest
from databases import own_postgresql

from fannel.incidents.store import Store


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a real one at the current schema, started only when a test asks for it."""
    with own_postgresql() as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fannel.sqlite3"
    return request.getfixturevalue("postgresql")


@pytest.fixture
def store(url):
    opened = Store.open(url)
    yield opened
    opened.close()


@pytest.fixture
def stores(url):
    """Two replicas on one database."""
    opened = [Store.open(url) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()
