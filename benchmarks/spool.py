"""The spool: datagrams appended, made durable, read and acknowledged per second; a row per batch or per datagram.

    python benchmarks/spool.py [--seconds 2] [--directory DIR] [--json]

Datagrams have 200 octets. The two layouts are measured on bare tables with the spool's own pragmas, in one run, so
that nothing but the layout differs. The spool itself is measured through its protocol, each end in this process.
Wall time and this process's CPU time are both given: the disk is shared, the CPU time is what a core must do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fannel.intake.datagram import Datagram
from fannel.intake.spool import Bounds, open_reader, open_writer
from fannel.intake.spool.packing import checksum, pack

if TYPE_CHECKING:
    from collections.abc import Callable

OCTETS = 200
ROUND_BATCHES = 100


@dataclass(frozen=True)
class Figure:
    """One line of the table: datagrams a second of wall and of CPU time, and how long single calls took (ms)."""

    what: str
    batch: int
    per_second: int
    per_cpu_second: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


def datagrams(count: int) -> list[Datagram]:
    now = datetime.now(UTC)
    return [Datagram(os.urandom(OCTETS), f"192.0.2.{n % 250}", 40_000 + n % 1000, now) for n in range(count)]


def measure(what: str, batch: int, call: Callable[[], int], seconds: float) -> Figure:
    """Call it over and over; it returns how many datagrams it did, 0 when there are no more."""
    took: list[float] = []
    done = 0
    start, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        n = call()
        took.append(time.perf_counter() - before)
        done += n
        if not n:
            break
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    took.sort()
    milliseconds = [round(1000 * took[int(part * (len(took) - 1))], 2) for part in (0.5, 0.99, 1.0)]
    return Figure(what, batch, round(done / wall), round(done / cpu), *milliseconds)


def layouts(directory: Path, seconds: float) -> list[Figure]:
    batch = datagrams(1000)

    def per_batch(connection: sqlite3.Connection) -> None:
        body = pack(batch)
        connection.execute("INSERT INTO t (n, crc, body) VALUES (?, ?, ?)", (len(batch), checksum(body, None), body))

    def per_datagram(connection: sqlite3.Connection) -> None:
        rows = [(d.received_at.timestamp(), d.source, d.source_port, d.payload) for d in batch]
        connection.executemany("INSERT INTO t (at, source, port, payload) VALUES (?, ?, ?, ?)", rows)

    found = []
    for name, columns, insert in (
        ("layout: a row per batch", "n, crc, body", per_batch),
        ("layout: a row per datagram", "at, source, port, payload", per_datagram),
    ):
        path = directory / f"{insert.__name__}.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 2048")
            connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})")

            def call(connection: sqlite3.Connection = connection, insert: Callable[..., None] = insert) -> int:
                connection.execute("BEGIN IMMEDIATE")
                insert(connection)
                connection.execute("COMMIT")
                return len(batch)

            found.append(measure(name, len(batch), call, seconds))
        path.unlink()
    return found


def ends(directory: Path, seconds: float) -> list[Figure]:
    found = []
    room = Bounds(octets=4 * 2**30)
    for size in (500, 1000, 2000):
        with (
            closing(open_writer(directory / f"a{size}", is_info=lambda _: False, bounds=room)) as writer,
            closing(open_reader(directory / f"a{size}")) as reader,
        ):
            batch = datagrams(size)

            def append(writer=writer, batch=batch) -> int:
                writer.append(batch, durable=False)
                return len(batch)

            found.append(measure("append", size, append, seconds))
            if size == 1000:
                found += drained(writer, reader, seconds)
    for size in (1, 10, 50):
        with closing(open_writer(directory / f"d{size}", is_info=lambda _: False, bounds=room)) as writer:
            batch = datagrams(size)

            def append(writer=writer, batch=batch) -> int:
                writer.append(batch, durable=True)
                return len(batch)

            found.append(measure("append, durable", size, append, seconds))
    with closing(
        open_writer(directory / "full", is_info=lambda d: d.payload < b"\x80", bounds=Bounds(2**26))
    ) as writer:
        batch = datagrams(1000)
        while not writer.append(batch, durable=False).lost:
            pass

        def append(writer=writer, batch=batch) -> int:
            writer.append(batch, durable=False)
            return len(batch)

        found.append(measure("append to a full spool of 64 MiB", 1000, append, seconds))
    return found


def drained(writer, reader, seconds: float) -> list[Figure]:
    """Read what was appended, acknowledging as an event source does, 200 at a time; then wait with nothing to read."""
    after = None

    def read() -> int:
        nonlocal after
        spooled = reader.read(after, 200)
        if spooled:
            after = spooled[-1].id
        return len(spooled)

    figures = [measure("read", 200, read, seconds)]

    def handle() -> int:
        spooled = reader.read(None, 200)
        reader.acknowledge(found.id for found in spooled)
        writer.tidy()
        return len(spooled)

    figures.append(measure("read, acknowledge, delete", 200, handle, seconds))
    while spooled := reader.read(None, 100_000):
        reader.acknowledge(found.id for found in spooled)
        writer.tidy()
    last = writer.append(datagrams(1), durable=False)
    (newest,) = reader.read(None, 1)
    assert newest.id.batch == last.batch
    cpu = time.process_time()
    reader.wait(newest.id, seconds)
    share = 100 * (time.process_time() - cpu) / seconds
    print(f"waiting with nothing to read: {share:.2f} % of a core", file=sys.stderr)
    return figures


def table(figures: list[Figure]) -> str:
    head = f"{'what':<36}{'batch':>6}{'a second':>12}{'a CPU second':>14}{'p50 ms':>9}{'p99 ms':>9}{'worst ms':>10}"
    lines = [
        f"{f.what:<36}{f.batch:>6}{f.per_second:>12,}{f.per_cpu_second:>14,}"
        f"{f.p50_ms:>9.2f}{f.p99_ms:>9.2f}{f.worst_ms:>10.2f}"
        for f in figures
    ]
    return "\n".join([head, *lines])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each line is measured (default 2)")
    parser.add_argument("--directory", type=Path, help="where the files are (default: the temporary directory)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as made:
        figures = [*layouts(Path(made), options.seconds), *ends(Path(made), options.seconds)]
    machine = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cores": os.cpu_count()}
    if options.json:
        print(json.dumps({**machine, "octets": OCTETS, "results": [asdict(figure) for figure in figures]}))
    else:
        print(table(figures))
        print(f"datagrams of {OCTETS} octets, Python {machine['python']}, SQLite {machine['sqlite']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
