"""Opening the database: SQLite in WAL mode or PostgreSQL, at the schema this code was written for."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, IntegrityError, OperationalError, SQLAlchemyError

from fannel.incidents.store.tables import REVISION
from fannel.incidents.store.turn import turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import URL, ExceptionContext
    from sqlalchemy.pool import ConnectionPoolEntry

# How long a connection waits for SQLite's one writer. Then it is said, and whoever records tries again.
BUSY_TIMEOUT_S = 5
# How long a playbook waits for a database that is away: a failover takes less.
PATIENCE_S = 60.0
_FIRST_RETRY_S, _LAST_RETRY_S = 0.2, 3.0
# A server that vanished without a word is noticed in half a minute; and after a failover, that it may not be written.
_POSTGRESQL = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "target_session_attrs": "read-write",
}
_READ_ONLY = "25006"  # SQLSTATE read_only_sql_transaction: this server is a standby by now

# What PostgreSQL says when it is there and does not want us, where it speaks English: else it is as good as away.
_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry")

# Made once: json.dumps makes an encoder for every call that does not want spaces.
_ANY_JSON = json.JSONEncoder(separators=(",", ":")).encode


class StoreError(RuntimeError):
    """The database cannot be used now. The text names the database (never its password) and the remedy."""


class StoreOutOfDateError(StoreError):
    """The database has another schema than this code."""


def open_engine(url: str, patience_s: float = 0.0, *, may_be_away: bool = False) -> Engine:
    """An engine on a database whose schema is current. A SQLite database is created or upgraded on the way.

    A database that is away is waited for, so long at most, now and before every transaction: nothing is done by then,
    so it is always safe. What is lost within a transaction is the caller's to do again. A PostgreSQL that
    `may_be_away` is looked at when it is there: until then, and where its schema is another, every use is an error.

    Raises:
        StoreError: the URL is wrong, or the database is not reachable or not writable.
        StoreOutOfDateError: a PostgreSQL database needs `fannel db upgrade`.
    """
    engine = _engine(_parse(url))
    engine.update_execution_options(fannel_patience_s=patience_s)
    try:
        found = revision(engine)
        if found != REVISION and engine.dialect.name == "sqlite":
            _upgrade(engine)
            found = REVISION
    except SQLAlchemyError as error:
        if not (may_be_away and _is_away(engine, error)):
            raise unusable(engine, error) from error
        sqlalchemy.event.listen(engine, "connect", partial(_look_at, engine))
        return engine
    _require(engine, found)
    return engine


def _require(engine: Engine, found: str | None) -> None:
    if found != REVISION:
        msg = f"{_shown(engine)}: schema {found or 'none'}, this FANNEL needs {REVISION}: run `fannel db upgrade`"
        raise StoreOutOfDateError(msg)


def _look_at(engine: Engine, connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401  (the driver's own)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('alembic_version')")
        found = None
        if cursor.fetchone()[0] is not None:
            cursor.execute("SELECT version_num FROM alembic_version")
            found = next(iter(cursor.fetchone() or ()), None)
    connection.rollback()
    try:
        _require(engine, found)
    except StoreOutOfDateError:
        connection.close()
        raise


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
    with ExitStack() as stack:
        connection = _entered(engine, stack, engine.connect)
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
        return found


def _is_away(engine: Engine, error: SQLAlchemyError) -> bool:
    """Whether it may be there later; a server that is there and refuses us is a mistake in the settings."""
    return (
        engine.dialect.name == "postgresql"
        and isinstance(error, OperationalError)
        and not any(words in str(error.orig) for words in _REFUSALS)
    )


def unusable(engine: Engine, error: SQLAlchemyError) -> StoreError:
    """What a database error means to a person, with neither statement nor parameters nor password in it."""
    reason = str(error.orig).strip().splitlines()[0] if isinstance(error, DatabaseError) and error.orig else str(error)
    return StoreError(f"database {_shown(engine)}: {reason}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction takes no write lock; database errors come out as StoreError."""
    try:
        with ExitStack() as stack:
            yield _entered(engine, stack, lambda: engine.connect().execution_options(fannel_read_only=True))
    except SQLAlchemyError as error:
        raise unusable(engine, error) from error


@contextmanager
def writing(engine: Engine, *, patient: bool = True) -> Iterator[Connection]:
    """A transaction, committed on the way out. Errors come out as StoreError, but for two that waiting does not mend.

    A broken constraint means another process was first, and the caller knows what that means; a value that no column
    takes is a defect of ours. What is about this very moment is not `patient`: a minute later it would be wrong.
    """
    try:
        with ExitStack() as stack:
            if (folder := _folder(engine.url)) is not None:
                stack.enter_context(turn(folder, BUSY_TIMEOUT_S))
            yield _entered(engine, stack, engine.begin, patient=patient)
    except (IntegrityError, DataError):
        raise
    except SQLAlchemyError as error:
        raise unusable(engine, error) from error


def _entered(
    engine: Engine, stack: ExitStack, connect: Callable[[], AbstractContextManager[Connection]], *, patient: bool = True
) -> Connection:
    """A connection, entered; while there is none to be had, after some more tries."""
    patience_s = engine.get_execution_options().get("fannel_patience_s", 0.0) if patient else 0.0
    until, delay_s = time.monotonic() + patience_s, _FIRST_RETRY_S
    while True:
        try:
            return stack.enter_context(connect())
        except OperationalError:
            if time.monotonic() + delay_s > until:
                raise
            time.sleep(delay_s)
            delay_s = min(2 * delay_s, _LAST_RETRY_S)


def compact_json(value: object) -> str:
    """JSON as the store keeps it."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits: it is kept as it came
        return _ANY_JSON(value)


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
        options = {name: value for name, value in _POSTGRESQL.items() if name not in url.query}
        engine = sqlalchemy.create_engine(url, pool_pre_ping=True, connect_args=options, json_serializer=compact_json)
        sqlalchemy.event.listen(engine, "handle_error", _leave_standby)
        return engine
    if (folder := _folder(url)) is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"database.url: cannot create the folder {folder}: {error.strerror}"
            raise StoreError(msg) from None
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, json_serializer=compact_json)
    sqlalchemy.event.listen(engine, "connect", _prepare_sqlite)
    sqlalchemy.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _folder(url: URL) -> Path | None:
    """Where an SQLite database's file is."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).parent


def _leave_standby(context: ExceptionContext) -> None:
    """A connection to what is a standby by now answers for ever, and never takes anything: end them all."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


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
