"""Opening the database: SQLite in WAL mode or PostgreSQL, at the schema this code was written for."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, SQLAlchemyError

from fannel.incidents.store.tables import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_S = 10

# Made once: json.dumps makes an encoder for every call that does not want spaces.
_COMPACT_JSON = json.JSONEncoder(separators=(",", ":")).encode


class StoreError(RuntimeError):
    """The database cannot be used now. The text names the database (never its password) and the remedy."""


class StoreOutOfDateError(StoreError):
    """The database has another schema than this code."""


def open_engine(url: str) -> Engine:
    """An engine on a database whose schema is current. A SQLite database is created or upgraded on the way.

    Raises:
        StoreError: the URL is wrong, or the database is not reachable or not writable.
        StoreOutOfDateError: a PostgreSQL database needs `fannel db upgrade`.
    """
    engine = _engine(_parse(url))
    try:
        found = revision(engine)
        if found != REVISION:
            if engine.dialect.name != "sqlite":
                msg = (
                    f"{_shown(engine)}: schema {found or 'none'}, this FANNEL needs {REVISION}: run `fannel db upgrade`"
                )
                raise StoreOutOfDateError(msg)
            _upgrade(engine)
    except SQLAlchemyError as error:
        raise unusable(engine, error) from error
    return engine


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring a database to this code's schema; returns the revisions before and after.

    Raises:
        StoreError: the URL is wrong, or the database is not reachable or not writable.
    """
    engine = _engine(_parse(url))
    try:
        before = revision(engine)
        _upgrade(engine)
    except SQLAlchemyError as error:
        raise unusable(engine, error) from error
    finally:
        engine.dispose()
    return before, REVISION


def revision(engine: Engine) -> str | None:
    """The schema revision a database is at, None for an empty one."""
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
        return found


def unusable(engine: Engine, error: SQLAlchemyError) -> StoreError:
    """What a database error means to a person, with neither statement nor parameters nor password in it."""
    reason = str(error.orig).strip().splitlines()[0] if isinstance(error, DatabaseError) and error.orig else str(error)
    return StoreError(f"database {_shown(engine)}: {reason}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction takes no write lock; database errors come out as StoreError."""
    try:
        with engine.connect().execution_options(fannel_read_only=True) as connection:
            yield connection
    except SQLAlchemyError as error:
        raise unusable(engine, error) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction, committed on the way out. Errors come out as StoreError, but for a broken constraint:

    that one means another process was first, and the caller knows what that means.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise unusable(engine, error) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        msg = "database.url: not a database URL; meant is sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
        raise StoreError(msg) from None
    if backend not in {"sqlite", "postgresql"}:
        msg = f"database.url: {backend} is not supported; meant is sqlite:///PATH or postgresql://…"
        raise StoreError(msg)
    return parsed.set(drivername="postgresql+psycopg") if backend == "postgresql" else parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return sqlalchemy.create_engine(url, pool_pre_ping=True, json_serializer=_COMPACT_JSON)
    if url.database and url.database != ":memory:":
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"database.url: cannot create the folder {folder}: {error.strerror}"
            raise StoreError(msg) from None
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, json_serializer=_COMPACT_JSON)
    sqlalchemy.event.listen(engine, "connect", _prepare_sqlite)
    sqlalchemy.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401  (the driver's own object)
    # sqlite3 would open transactions lazily, after the first read; two writers then fail instead of waiting.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: an inform is acknowledged after its commit, so the commit must survive a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("fannel_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _upgrade(engine: Engine) -> None:
    # Alembic costs 0.15 s to import: only when there is something to do.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "fannel.incidents.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _shown(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
