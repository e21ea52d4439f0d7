"""Row `memory`: what each process holds over millions of traps of ten thousand faults, after it has warmed up.

Traps are offered as fast as they are handled: the spool holds the rest, on disk, so nothing here waits in memory that
would not in a storm. The JVM lives in ansible-rulebook's process; its part is told apart by its mappings. What is
compared is anonymous memory: the share of a library changes whenever another process that uses it begins or ends.
"""

from __future__ import annotations

import shutil
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fannel.lab.bench import processes
from fannel.lab.bench.bench import send, sender
from fannel.lab.bench.figure import Figure
from fannel.lab.bench.stack import DEVICES, Stack

if TYPE_CHECKING:
    from fannel.lab.bench.bench import Bench
    from fannel.lab.bench.child import Child

INTERFACES = 100
GROWTH_MB, MOST_MB = 5, 150
# Of the traps: what comes first warms up, and what is compared is as long a stretch at either end of the rest.
WARM_UP, STRETCH = 0.25, 0.1
CHUNK, MOST_WAITING = 10_000, 50_000
RATE = 20_000
SAMPLE_EVERY_S = 2.0
SLOWEST_PER_S = 1_000


@dataclass(slots=True)
class Course:
    """Memory of one process over the run: (share of the traps handled, memory)."""

    samples: list[tuple[float, processes.Memory]] = field(default_factory=list)

    def mb(self, first: float, last: float) -> float:
        """Median of anonymous memory without the JVM over a stretch of the run, in MB."""
        held = [memory.anonymous for share, memory in self.samples if first <= share <= last]
        return statistics.median(held) / 1e6 if held else float("nan")

    @property
    def growth_mb(self) -> float:
        """From the end of the warm-up to the end."""
        return self.mb(1 - STRETCH, 1) - self.mb(WARM_UP, WARM_UP + STRETCH)

    @property
    def most_mb(self) -> float:
        """The highest without the JVM."""
        return max(memory.own for _, memory in self.samples) / 1e6

    @property
    def jvm_mb(self) -> float:
        """The highest of what is surely the JVM's."""
        return max(memory.jvm for _, memory in self.samples) / 1e6


def measure(bench: Bench) -> list[Figure]:
    """Growth and most of each process."""
    folder = bench.folder / "memory"
    try:
        with (
            Stack(bench, folder) as stack,
            sender(stack.port, bench.traps, RATE, devices=DEVICES, interfaces=INTERFACES) as child,
        ):
            child.answer(60)
            stack.wait_until_ready()
            courses, handled = _watch(bench, stack, child)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [figure for part, course in courses.items() for figure in _figures(bench, part, course, handled)]


def _watch(bench: Bench, stack: Stack, child: Child) -> tuple[dict[str, Course], int]:
    parts = stack.parts()
    courses = {part: Course() for part in parts}
    deadline = time.monotonic() + bench.traps / SLOWEST_PER_S + 60
    sent, handled, sampled, said = 0, 0, 0.0, 0.0
    while handled < bench.traps and time.monotonic() < deadline:
        waiting = stack.waiting()
        handled = max(0, sent - waiting)  # a canary may wait as well
        if sent < bench.traps and waiting < MOST_WAITING:
            sent += send(child, 60, count=CHUNK).count
        else:
            time.sleep(0.1)
        now = time.monotonic()
        if now - sampled > SAMPLE_EVERY_S or handled >= bench.traps:
            sampled = now
            for part, pid in parts.items():
                courses[part].samples.append((handled / bench.traps, processes.memory(pid)))
        if now - said > 30:
            said = now
            held = ", ".join(f"{part} {_held(course.samples[-1][1])}" for part, course in courses.items())
            bench.say(f"{handled:,} of {bench.traps:,} handled: {held}")
    return courses, handled


def _held(memory: processes.Memory) -> str:
    return f"{memory.own / 1e6:.1f} MB ({memory.anonymous / 1e6:.1f} anonymous)"


def _figures(bench: Bench, part: str, course: Course, handled: int) -> list[Figure]:
    whole = handled >= bench.traps
    cut = "" if whole else f"only {handled:,} of {bench.traps:,} traps in the time there was"
    jvm = f"JVM beside it {course.jvm_mb:.0f} MB" if course.jvm_mb else ""
    facts = {
        "megabytes": [
            (round(share, 3), round(memory.own / 1e6, 1), round(memory.anonymous / 1e6, 1))
            for share, memory in course.samples
        ]
    }
    growth = round(course.growth_mb, 2) if whole else None
    return [
        Figure(
            *("memory", f"growth of the {part} over {bench.traps:,} traps", growth, " MB"),
            below=GROWTH_MB,
            failed=not whole,
            beside=cut,
            facts=facts,
        ),
        Figure("memory", f"most of the {part}", round(course.most_mb, 1), " MB", below=MOST_MB, beside=jvm),
    ]
