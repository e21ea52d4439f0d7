"""The peers of one run: what snmptrapd and pysnmp take of the same traps, on this machine, at this moment.

Each is offered more and more until it loses something, so that what is reported is the most it can take.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from fannel.lab.bench import pysnmp_receiver, snmptrapd
from fannel.lab.bench.bench import send, sender
from fannel.lab.bench.figure import Figure

if TYPE_CHECKING:
    from fannel.lab.bench.bench import Bench

# More than this share lost: it was offered more than it can take.
_FULL = 0.02
SETTLE_S = 1.0


class Peer(Protocol):
    """A receiver that can say how many it took."""

    port: int

    def taken(self) -> int:
        """Notifications taken so far."""


def most_taken(peer: Peer, *, offered: float, seconds: float) -> float:
    """The highest rate it took, offered twice as much each time until it loses more than a little."""
    best = 0.0
    while True:
        before = peer.taken()
        count = int(offered * seconds)
        with sender(peer.port, count, offered) as child:
            child.answer(30)
            sent = send(child, 2 * seconds)
        time.sleep(SETTLE_S)
        taken = peer.taken() - before
        best = max(best, taken / (sent.last - sent.first))
        # A sender that cannot offer what it was asked to is the limit itself.
        if taken < (1 - _FULL) * count or sent.rate < 0.8 * offered:
            return best
        offered *= 2


def compare(bench: Bench, row: str, measured: float) -> list[Figure]:
    """`measured` as a multiple of what each peer takes; a peer that is not installed is a visible gap."""
    seconds = min(bench.seconds, 10.0)
    found = []
    if snmptrapd.program() is None:
        found.append(
            Figure(row, "× snmptrapd to a file", None, "×", 10, beside="snmptrapd is not installed (Debian: snmptrapd)")
        )
    else:
        bench.say("snmptrapd, writing to a file")
        with snmptrapd.Snmptrapd(bench.folder / "snmptrapd") as peer:
            rate = most_taken(peer, offered=10_000, seconds=seconds)
        found.append(_multiple(row, "snmptrapd to a file", measured, rate, at_least=10))
    if not pysnmp_receiver.installed():
        found.append(Figure(row, "× pysnmp", None, "×", 100, beside="pysnmp is not installed"))
    else:
        bench.say("pysnmp's notification receiver")
        with pysnmp_receiver.PysnmpReceiver() as other:
            rate = most_taken(other, offered=1_000, seconds=seconds)
        found.append(_multiple(row, "pysnmp", measured, rate, at_least=100))
    return found


def _multiple(row: str, name: str, measured: float, rate: float, *, at_least: float) -> Figure:
    multiple = measured / rate if rate else float("inf")
    return Figure(
        *(row, f"× {name}", round(multiple, 1), "×", at_least),
        beside=f"{name} takes {rate:,.0f}/s",
        facts={"peer": name, "peer_per_second": round(rate)},
    )
