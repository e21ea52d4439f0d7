"""What one notification costs after it was received, stage by stage: spool → event → record → storm → rule queue.

    python benchmarks/observe.py [--events 20000] [--batch 200] [--fingerprints 1000] [--profile] [--json]

The stages are those of the observer, on a new SQLite database (or on the one named), one after the other in this
process. CPU time is what a core must do; wall time has the disk in it, and whatever else the machine does meanwhile.
A batch of one is what an event costs that comes by itself.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from figures import add_json_option, show

from fannel import config
from fannel.directory.directory import Device, Directory, Interface
from fannel.incidents.store import Store
from fannel.intake.datagram import Datagram
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.intake.spool.packing import pack, unpack
from fannel.intake.storm import Storm, StormPolicy
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.pipeline import Pipeline
from fannel.wire.snmp import ValueType, WireVarBind, encode_trap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_ENTRY = "1.3.6.1.2.1.2.2.1"
ADDRESS = "127.0.1.1"
ALONE = 200


@dataclass(frozen=True)
class Figure:
    """One line of the table, in microseconds an event."""

    stage: str
    batch: int
    cpu_us: float
    wall_us: float


class Pagoda:
    """A directory of one device that is never stale."""

    def __init__(self, interfaces: int) -> None:
        device = Device("rt01.example.net", 1, (ADDRESS,), os="ios", site="tyo1", role="core")
        ports = [Interface(f"GigabitEthernet0/{n}", n, f"10G to rt{n}") for n in range(1, interfaces + 1)]
        self.directory = Directory([device], {1: ports}, loaded_at=0)

    def find(self, candidates):
        """Who has the address."""
        return self.directory.find(candidates, 0)

    known = find

    def interface(self, device, **what):
        """The device's interface."""
        return self.directory.interface(device, **what)


def link_down(number: int) -> Datagram:
    varbinds = [
        WireVarBind(f"{IF_ENTRY}.1.{number}", ValueType.INTEGER, number),
        WireVarBind(f"{IF_ENTRY}.2.{number}", ValueType.OCTET_STRING, f"GigabitEthernet0/{number}".encode()),
    ]
    return Datagram(encode_trap(LINK_DOWN, varbinds, community=b"public"), ADDRESS, 4000, datetime.now(UTC))


def measure(stage: str, work: Sequence[Sequence], call: Callable) -> tuple[Figure, list]:
    """`call` on every batch of `work`: what one event costs, and what came out, in the same batches."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = [call(batch) for batch in work]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    events = sum(map(len, work))
    return Figure(stage, len(work[0]), round(1e6 * cpu / events, 1), round(1e6 * wall / events, 1)), done


def batches(some: Sequence, size: int) -> list[Sequence]:
    return [some[at : at + size] for at in range(0, len(some), size)]


def spooled(batch: Sequence[Datagram], number: int) -> list[Spooled]:
    return [Spooled(SpoolId(number, place), datagram) for place, datagram in enumerate(batch)]


def pipeline(store: Store, interfaces: int) -> Pipeline:
    directory = Pagoda(interfaces)
    return Pipeline(config.Trap(), Catalogue.load(), Kinds.load(), directory, store, Refusals())


def stages(store: Store, options: argparse.Namespace) -> list[Figure]:
    road = pipeline(store, options.interfaces)
    storm = Storm(StormPolicy())
    received = [link_down(n % options.fingerprints + 1) for n in range(options.events)]
    packed = [(pack(batch), len(batch)) for batch in batches(received, options.batch)]

    def through_storm(batch):
        for event in batch:
            storm.offer(event, event.received_at)
        return storm.take(len(batch), batch[-1].received_at)

    figures = []

    def stage(name: str, work: Sequence[Sequence], call: Callable) -> list:
        figure, done = measure(name, work, call)
        figures.append(figure)
        return done

    counts = iter(packed)
    read = stage("unpack", batches(received, options.batch), lambda _: unpack(*next(counts)))
    seen = stage("observe", [spooled(batch, n) for n, batch in enumerate(read)], road.observe)
    recorded = stage("commit", seen, road.commit)
    events = [[one.event for one in batch] for batch in recorded]
    stage("storm", events, through_storm)
    stage("to_queue", events, lambda batch: [event.to_queue() for event in batch])
    alone = [spooled([datagram], len(read) + n) for n, datagram in enumerate(received[:ALONE])]
    seen = stage("observe", alone, road.observe)
    stage("commit", seen, road.commit)
    return figures


def median(rounds: list[list[Figure]]) -> list[Figure]:
    return [
        Figure(
            same[0].stage,
            same[0].batch,
            statistics.median(figure.cpu_us for figure in same),
            statistics.median(figure.wall_us for figure in same),
        )
        for same in zip(*rounds, strict=True)
    ]


HEADINGS = {"stage": "stage", "batch": "batch", "cpu_us": "CPU µs/event", "wall_us": "wall µs/event"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=20_000, help="events in a round (default 20000)")
    parser.add_argument("--batch", type=int, default=200, help="events in a batch (default 200)")
    parser.add_argument("--fingerprints", type=int, default=1000, help="faults they speak of (default 1000)")
    parser.add_argument("--interfaces", type=int, default=0, help="interfaces pagoda has of the device (default 0)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median is shown (default 3)")
    parser.add_argument("--database", help="database URL (default: a new SQLite file; its events stay for all rounds)")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    add_json_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fannel-bench-") as folder:
        store = Store.open(options.database or f"sqlite:///{Path(folder)}/observe.sqlite3")
        if options.profile:
            profiler = cProfile.Profile()
            profiler.runcall(stages, store, options)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
            return 0
        figures = median([stages(store, options) for _ in range(options.rounds)])
        store.close()
    note = "Python {python}, median of {rounds} rounds, {fingerprints:,} fingerprints"
    rows = [asdict(figure) for figure in figures]
    show(rows, HEADINGS, as_json=options.json, note=note, rounds=options.rounds, fingerprints=options.fingerprints)
    return 0


if __name__ == "__main__":
    sys.exit(main())
