"""Row `sustained`: the highest rate of v2c traps that goes to the spool for the whole time with nothing lost.

A trial counts only when the kernel dropped nothing, the receiver counts as many received and spooled as were sent, and
another process finds as many in the spool. Its rate runs until the last trap is on the disk, so that no backlog in
memory can flatter it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fannel.lab.bench import peers, processes
from fannel.lab.bench.bench import send, sender
from fannel.lab.bench.figure import Figure
from fannel.lab.bench.receiver import Receiver, lost

if TYPE_CHECKING:
    from fannel.lab.bench.bench import Bench

REQUIRED: Final = 80_000
# Steps up while nothing is lost, and down while something is.
UP, DOWN = 1.15, 0.85
MOST_TRIALS = 16
# A sender that offers less than this share of what it was asked for is the limit itself.
NEARLY = 0.97
PROBE_S = 5.0
DEVICES = 8
# A receiver that holds the rate has next to nothing left to write when the sender ends.
BACKLOG_S = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of `sent` traps, `wanted` a second. `rate` runs from the first sent to the last on disk."""

    sent: int
    offered: float
    rate: float
    after_last_s: float
    in_spool: int
    kernel: dict[str, int]
    counters: dict[str, int]
    cpu: float
    sender_cpu: float
    wanted: float | None = None

    @property
    def lossless(self) -> bool:
        """Whether all three places agree that nothing was lost."""
        counted = self.counters.get("received", 0) == self.counters.get("spooled", 0) == self.sent
        return counted and self.in_spool == self.sent and not any(self.kernel.values()) and not lost(self.counters)

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "sent": self.sent,
            "offered_per_second": round(self.offered),
            "in_spool": self.in_spool,
            "on_disk_after_last_s": round(self.after_last_s, 3),
            "kernel_dropped": self.kernel,
            "counters": self.counters,
            "receiver_cores": round(self.cpu, 2),
            "sender_cores": round(self.sender_cpu, 2),
        }

    def text(self) -> str:
        """One line."""
        gone = self.sent - self.in_spool
        what = "nothing lost" if self.lossless else f"{gone:,} lost (kernel {self.kernel['socket']:,})"
        if self.wanted is not None and self.offered < NEARLY * self.wanted:
            what += f"; the sender got no CPU for {self.wanted:,.0f}/s"
        cores = f"receiver {self.cpu:.2f} cores, sender {self.sender_cpu:.2f}"
        return f"{self.sent:,} offered at {self.offered:,.0f}/s: {what}; {cores}"


def trial(bench: Bench, count: int, rate: float | None, *, devices: int = 1) -> Trial:
    """Send to a fresh receiver and count."""
    with Receiver(bench.folder / "receiver") as receiver, sender(receiver.port, count, rate, devices=devices) as child:
        child.answer(60)
        spent = processes.cpu_s(receiver.pid)
        sent = send(child, 2 * count / (rate or 50_000))
        done = receiver.wait_for(count, timeout_s=60)
        spent = processes.cpu_s(receiver.pid) - spent
        return Trial(
            sent=sent.count,
            offered=sent.rate,
            rate=sent.count / (done - sent.first),
            after_last_s=done - sent.last,
            in_spool=receiver.in_spool(),
            kernel=receiver.dropped(),
            counters=receiver.counters(),
            cpu=spent / (done - sent.first),
            sender_cpu=sent.cores,
            wanted=rate,
        )


def measure(bench: Bench) -> list[Figure]:
    """The rate, and the peers'."""
    best = _highest(bench)
    if best.lossless:
        figure = Figure(
            *("sustained", f"v2c traps to the spool, {bench.seconds:g} s, 0 lost", best.rate, "/s", REQUIRED),
            beside=best.text(),
            facts=best.facts(),
        )
    else:
        figure = Figure(
            *("sustained", "v2c traps to the spool, 0 lost", None, "/s", REQUIRED),
            failed=True,
            beside=f"no lossless rate found: {best.text()}",
            facts=best.facts(),
        )
    return [figure, *peers.compare(bench, "sustained", figure.measured or 0.0)]


def _highest(bench: Bench) -> Trial:
    """Try the required rate for the whole time; from there up or down with short ones, and the best again, whole."""
    whole = _tried(bench, REQUIRED, bench.seconds)
    if not whole.lossless:
        return _lower(bench, whole)
    rate, best = float(REQUIRED), whole
    probe_s = min(PROBE_S, bench.seconds)
    for _ in range(MOST_TRIALS):
        probe = _tried(bench, rate * UP, probe_s)
        if not probe.lossless or probe.offered < NEARLY * rate * UP or probe.after_last_s > BACKLOG_S:
            break
        rate *= UP
    while rate > REQUIRED * 1.01:
        again = _tried(bench, rate, bench.seconds)
        if again.lossless:
            return max(best, again, key=lambda one: one.rate)
        rate /= UP
    return best


def _lower(bench: Bench, failed: Trial) -> Trial:
    rate = float(REQUIRED)
    for _ in range(MOST_TRIALS):
        rate *= DOWN
        failed = _tried(bench, rate, bench.seconds)
        if failed.lossless:
            break
    return failed


def _tried(bench: Bench, rate: float, seconds: float) -> Trial:
    found = trial(bench, int(rate * seconds), rate, devices=min(DEVICES, os.cpu_count() or 1) * 4)
    bench.say(found.text())
    return found
