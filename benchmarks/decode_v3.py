"""Verified and decoded SNMPv3 traps per second: FANNEL's receiver beside pysnmp's, the same datagrams, one process.

    python benchmarks/decode_v3.py [--rounds 5] [--profile] [--json]

As the row `v3` of `fannel bench receive` (fannel/lab/bench/v3.py says how), for more pairs of algorithms.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pysnmp
from figures import add_json_option, show

from fannel.lab.bench.v3 import DEVICES, OURS, TRAPS, TRAPS_PYSNMP, engine_id, per_second, receiver_of, traps, user_of
from fannel.wire.usm_keys import AuthProtocol, PrivProtocol

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from pysnmp_v3 import PysnmpEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.wire.usm import UsmUser

PAIRS = {
    "authPriv SHA-256/AES-128": (AuthProtocol.SHA256, PrivProtocol.AES128),
    "authPriv SHA-512/AES-256": (AuthProtocol.SHA512, PrivProtocol.AES256),
    "authPriv SHA/DES": (AuthProtocol.SHA1, PrivProtocol.DES),
    "authNoPriv SHA-256": (AuthProtocol.SHA256, None),
}


def pysnmp_receiver_of(user: UsmUser) -> Callable[[bytes, str], None]:
    peer = PysnmpEngine(OURS, user, *(engine_id(device) for device in range(DEVICES)))

    def receive(datagram: bytes, _source: str) -> None:
        read = peer.read(datagram)
        if read.error:
            raise TypeError(read)

    return receive


def measure(rounds: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for pair, algorithms in PAIRS.items():
        user = user_of(*algorithms)
        work = traps(user, TRAPS + DEVICES)[DEVICES:]
        theirs = pysnmp_receiver_of(user)
        rates: dict[str, list[float]] = {"fannel": [], "pysnmp": []}
        for _ in range(rounds):
            rates["fannel"].append(per_second(receiver_of(user), work))
            rates["pysnmp"].append(per_second(theirs, work[:TRAPS_PYSNMP]))
        rows.extend(
            {
                "traps": pair,
                "octets": len(work[0][0]),
                "receiver": who,
                "best": round(max(found)),
                "median": round(statistics.median(found)),
                "times_pysnmp": round(statistics.median(found) / statistics.median(rates["pysnmp"]), 1),
            }
            for who, found in rates.items()
        )
    return rows


HEADINGS = {
    "traps": "linkDown, 4 varbinds",
    "octets": "octets",
    "receiver": "receiver",
    "best": "best/s",
    "median": "median/s",
    "times_pysnmp": "× pysnmp",
}


def profile() -> None:
    """Where the time of FANNEL's receiver goes (Python's profiler makes calls look dearer than they are)."""
    user = user_of(*PAIRS["authPriv SHA-256/AES-128"])
    work = traps(user, TRAPS + DEVICES)[DEVICES:]
    receive = receiver_of(user)
    profiler = cProfile.Profile()
    profiler.runcall(per_second, receive, work)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(18)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds per receiver and workload (default 5)")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    add_json_option(parser)
    options = parser.parse_args()
    if options.profile:
        profile()
        return 0
    rows = measure(options.rounds)
    note = "CPU time of one core, Python {python}, pysnmp {pysnmp}, {rounds} rounds"
    show(rows, HEADINGS, as_json=options.json, note=note, pysnmp=pysnmp.__version__, rounds=options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
