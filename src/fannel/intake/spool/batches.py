"""The rows of spool.sqlite: what is in one, and the few statements that touch them.

A row is read in two steps, its facts first: SQLite leaves a large body's pages alone until the column is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.intake.spool.acknowledgements import bits_of
from fannel.intake.spool.errors import Damage
from fannel.intake.spool.packing import checksum, unpack, unpack_positions

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from fannel.intake.datagram import Datagram

# What a row costs beside its body, so that many small ones do not make a bounded spool unbounded.
ROW_OCTETS = 64


@dataclass(frozen=True, slots=True)
class Facts:
    """A row without its body. `at` is spool time (writer.py); `octets` is what it counts against the bound."""

    id: int
    at: float
    count: int
    octets: int
    crc: int
    packed_positions: bytes | None

    @property
    def positions(self) -> Sequence[int]:
        """Positions of the datagrams that are left; raises Damage."""
        return unpack_positions(self.packed_positions, self.count)

    def unhandled(self, acknowledged: int) -> int:
        """The set of positions that are not in `acknowledged`; raises Damage."""
        return bits_of(self.positions) & ~acknowledged


@dataclass(frozen=True, slots=True)
class Held:
    """What the table holds as a whole: datagrams, octets, the highest number ever given, the newest time."""

    datagrams: int
    octets: int
    highest: int
    newest: float


_FACTS = "SELECT id, at, count, octets, crc, positions FROM batch"


def held(connection: sqlite3.Connection) -> Held:
    """Count it all: reads the table's leaves, not the bodies."""
    datagrams, octets, highest, newest = connection.execute(
        "SELECT total(count), total(octets), max(id), max(at) FROM batch"
    ).fetchone()
    (remembered,) = connection.execute("SELECT max(batch) FROM highest").fetchone()
    return Held(int(datagrams), int(octets), max(highest or 0, remembered or 0), newest or 0.0)


def facts(connection: sqlite3.Connection, batch: int) -> Facts | None:
    """The row of this number."""
    row = connection.execute(f"{_FACTS} WHERE id = ?", (batch,)).fetchone()
    return Facts(*row) if row else None


def facts_from(connection: sqlite3.Connection, first: int) -> Iterator[Facts]:
    """The rows from this number on, in order. Close the generator before the transaction ends."""
    cursor = connection.execute(f"{_FACTS} WHERE id >= ? ORDER BY id", (first,))
    try:
        for row in cursor:
            yield Facts(*row)
    finally:
        cursor.close()


def facts_back(connection: sqlite3.Connection) -> Iterator[Facts]:
    """The rows from the newest to the oldest."""
    for row in connection.execute(f"{_FACTS} ORDER BY id DESC"):
        yield Facts(*row)


def next_after(connection: sqlite3.Connection, batch: int) -> Facts | None:
    """The row of the lowest number above this one."""
    row = connection.execute(f"{_FACTS} WHERE id > ? ORDER BY id LIMIT 1", (batch,)).fetchone()
    return Facts(*row) if row else None


def oldest(connection: sqlite3.Connection) -> Facts | None:
    """The row of the lowest number."""
    return next_after(connection, -1)


def body(connection: sqlite3.Connection, row: Facts) -> bytes:
    """The datagrams of that row, packed; raises Damage when they are not what was written."""
    found = connection.execute("SELECT body FROM batch WHERE id = ?", (row.id,)).fetchone()
    if found is None or not isinstance(found[0], bytes) or checksum(found[0], row.packed_positions) != row.crc:
        raise Damage(f"batch {row.id} fails its checksum")
    packed: bytes = found[0]
    return packed


def datagrams(connection: sqlite3.Connection, row: Facts) -> list[Datagram]:
    """The datagrams of that row, in the order of its positions; raises Damage."""
    return unpack(body(connection, row), row.count)


def insert(
    connection: sqlite3.Connection, batch: int, at: float, count: int, body: bytes, positions: bytes | None = None
) -> Facts:
    """Write a row, or what is left of it, under this number."""
    row = Facts(batch, at, count, octets_of(body, positions), checksum(body, positions), positions)
    connection.execute(
        "INSERT OR REPLACE INTO batch (id, at, count, octets, crc, positions, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.id, row.at, row.count, row.octets, row.crc, positions, body),
    )
    return row


def octets_of(body: bytes, positions: bytes | None = None) -> int:
    """What a row counts against the bound."""
    return ROW_OCTETS + len(body) + len(positions or b"")


def delete(connection: sqlite3.Connection, batch: int, highest: int) -> None:
    """Remove a row; `highest` is remembered in case it is the row of that number."""
    connection.execute("DELETE FROM batch WHERE id = ?", (batch,))
    connection.execute("UPDATE highest SET batch = ?", (highest,))
