"""Which datagrams are handled: a set of positions per batch, in a small database of its own.

Readers add to it, in any order. The writer reads it to delete the batches that are handled to the last position, and
then forgets them here; so it holds no more rows than the spool has batches. A bit set is an int in memory and
little-endian octets in the file: bit `p` is position `p`.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from fannel.intake.spool.database import ACKNOWLEDGED, SIDE_FILES, Replaceable, open_acknowledged
from fannel.intake.spool.errors import is_damage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fannel.intake.spool.protocol import SpoolId


def bits_of(positions: Sequence[int]) -> int:
    """The set of these positions."""
    if isinstance(positions, range):
        return (1 << len(positions)) - 1
    return sum(1 << position for position in positions)


class Acknowledgements:
    """One end's view of them. Raises sqlite3.Error; not thread-safe by itself.

    A damaged file is put aside and begun afresh by whoever meets it: everything is read again then, which is allowed.
    """

    def __init__(self, directory: Path, *, timeout_s: float) -> None:
        self._file = Replaceable(directory / ACKNOWLEDGED, partial(open_acknowledged, create=True, timeout_s=timeout_s))
        self._seen: int | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def add(self, ids: Iterable[SpoolId]) -> None:
        """Acknowledge these, all or none."""
        added: defaultdict[int, int] = defaultdict(int)
        for found in ids:
            added[found.batch] |= 1 << found.position
        if not added:
            return
        try:
            self._add(added)
        except sqlite3.DatabaseError as error:
            if not self._put_aside(error):
                raise
            self._add(added)

    def all(self) -> dict[int, int]:
        """Every batch that has any, with its set."""
        try:
            connection = self._file.connection()
            if connection is None:
                return {}
            self._seen = _data_version(connection)
            rows = connection.execute("SELECT batch, bits FROM acknowledged").fetchall()
        except sqlite3.DatabaseError as error:
            self._seen = None
            if not self._put_aside(error):
                raise
            return {}
        return {batch: int.from_bytes(bits, "little") for batch, bits in rows}

    def changed(self) -> bool:
        """Whether another process added or replaced anything since `all()`."""
        if self._seen is None or not self._file.unmoved():
            return True
        connection = self._file.connection()
        return connection is None or _data_version(connection) != self._seen

    def forget(self, batches: Iterable[int]) -> None:
        """Drop what is said about these: they are gone from the spool."""
        connection = self._file.connection()
        if connection is not None:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                connection.executemany("DELETE FROM acknowledged WHERE batch = ?", ((batch,) for batch in batches))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()
        self._seen = None

    def _add(self, added: Mapping[int, int]) -> None:
        connection = self._file.connection(create=True)
        assert connection is not None  # noqa: S101  (create=True)
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            for batch, bits in added.items():
                row = connection.execute("SELECT bits FROM acknowledged WHERE batch = ?", (batch,)).fetchone()
                both = bits | int.from_bytes(row[0], "little") if row else bits
                octets = both.to_bytes((both.bit_length() + 7) // 8, "little")
                connection.execute("INSERT OR REPLACE INTO acknowledged VALUES (?, ?)", (batch, octets))

    def _put_aside(self, error: sqlite3.DatabaseError) -> bool:
        """Rename a damaged file; False when that is not what is wrong."""
        if not is_damage(error):
            return False
        self.close()
        aside = self.path.with_name(f"acknowledged-damaged-{time.time_ns()}.sqlite")
        for suffix in ("", *SIDE_FILES):
            side = self.path.with_name(self.path.name + suffix)
            if side.exists():
                side.rename(aside.with_name(aside.name + suffix))
        return True


def _data_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version
