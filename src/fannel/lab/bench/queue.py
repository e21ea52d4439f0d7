"""Row `queue`: how fast decoded events come to the rules, beside the same events from a bare generator.

The real ansible-rulebook with the shipped conditions, twice: fed by FANNEL from a spool that holds the traps already
(known devices, coalescing off), and by a source that only puts prebuilt events. In turn, several times; medians.
"""

from __future__ import annotations

import json
import shutil
import statistics
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fannel.intake.datagram import Datagram
from fannel.intake.spool import open_writer
from fannel.lab.bench import timed
from fannel.lab.bench.bench import GRACE_S
from fannel.lab.bench.datagrams import device_address, link_downs
from fannel.lab.bench.figure import Figure
from fannel.lab.bench.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.lab.bench.bench import Bench

ROUNDS = 3
# The JVM compiles until then, in threads that two cores have no room for beside the rest.
EVENTS, WARM_UP = 30_000, 15_000
WITHIN = 0.85
DEVICES, INTERFACES = 6, 50
# Slower than this, the row is given up: a round is bounded in time.
SLOWEST_PER_S = 100


def measure(bench: Bench) -> list[Figure]:
    """FANNEL's rate as a share of the generator's."""
    events = bench.folder / "events.json"
    rates: dict[str, list[float]] = {"fannel": [], "generator": []}
    for round_ in range(ROUNDS):
        for kind, found in rates.items():
            found.append(_round(bench, kind, events))
            bench.say(f"round {round_ + 1} of {ROUNDS}: {kind} {found[-1]:,.0f}/s")
    ours, bare = (statistics.median(rates[kind]) for kind in ("fannel", "generator"))
    return [
        Figure(
            *("queue", "decode → rules, of the rule engine's own limit", round(100 * ours / bare, 1), " %"),
            at_least=100 * WITHIN,
            beside=f"{ours:,.0f}/s; a bare generator of the same events {bare:,.0f}/s",
            facts={kind: [round(rate) for rate in found] for kind, found in rates.items()},
        )
    ]


def _round(bench: Bench, kind: str, events: Path) -> float:
    folder = bench.folder / kind
    times = folder / "times.json"
    arguments: dict[str, Any] = {"count": EVENTS, "times": str(times)}
    arguments |= {"generator": str(events)} if kind == "generator" else {"events": str(events)}
    folder.mkdir(parents=True)
    (folder / "timed.py").write_text(timed.PLUGIN)
    if kind == "fannel":
        fill(folder / "spool")
    storm = {"STORM__WINDOW_S": 0, "STORM__SOURCE_RATE": 0, "HEALTH__CANARY_EVERY_S": 0}
    try:
        with Stack(bench, folder, source={"timed": arguments}, **storm) as stack:
            stack.wait_for_file(times, EVENTS / SLOWEST_PER_S + GRACE_S)
            return timed.rate(json.loads(times.read_text()), WARM_UP)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(spool: Path) -> None:
    """A spool as a receiver leaves it."""
    traps = link_downs(INTERFACES)
    now = datetime.now(UTC)
    datagrams = [
        Datagram(traps[n // DEVICES % INTERFACES], device_address(n % DEVICES), 40_000, now) for n in range(EVENTS)
    ]
    writer = open_writer(spool, is_info=lambda _: False)
    for start in range(0, EVENTS, 1000):
        writer.append(datagrams[start : start + 1000], durable=False)
    writer.close()
