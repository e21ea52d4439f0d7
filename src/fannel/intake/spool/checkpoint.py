"""When the WAL is copied into the database: often enough that it stays small, seldom enough that appends go on.

A checkpoint costs two fsyncs and the writing of what it copies, within the append that makes it due. Afterwards SQLite
begins the WAL anew, unless a reader is in the middle of it; a reader of ours is for milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.intake.spool.database import PAGE_OCTETS
from fannel.intake.spool.errors import SpoolLockedError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

EVERY_OCTETS = 8 * 2**20
# From here on the WAL is too large: readers are waited for, this long, and then further appends are refused.
INSIST_FROM_OCTETS = 8 * EVERY_OCTETS
INSIST_FOR_MS = 200
REFUSE_FROM_OCTETS = 4 * INSIST_FROM_OCTETS
# An empty spool whose file is at least this large gives the space back.
SHRINK_FROM_OCTETS = 16 * 2**20


class Checkpoints:
    """Counts what was written and checkpoints when due. Raises sqlite3.Error."""

    def __init__(self) -> None:
        self._written = 0
        self.wal_octets = 0

    def wrote(self, connection: sqlite3.Connection, octets: int) -> None:
        """Say how much a committed transaction wrote, about."""
        self._written += octets + 2 * PAGE_OCTETS
        if self._written >= EVERY_OCTETS:
            self.make(connection)

    def make(self, connection: sqlite3.Connection) -> None:
        """Checkpoint now."""
        self._written = 0
        _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self.wal_octets = frames * PAGE_OCTETS
        if self.wal_octets >= INSIST_FROM_OCTETS:
            self._insist(connection)

    def refuse_overgrown(self, connection: sqlite3.Connection, path: Path) -> None:
        """Raise SpoolLockedError when a reader that stopped in the middle of reading lets the WAL grow for ever."""
        if self.wal_octets >= REFUSE_FROM_OCTETS:
            self.make(connection)
        if self.wal_octets >= REFUSE_FROM_OCTETS:
            what = f"a reader has stood still while {self.wal_octets} octets were written"
            raise SpoolLockedError(path, what, "find it with lsof or fuser and end it")

    def shrink(self, connection: sqlite3.Connection) -> None:
        """Give the space of an empty spool back, when it is worth the while."""
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        if pages * PAGE_OCTETS >= SHRINK_FROM_OCTETS:
            connection.execute("VACUUM")
            self._insist(connection)

    def _insist(self, connection: sqlite3.Connection) -> None:
        (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {INSIST_FOR_MS}")
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                self.wal_octets = 0
        finally:
            connection.execute(f"PRAGMA busy_timeout = {patience}")
