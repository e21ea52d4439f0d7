"""A damaged spool: what can still be read is carried over into a fresh one, the damaged one set aside.

Nothing is deleted, and `kill -9` at any moment loses nothing that could be read::

    spool-new.sqlite built from what is readable → spool-ready.sqlite → spool.sqlite set aside → ready → spool.sqlite

Whoever finds spool-ready.sqlite goes on from there.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from fannel.intake.spool import batches
from fannel.intake.spool.database import (
    NEW,
    NOTE,
    READY,
    SIDE_FILES,
    SPOOL,
    begin_spool,
    identity,
    open_spool_to_read,
    sync_directory,
)
from fannel.intake.spool.errors import Damage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from fannel.intake.spool.batches import Facts

# How many numbers in a row may lead nowhere before what lies beyond them is given up.
MISSES_MOST = 10_000


def begin(directory: Path, highest: int, now: datetime) -> None:
    """A first, empty spool. Raises sqlite3.Error, OSError."""
    begin_spool(directory / NEW, highest).close()
    # Somebody may have removed the database and left its WAL, which SQLite would take for the new one's.
    _set_aside(directory, now)
    (directory / NEW).rename(directory / SPOOL)
    sync_directory(directory)


def carry_over(directory: Path, acknowledged: Mapping[int, int], highest: int) -> None:
    """Make spool-ready.sqlite of what is readable and not acknowledged. Raises sqlite3.Error, OSError."""
    with closing(begin_spool(directory / NEW, highest)) as fresh:
        fresh.execute("BEGIN IMMEDIATE")
        for row, body in readable(directory / SPOOL):
            if row.unhandled(acknowledged.get(row.id, 0)):
                batches.insert(fresh, row.id, row.at, row.count, body, row.packed_positions)
        fresh.execute("COMMIT")
    (directory / NEW).rename(directory / READY)
    sync_directory(directory)


def is_ready(directory: Path) -> bool:
    """Whether `carry_over` was done and `finish` not."""
    return (directory / READY).exists()


def finish(directory: Path, now: datetime) -> Path | None:
    """Set spool.sqlite aside and put the ready one in its place; where the old one is now. Raises OSError."""
    aside = _set_aside(directory, now)
    (directory / READY).rename(directory / SPOOL)
    sync_directory(directory)
    return aside


def _set_aside(directory: Path, now: datetime) -> Path | None:
    path, stamp = directory / SPOOL, f"{now:%Y%m%dT%H%M%S.%fZ}"
    aside = _begun(directory) or directory / f"spool-damaged-{stamp}.sqlite"
    moved = False
    # The side files first: a WAL must not be there when the ready one takes the name.
    for suffix in (*SIDE_FILES, ""):
        side, target = path.with_name(path.name + suffix), aside.with_name(aside.name + suffix)
        if side.exists():
            side.rename(target if not target.exists() else target.with_name(f"{target.name}.{stamp}"))
            moved = True
    return aside if moved else None


def _begun(directory: Path) -> Path | None:
    """The name the file was being set aside under when the process was killed: its side files have it already."""
    for side in sorted(directory.glob("spool-damaged-*.sqlite-wal")):
        aside = side.with_name(side.name.removesuffix("-wal"))
        if not aside.exists():
            return aside
    return None


def readable(path: Path) -> Iterator[tuple[Facts, bytes]]:
    """Every row of a damaged file that passes its checksum, with its body, in no particular order.

    A scan ends at the first broken page, so it is made from both ends; in between rows are looked up one by one,
    which finds what hangs below the parts of the tree that are whole. Raises nothing for what is broken.
    """
    try:
        connection = open_spool_to_read(path, salvage=True)
    except sqlite3.Error:
        return
    with closing(connection):
        found: dict[int, Facts] = {}
        for scan in (batches.facts_from(connection, 0), batches.facts_back(connection)):
            try:
                for row in scan:
                    if row.id in found:
                        break
                    found[row.id] = row
            except (sqlite3.Error, TypeError):
                continue
        _probe(connection, found)
        for row in found.values():
            try:
                yield row, batches.body(connection, row)
            except (sqlite3.Error, Damage, TypeError, ValueError):
                continue


def _probe(connection: sqlite3.Connection, found: dict[int, Facts]) -> None:
    """Look rows up by number beyond and between those found, until too many in a row are not there."""
    starts = [(number, step) for number in sorted(found) for step in (1, -1) if number + step not in found]
    for start, step in starts:
        number, misses = start + step, 0
        while misses < MISSES_MOST and number not in found:
            try:
                row = batches.facts(connection, number)
            except (sqlite3.Error, TypeError):
                row = None
            if row is None:
                misses += 1
            else:
                found[number] = row
                misses = 0
            number += step


def leave_note(directory: Path, reason: str) -> None:
    """Tell the writer that this very file is damaged (a reader may not set it aside). Raises OSError."""
    (directory / NOTE).write_text(f"{identity(directory / SPOOL)}\n{reason}\n", encoding="utf-8")


def take_note(directory: Path) -> str | None:
    """What a reader said about the file that is there now, once. Raises OSError."""
    note = directory / NOTE
    if not note.exists():
        return None
    about, _, reason = note.read_text(encoding="utf-8", errors="replace").partition("\n")
    note.unlink()
    return reason.strip() if about == str(identity(directory / SPOOL)) else None
