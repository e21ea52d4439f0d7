"""The files of a SQLite spool, and how they are opened.

::

    spool.sqlite          the batches, one row each (WAL). The writer's one connection alone writes and checkpoints it.
    acknowledged.sqlite   which positions of which batches are handled. Readers add, the writer forgets.
    writer.lock           held by the writer for as long as it lives
    damaged               a reader's note to the writer that spool.sqlite is damaged
    spool-new.sqlite      being built;  spool-ready.sqlite  complete, about to become spool.sqlite
    spool-damaged-<time>.sqlite   set aside; nothing here deletes it

Why two databases: acknowledging in the first one would make reader and writer wait for each other's transactions (an
inform waits then), and SQLite before 3.51.3 can corrupt a WAL database that two connections write and checkpoint at
the same instant (https://www.sqlite.org/wal.html#walresetbug).

Why stdlib sqlite3 and not SQLAlchemy as in the incident store: this runs for every batch at 80,000 datagrams a second,
the statements are few and known, and what matters is in pragmas and transactions that SQLAlchemy would only hide.

Why a row per batch: appending is about twice as fast as with a row per datagram (benchmarks/spool.py measures both).
The price is that a batch leaves the file as a whole.

The file's size: space of deleted rows is reused, so the file stays near what `Bounds.octets` allows (a row that fills
a little over half a page wastes the rest, so at the very worst twice), plus the WAL; it is given back when the spool
runs empty.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

from fannel.intake.spool.errors import Damage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPOOL, ACKNOWLEDGED, LOCK, NOTE = "spool.sqlite", "acknowledged.sqlite", "writer.lock", "damaged"
NEW, READY = "spool-new.sqlite", "spool-ready.sqlite"
SIDE_FILES = ("-wal", "-shm", "-journal")

PAGE_OCTETS = 4096

# `highest` remembers the last batch number when its row is gone: no number is given twice.
_SPOOL_SCHEMA = """
CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    count INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    positions BLOB,
    body BLOB NOT NULL
);
CREATE TABLE highest (batch INTEGER NOT NULL);
"""
_ACKNOWLEDGED_SCHEMA = """
CREATE TABLE IF NOT EXISTS acknowledged (batch INTEGER PRIMARY KEY, bits BLOB NOT NULL);
"""


def begin_spool(path: Path, highest: int) -> sqlite3.Connection:
    """A new database of this name with nothing in it; numbers go on above `highest`. Raises sqlite3.Error.

    For a name nobody else knows: what is there already is taken for a leftover of an earlier try. Everything in it is
    on disk once the connection is closed.
    """
    for suffix in ("", *SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    connection = _connect(path, mode="rwc", timeout_s=1.0)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_OCTETS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SPOOL_SCHEMA)
        connection.execute("INSERT INTO highest VALUES (?)", (highest,))
    except BaseException:
        connection.close()
        raise
    return connection


def open_spool_to_write(path: Path) -> sqlite3.Connection:
    """The writer's connection to a file that exists. Raises sqlite3.Error, Damage, OSError."""
    if path.stat().st_size == 0:
        # SQLite would take it for a new database and delete the WAL beside it.
        raise Damage("truncated to nothing")
    _require_writable(path)
    connection = _connect(path, mode="rw", timeout_s=1.0)
    try:
        # Checkpoints are made where the writer decides (checkpoint.py).
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("SELECT count(*) FROM highest")
    except BaseException:
        connection.close()
        raise
    return connection


def open_spool_to_read(path: Path, *, salvage: bool = False) -> sqlite3.Connection:
    """A reader's connection to a file that exists; with `salvage` one that changes nothing.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """
    # Otherwise opened for writing: after a writer was killed, whoever comes next must rebuild the WAL's index.
    if not salvage:
        _require_writable(path)
    connection = _connect(path, mode="ro" if salvage else "rw", timeout_s=1.0)
    try:
        connection.execute("PRAGMA query_only = ON")
        if salvage:
            # Without it SQLite reads nothing at all of a file that is shorter than its header says.
            connection.execute("PRAGMA writable_schema = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("SELECT 1 FROM batch LIMIT 1")
    except BaseException:
        connection.close()
        raise
    return connection


def open_acknowledged(path: Path, *, create: bool, timeout_s: float) -> sqlite3.Connection:
    """A connection to the acknowledgements. Raises sqlite3.Error."""
    connection = _connect(path, mode="rwc" if create else "rw", timeout_s=timeout_s)
    try:
        # A rollback journal, because here several connections write. Nothing is synced: what a power cut takes away
        # is read, and recorded to no effect, again.
        connection.execute("PRAGMA journal_mode = PERSIST")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_ACKNOWLEDGED_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, *, mode: str, timeout_s: float) -> sqlite3.Connection:
    # Threads take turns by the lock of whoever owns the connection.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )


def _require_writable(path: Path) -> None:
    """SQLite would open it all the same, and leave a WAL behind that is not writable either when it is mended."""
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def sync_directory(directory: Path) -> None:
    """Make the names in it durable, which syncing a file does not. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file has that name now (device and inode); None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class Replaceable:
    """A connection to a file that somebody else may set aside and begin afresh. The owner serialises its use.

    Only `stat` looks at the file: opening and closing it here would drop SQLite's POSIX locks on it
    (https://www.sqlite.org/howtocorrupt.html §2.2).
    """

    def __init__(self, path: Path, opener: Callable[[Path], sqlite3.Connection]) -> None:
        self.path = path
        self._opener = opener
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def connection(self, *, create: bool = False) -> sqlite3.Connection | None:
        """The connection to the file of this name; None when there is none and none is to be created.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        if self._connection is not None and self.unmoved():
            return self._connection
        self.close()
        if not create and identity(self.path) is None:
            return None
        connection = self._opener(self.path)
        self._connection, self._identity = connection, identity(self.path)
        return connection

    def unmoved(self) -> bool:
        """Whether the open file is still the one of this name."""
        return self._identity is not None and identity(self.path) == self._identity

    def close(self) -> None:
        """Close; the next use opens again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._identity = None
