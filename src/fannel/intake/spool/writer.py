"""The receiver's end of a SQLite spool.

Time: rows carry *spool time*, which starts at the later of the wall clock and the newest row and then runs with the
monotonic clock. So it never goes back, and a clock that jumps makes nothing older; `received_at` is kept as given.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from fannel.intake.spool import batches, salvage
from fannel.intake.spool.acknowledgements import Acknowledgements
from fannel.intake.spool.checkpoint import Checkpoints
from fannel.intake.spool.database import LOCK, SPOOL, identity, open_spool_to_write
from fannel.intake.spool.errors import (
    Damage,
    SpoolFullError,
    SpoolIOError,
    SpoolUnreachableError,
    code_of,
    explain,
    is_damage,
)
from fannel.intake.spool.eviction import Leaving
from fannel.intake.spool.ownership import Ownership
from fannel.intake.spool.packing import pack
from fannel.intake.spool.protocol import MAX_BATCH, Bounds, Receipt, SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fannel.intake.datagram import Datagram
    from fannel.intake.spool.batches import Held

# How often at most an append looks at acknowledgements and ages; below it, `tidy()` may.
TIDY_EVERY_S = 0.05

_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Clock:
    """The two clocks, in seconds: since 1970, and one that only runs forward."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


class SqliteSpoolWriter:
    """A `SpoolWriter`. Creating one opens the spool, and repairs or begins it.

    Args:
        directory: where the files are (database.py); created with its parents, for this user alone.
        is_info: whether a datagram merely informs. Pure; asked only when the spool is full.

    Raises:
        SpoolOwnedError: there is a writer already.
        SpoolError: the files cannot be had.
    """

    def __init__(
        self,
        directory: Path,
        *,
        is_info: Callable[[Datagram], bool],
        bounds: Bounds | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._directory, self._path = directory, directory / SPOOL
        self._bounds, self._clock = bounds or Bounds(), clock or Clock()
        self._mutex = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._is_info = is_info
        self._held: Held | None = None
        self._started: tuple[float, float] | None = None
        self._synchronous = ""
        self._sifted = 0
        self._partly: dict[int, int] = {}
        self._recollect = True
        self._trouble: sqlite3.Error | None = None
        self._tidied = float("-inf")
        self._news: list[SetAside] = []
        self._checkpoints = Checkpoints()
        try:
            directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise explain(error, directory) from error
        self._ownership: Ownership | None = Ownership(directory / LOCK)
        self._acknowledgements = Acknowledgements(directory, timeout_s=0.0)
        try:
            with self._mutex:
                self._guarded(lambda: None)
        except BaseException:
            self.close()
            raise

    def append(self, batch: Sequence[Datagram], *, durable: bool) -> Receipt:
        """As `SpoolWriter.append`."""
        if len(batch) > MAX_BATCH:
            raise ValueError(f"a batch has at most {MAX_BATCH} datagrams, this one {len(batch)}")
        if not batch:
            return self.tidy()
        body = pack(batch)
        if batches.octets_of(body) > self._bounds.octets:
            what = f"a batch of {len(body)} octets is more than the spool may hold ({self._bounds.octets})"
            raise SpoolFullError(self._path, what, "raise spool.octets")
        with self._mutex:
            return self._guarded(lambda: self._append(body, len(batch), durable=durable))

    def tidy(self) -> Receipt:
        """As `SpoolWriter.tidy`."""
        with self._mutex:
            return self._guarded(self._tidy)

    def depth(self) -> int:
        """As `Gauges.depth`; as of the last append or tidying."""
        with self._mutex:
            handled = sum(bits.bit_count() for bits in self._partly.values())
            return self._held.datagrams - handled if self._held else 0

    def octets(self) -> int:
        """As `Gauges.octets`."""
        with self._mutex:
            return self._held.octets if self._held else 0

    def oldest_s(self) -> float:
        """As `Gauges.oldest_s`, by spool time."""
        with self._mutex:
            if self._connection is None or self.depth() == 0:
                return 0.0
            try:
                row = batches.oldest(self._connection)
            except sqlite3.Error as error:
                raise explain(error, self._path) from error
            return max(0.0, self._now() - row.at) if row else 0.0

    def close(self) -> None:
        """As `Gauges.close`. What was appended stays for the next writer."""
        with self._mutex:
            self._drop()
            self._acknowledgements.close()
            if self._ownership is not None:
                self._ownership.release()
                self._ownership = None

    # --- one call, whatever state the file is in -----------------------------------------------------------------

    def _guarded(self, work: Callable[[], _Done]) -> _Done:
        """Do it on the open file: opened if need be, replaced if damaged; other errors leave as SpoolError."""
        try:
            try:
                self._check()
                return work()
            except (sqlite3.Error, Damage) as error:
                self._roll_back()
                if not is_damage(error):
                    raise
                self._replace(str(error))
                return work()
        except (sqlite3.Error, OSError) as error:
            self._roll_back()
            # Room and locks come back by themselves; after anything else only a new connection can be trusted.
            if not (isinstance(error, sqlite3.Error) and code_of(error) in _PASSING):
                self._drop()
            raise explain(error, self._path) from error
        except Damage as error:
            self._drop()
            what = f"damaged again right after it was replaced ({error})"
            raise SpoolIOError(self._path, what, "look at the disk and at the memory of this machine") from error

    def _check(self) -> None:
        """See that the file of that name is open and in order; raises Damage, sqlite3.Error, OSError."""
        if self._ownership is None:
            raise SpoolUnreachableError(self._path, "closed", "open the spool anew")
        if self._connection is not None and identity(self._path) != self._identity:
            self._drop()
        if (note := salvage.take_note(self._directory)) is not None:
            raise Damage(note)
        if self._connection is None:
            self._open()

    def _open(self) -> Held:
        if salvage.is_ready(self._directory):
            raise Damage("this process was ended while it replaced a damaged spool")
        if identity(self._path) is None:
            if self._held is not None:
                self._news.append(SetAside(None, "the file had vanished", 0, self._held.datagrams))
            salvage.begin(self._directory, self._floor(), self._date())
        self._connection = connection = open_spool_to_write(self._path)
        self._identity = identity(self._path)
        self._synchronous = ""
        self._held = found = batches.held(connection)
        if self._started is None:
            self._started = (max(self._clock.wall(), found.newest), self._clock.monotonic())
        self._recollect = True
        return found

    def _floor(self) -> int:
        """Above any number ever given: by what is known, and by the clock for what is not."""
        known = self._held.highest if self._held else 0
        return max(int(self._clock.wall() * 1_000_000), known, *self._acknowledgements.all(), 0)

    def _date(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)

    def _replace(self, reason: str) -> None:
        before = self._held
        self._drop()
        if not salvage.is_ready(self._directory):
            salvage.carry_over(self._directory, self._acknowledgements.all(), self._floor())
        aside = salvage.finish(self._directory, self._date())
        salvaged = self._open().datagrams
        lost = max(0, before.datagrams - salvaged) if before else None
        self._news.append(SetAside(str(aside) if aside else None, reason, salvaged, lost))

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # The connection is beyond use; a new one finds the transaction undone.
                self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._identity = None

    # --- the work, within the guard ------------------------------------------------------------------------------

    def _append(self, body: bytes, count: int, *, durable: bool) -> Receipt:
        connection, held = self._ready()
        self._checkpoints.refuse_overgrown(connection, self._path)
        self._synchronise("FULL" if durable else "NORMAL")
        leaving = Leaving(connection, held.highest, self._sifted)
        connection.execute("BEGIN IMMEDIATE")
        new = batches.insert(connection, held.highest + 1, self._now(), count, body)
        excess = held.octets + new.octets - self._bounds.octets
        if excess > 0 or self._clock.monotonic() - self._tidied >= TIDY_EVERY_S:
            gone = self._clear(leaving)
        else:
            gone, leaving.acknowledged = [], dict(self._partly)
        if excess > leaving.octets:
            leaving.for_room(excess - leaving.octets, self._is_info, self._bounds, before=new.id)
        connection.execute("COMMIT")
        grown = replace(
            held, datagrams=held.datagrams + count, octets=held.octets + new.octets, highest=new.id, newest=new.at
        )
        self._believe(grown, leaving, gone)
        self._checkpoints.wrote(connection, new.octets)
        return Receipt(new.id, leaving.lost, self._take_news())

    def _tidy(self) -> Receipt:
        connection, held = self._ready()
        self._synchronise("NORMAL")
        leaving = Leaving(connection, held.highest, self._sifted)
        connection.execute("BEGIN IMMEDIATE")
        gone = self._clear(leaving)
        connection.execute("COMMIT")
        self._believe(held, leaving, gone)
        self._checkpoints.wrote(connection, 0)
        if self._held is not None and self._held.octets == 0:
            self._checkpoints.shrink(connection)
        receipt = Receipt(None, leaving.lost, self._take_news())
        if self._trouble is not None and receipt == Receipt(None):
            trouble, self._trouble = self._trouble, None
            raise explain(trouble, self._acknowledgements.path) from trouble
        return receipt

    def _ready(self) -> tuple[sqlite3.Connection, Held]:
        assert self._connection is not None  # noqa: S101  (_check() opened it)
        assert self._held is not None  # noqa: S101
        return self._connection, self._held

    def _synchronise(self, mode: str) -> None:
        """FULL waits for the disk at every commit, NORMAL only at checkpoints."""
        if mode != self._synchronous:
            self._ready()[0].execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode

    def _now(self) -> float:
        """Spool time."""
        assert self._started is not None  # noqa: S101  (_open() set it)
        start, monotonic = self._started
        return start + max(0.0, self._clock.monotonic() - monotonic)

    def _clear(self, leaving: Leaving) -> list[int]:
        """Take out what is handled or too old; the batches whose acknowledgements can be forgotten after the commit."""
        connection, _ = self._ready()
        self._tidied = self._clock.monotonic()
        gone: list[int] = []
        try:
            acknowledged = self._acknowledgements.all() if self._recollect or self._acknowledgements.changed() else None
        except sqlite3.Error as error:
            # A reader is adding just now, or will be told the same; an append must not fail for it.
            self._worry(error)
            acknowledged = None
        leaving.acknowledged = dict(self._partly) if acknowledged is None else {}
        for batch, bits in (acknowledged or {}).items():
            row = batches.facts(connection, batch)
            if row is None:
                gone.append(batch)
                continue
            unhandled = row.unhandled(bits)
            if not unhandled:
                leaving.handled(row)
                gone.append(batch)
            elif partly := row.unhandled(0) & bits:
                leaving.acknowledged[batch] = partly
        # Only once it is looked through: it may raise before.
        self._recollect = self._recollect and acknowledged is None
        leaving.by_age(self._now() - self._bounds.age_s)
        return gone

    def _believe(self, held: Held, leaving: Leaving, gone: list[int]) -> None:
        """What was committed is so."""
        self._held = replace(held, datagrams=held.datagrams - leaving.datagrams, octets=held.octets - leaving.octets)
        self._sifted = leaving.sifted
        self._partly = leaving.acknowledged
        if gone:
            try:
                self._acknowledgements.forget(gone)
            except sqlite3.Error as error:
                self._worry(error)

    def _worry(self, error: sqlite3.Error) -> None:
        self._recollect = True
        if code_of(error) not in _PASSING:
            self._trouble = error

    def _take_news(self) -> tuple[SetAside, ...]:
        news, self._news = tuple(self._news), []
        return news
