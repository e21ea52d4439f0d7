"""The event source's end of a SQLite spool. It never writes the batches: it acknowledges, and the writer deletes.

How it learns of news: it looks, 1 ms after there was something and less and less often down to every 20 ms. A look is
one indexed query in shared memory, some microseconds; a descriptor to wait on would be one more thing to lose when
either process is killed.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from fannel.intake.spool import batches, salvage
from fannel.intake.spool.acknowledgements import Acknowledgements, bits_of
from fannel.intake.spool.database import SPOOL, Replaceable, open_spool_to_read
from fannel.intake.spool.errors import Damage, SpoolDamagedError, SpoolUnreachableError, explain, is_damage
from fannel.intake.spool.protocol import Spooled, SpoolId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from fannel.intake.datagram import Datagram

LOOK_FIRST_S, LOOK_LAST_S = 0.001, 0.02

_Done = TypeVar("_Done")


class SqliteSpoolReader:
    """A `SpoolReader`. The writer need not be there, nor the file: a spool that has not begun is an empty one."""

    def __init__(self, directory: Path, *, wall: Callable[[], float] = time.time) -> None:
        self._directory, self._path = directory, directory / SPOOL
        self._wall = wall
        self._mutex = threading.RLock()
        self._closed = threading.Event()
        self._file = Replaceable(self._path, open_spool_to_read)
        self._acknowledgements = Acknowledgements(directory, timeout_s=2.0)
        # The batch read last: a reader asks for less than a batch at a time.
        self._unpacked: tuple[batches.Facts, list[Datagram]] | None = None

    def read(self, after: SpoolId | None, most: int) -> Sequence[Spooled]:
        """As `SpoolReader.read`."""
        return self._guarded(lambda connection: self._read(connection, after, most), [])

    def acknowledge(self, ids: Iterable[SpoolId]) -> None:
        """As `SpoolReader.acknowledge`."""
        with self._mutex:
            self._refuse_closed()
            try:
                self._acknowledgements.add(ids)
            except (sqlite3.Error, OSError) as error:
                self._acknowledgements.close()
                raise explain(error, self._acknowledgements.path) from error

    def wait(self, after: SpoolId | None, timeout_s: float) -> bool:
        """As `SpoolReader.wait`; returns early when another thread closes the spool."""
        until = time.monotonic() + timeout_s
        pause_s = LOOK_FIRST_S
        while not self._closed.is_set():
            if self._guarded(lambda connection: self._any(connection, after), default=False):
                return True
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            self._closed.wait(min(pause_s, left_s))
            pause_s = min(2 * pause_s, LOOK_LAST_S)
        return False

    def depth(self) -> int:
        """As `Gauges.depth`. Counts the table: for a look now and then."""
        return self._guarded(self._depth, 0)

    def octets(self) -> int:
        """As `Gauges.octets`."""
        return self._guarded(lambda connection: batches.held(connection).octets, 0)

    def oldest_s(self) -> float:
        """As `Gauges.oldest_s`, by this machine's wall clock: after it jumped, the writer knows better."""
        at = self._guarded(self._oldest, None)
        return max(0.0, self._wall() - at) if at is not None else 0.0

    def close(self) -> None:
        """As `Gauges.close`."""
        self._closed.set()
        with self._mutex:
            self._drop()
            self._acknowledgements.close()

    def _guarded(self, work: Callable[[sqlite3.Connection], _Done], default: _Done) -> _Done:
        """Do it in one read transaction; `default` while there is no file. Once more if the file was replaced."""
        with self._mutex:
            self._refuse_closed()
            try:
                try:
                    return self._transact(work, default)
                except (sqlite3.Error, Damage):
                    # A file that is just being set aside may look like anything.
                    if self._file.unmoved():
                        raise
                    self._drop()
                    return self._transact(work, default)
            except Damage as error:
                raise self._damaged(error) from error
            except (sqlite3.Error, OSError) as error:
                if isinstance(error, sqlite3.Error) and is_damage(error):
                    raise self._damaged(error) from error
                self._drop()
                raise explain(error, self._path) from error

    def _transact(self, work: Callable[[sqlite3.Connection], _Done], default: _Done) -> _Done:
        connection = self._file.connection()
        if connection is None:
            return default
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _damaged(self, error: Exception) -> SpoolDamagedError:
        try:
            salvage.leave_note(self._directory, str(error))
        except OSError:
            # The writer will find out by itself, and this reader tries again anyway.
            told = "the writer could not be told"
        else:
            told = "the writer sets it aside within a second; if none runs, start `fannel receive`"
        self._drop()
        return SpoolDamagedError(self._path, f"damaged ({error})", told)

    def _refuse_closed(self) -> None:
        if self._closed.is_set():
            raise SpoolUnreachableError(self._path, "closed", "open the spool anew")

    def _drop(self) -> None:
        self._file.close()
        self._unpacked = None

    # --- the work, within a read transaction ---------------------------------------------------------------------

    def _read(self, connection: sqlite3.Connection, after: SpoolId | None, most: int) -> list[Spooled]:
        # Before the rows: the writer deletes a batch first and forgets its acknowledgements then.
        acknowledged = self._acknowledgements.all()
        found: list[Spooled] = []
        for row in batches.facts_from(connection, after.batch if after else 0):
            wanted = _wanted(row, after, acknowledged)
            if not wanted:
                continue
            for position, datagram in zip(row.positions, self._datagrams(connection, row), strict=True):
                if wanted >> position & 1:
                    found.append(Spooled(SpoolId(row.id, position), datagram))
                    if len(found) >= most:
                        return found
        return found

    def _datagrams(self, connection: sqlite3.Connection, row: batches.Facts) -> list[Datagram]:
        if self._unpacked is None or self._unpacked[0] != row:
            self._unpacked = row, batches.datagrams(connection, row)
        return self._unpacked[1]

    def _any(self, connection: sqlite3.Connection, after: SpoolId | None) -> bool:
        acknowledged = self._acknowledgements.all() if after is None else {}
        return any(
            _wanted(row, after, acknowledged) for row in batches.facts_from(connection, after.batch if after else 0)
        )

    def _depth(self, connection: sqlite3.Connection) -> int:
        handled = 0
        for batch, bits in self._acknowledgements.all().items():
            if (row := batches.facts(connection, batch)) is not None:
                handled += row.count - row.unhandled(bits).bit_count()
        return batches.held(connection).datagrams - handled

    def _oldest(self, connection: sqlite3.Connection) -> float | None:
        acknowledged = self._acknowledgements.all()
        rows = batches.facts_from(connection, 0)
        return next((row.at for row in rows if _wanted(row, None, acknowledged)), None)


def _wanted(row: batches.Facts, after: SpoolId | None, acknowledged: Mapping[int, int]) -> int:
    """The set of positions of a row that come after `after` and are not handled; raises Damage."""
    wanted = row.unhandled(acknowledged.get(row.id, 0))
    if after is not None and row.id == after.batch:
        wanted &= ~bits_of(range(after.position + 1))
    return wanted
