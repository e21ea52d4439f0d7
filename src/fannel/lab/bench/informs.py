"""Row `informs`: many senders, each waiting for the Response to its inform before it sends the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.bench import processes
from fannel.lab.bench.bench import GRACE_S
from fannel.lab.bench.child import Child
from fannel.lab.bench.figure import Figure
from fannel.lab.bench.receiver import Receiver

if TYPE_CHECKING:
    from fannel.lab.bench.bench import Bench

REQUIRED = 5_000
P99_MS = 50


def measure(bench: Bench) -> list[Figure]:
    """Rate and latency of the Responses, each checked."""
    with (
        Receiver(bench.folder / "receiver") as receiver,
        Child.module("fannel.lab.bench.informer", receiver.port, bench.senders, bench.seconds) as informer,
    ):
        informer.answer(30)
        spent = processes.cpu_s(receiver.pid)
        informer.tell("GO")
        said = informer.answer(bench.seconds + GRACE_S)
        answered = said["answered"]
        said["receiver_cores"] = round((processes.cpu_s(receiver.pid) - spent) / said["seconds"], 2)
        said["sender_cores"] = round(said.pop("cpu_s") / said["seconds"], 2)
        receiver.wait_for(answered, timeout_s=30)
        in_spool = receiver.in_spool()
        said |= {"in_spool": in_spool, "counters": receiver.counters(), "kernel_dropped": receiver.dropped()}
    bench.say(
        f"{answered:,} informs answered in {said['seconds']:.1f} s, "
        f"receiver {said['receiver_cores']} cores, senders {said['sender_cores']}"
    )
    # An answered one that is not in the spool is the one thing that must never be; a repeated one may be there twice.
    wrong = said["wrong"] + max(0, answered - in_spool)
    return [
        Figure(
            *("informs", f"answered after the spool is on disk, {bench.senders} senders", None, "/s", REQUIRED),
            failed=True,
            beside="nothing was answered",
            facts=said,
        )
        if not answered
        else Figure(
            *("informs", f"answered after fsync, {bench.senders} senders at a time", answered / said["seconds"], "/s"),
            at_least=REQUIRED,
            beside=f"p50 {said['p50_ms']:.1f} ms, worst {said['worst_ms']:.0f} ms, {said['repeated']} repeated",
            facts=said,
        ),
        Figure("informs", "p99 from sent to answered", said["p99_ms"], " ms", below=P99_MS, failed=True),
        Figure("informs", "wrong answers, or answered and not in the spool", wrong, "", below=1),
    ]
