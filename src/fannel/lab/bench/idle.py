"""Row `idle`: what the processes use at fifty traps a second, the load of an ordinary day."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fannel.lab.bench import processes
from fannel.lab.bench.bench import send, sender
from fannel.lab.bench.figure import Figure
from fannel.lab.bench.stack import Stack

if TYPE_CHECKING:
    from fannel.lab.bench.bench import Bench

RATE = 50
RECEIVER_PERCENT = 2.0
DEVICES = 50
SETTLE_S = 5.0


def measure(bench: Bench) -> list[Figure]:
    """CPU of each process, in per cent of one core."""
    with (
        Stack(bench, bench.folder / "idle") as stack,
        sender(stack.port, int(RATE * bench.seconds), RATE, devices=DEVICES) as child,
    ):
        child.answer(60)
        stack.wait_until_ready()
        parts = stack.parts()
        time.sleep(SETTLE_S)  # what a start leaves to do: the JVM compiles, pagoda is read
        before = {part: processes.cpu_s(pid) for part, pid in parts.items()}
        began = time.monotonic()
        send(child, 2 * bench.seconds)
        took = time.monotonic() - began
        percent = {part: 100 * (processes.cpu_s(pid) - before[part]) / took for part, pid in parts.items()}
    figures = [
        Figure(
            *("idle", f"CPU of the {part} at {RATE} traps/s", round(percent[part], 2), " %"),
            below=RECEIVER_PERCENT if part == "receiver" else None,
            beside="of one core" + (", JVM included" if part == "ansible-rulebook" else ""),
        )
        for part in ("receiver", "observer", "ansible-rulebook")
    ]
    whole = round(sum(percent.values()), 2)
    return [*figures, Figure("idle", "CPU of the whole", whole, " %", beside=f"{bench.seconds:g} s")]
