"""The database: does it open, is its schema this FANNEL's, can it be written. Nothing in it is changed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from fannel.incidents.store.database import StoreError, StoreOutOfDateError, open_engine, reading
from fannel.incidents.store.tables import REVISION
from fannel.ops.doctor.finding import PATIENCE_S, ok, warning, wrong

if TYPE_CHECKING:
    from fannel.ops.doctor.finding import Finding

NAME = "database"
_SET_URL = "set database.url (FANNEL_DATABASE__URL) to sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"


def database(url: str, patience_s: float = PATIENCE_S) -> Finding:
    """Whether events and incidents can be put on record at `url`."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        return wrong(NAME, "database.url is no database URL", _SET_URL)
    if backend != "sqlite":
        return _server(url)
    if not parsed.database or parsed.database == ":memory:":
        return wrong(NAME, "an SQLite database in memory is not seen by playbooks and is gone at every stop", _SET_URL)
    return _file(Path(parsed.database), patience_s / 2)


def _file(path: Path, timeout_s: float) -> Finding:
    if not path.exists():
        return _not_there_yet(path)
    uri = f"file:{quote(str(path))}?mode=rw"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=timeout_s, isolation_level=None)
        try:
            found = _revision(connection)
            # Takes the write lock, which a database that cannot be written refuses, and gives it back.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        reason = str(error)
        if "locked" in reason:
            return warning(NAME, f"{path} is being written for longer than {timeout_s:g} s", "try again")
        return wrong(NAME, f"{path}: {reason}", "check its owner and mode, the disk, and database.url")
    return _judged(str(path), found)


def _revision(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return str(row[0]) if row else None


def _judged(where: str, found: str | None) -> Finding:
    if found is not None and found > REVISION:  # revisions are numbered, so they sort
        return wrong(NAME, f"{where} has schema {found}, newer than {REVISION}", "install the FANNEL that made it")
    if found != REVISION:
        return ok(NAME, f"{where} is writable; schema {found or 'none'} becomes {REVISION} at the next start")
    return ok(NAME, f"{where} is writable; schema {found}")


def _not_there_yet(path: Path) -> Finding:
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        return wrong(NAME, f"{path} cannot be made: {parent} is no folder that can be written", _SET_URL)
    return ok(NAME, f"{path} will be made at the first start")


def _server(url: str) -> Finding:
    """PostgreSQL: the store's own opening, then whether this user may insert here."""
    try:
        engine = open_engine(url)
    except StoreOutOfDateError as error:
        return wrong(NAME, str(error), "fannel db upgrade")
    except StoreError as error:
        return wrong(NAME, str(error), _SET_URL)
    except ImportError:
        return wrong(NAME, "the driver for PostgreSQL is not installed", "pip install 'psycopg[binary]'")
    shown = engine.url.render_as_string(hide_password=True)
    query = "SELECT has_table_privilege('events', 'INSERT') AND NOT pg_is_in_recovery()"
    try:
        with reading(engine) as connection:
            writable = connection.execute(text(query)).scalar()
    except StoreError as error:
        return wrong(NAME, str(error), "check the user's rights")
    finally:
        engine.dispose()
    if not writable:
        return wrong(NAME, f"{shown} cannot be written", "grant INSERT to this user, and name the primary server")
    return ok(NAME, f"{shown} is writable; schema {REVISION}")
