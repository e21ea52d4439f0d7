"""Verified and decoded SNMPv3 traps per second: FANNEL's receiver beside pysnmp's, the same datagrams, one process.

    python benchmarks/decode_v3.py [--rounds 5] [--profile] [--json]

Both check the user, the authentication code and the time window, decrypt, and read every varbind: FANNEL by
`V3Receiver.receive`, pysnmp by the message processing model that its dispatcher calls for a datagram. Rounds of the
two alternate, so that a noisy machine is noisy for both. No trap comes twice to one receiver, as FANNEL refuses that
(pysnmp does not look), so every round of FANNEL has a new receiver, made before the time is taken, keys and all.
"""

from __future__ import annotations

import argparse
import cProfile
import ipaddress
import json
import platform
import pstats
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pysnmp

from fannel.wire.engine import LocalEngine
from fannel.wire.usm import UsmUser
from fannel.wire.usm_keys import AuthProtocol, PrivProtocol
from fannel.wire.v3_receiver import Accepted, V3Receiver
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from pysnmp_v3 import PysnmpEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_ENTRY = "1.3.6.1.2.1.2.2.1"
VARBINDS = [
    WireVarBind(f"{IF_ENTRY}.1.3", ValueType.INTEGER, 3),
    WireVarBind(f"{IF_ENTRY}.7.3", ValueType.INTEGER, 1),
    WireVarBind(f"{IF_ENTRY}.8.3", ValueType.INTEGER, 2),
    WireVarBind(f"{IF_ENTRY}.2.3", ValueType.OCTET_STRING, b"GigabitEthernet0/1"),
]
DEVICES = 20
OURS = bytes.fromhex("80000000046f757273656c7665730000")
PAIRS = {
    "authPriv SHA-256/AES-128": (AuthProtocol.SHA256, PrivProtocol.AES128),
    "authPriv SHA-512/AES-256": (AuthProtocol.SHA512, PrivProtocol.AES256),
    "authPriv SHA/DES": (AuthProtocol.SHA1, PrivProtocol.DES),
    "authNoPriv SHA-256": (AuthProtocol.SHA256, None),
}
TRAPS = 8_000
TRAPS_PYSNMP = 200


def engine_id(device: int) -> bytes:
    return bytes.fromhex("8000000004") + b"device%02d" % device


def user_of(pair: str) -> UsmUser:
    auth, priv = PAIRS[pair]
    return UsmUser(
        name="collector",
        auth_protocol=auth,
        auth_password="authpass123",
        priv_protocol=priv,
        priv_password="privpass123" if priv else None,
        sources=(ipaddress.ip_network("192.0.2.0/24"),),
    )


def traps(user: UsmUser, count: int) -> list[tuple[bytes, str]]:
    """Traps of DEVICES devices in turn, each with its own ids, uptime and salt, as on the wire."""
    senders = [V3Sender(user, engine_id(device)) for device in range(DEVICES)]
    return [
        (
            senders[n % DEVICES].encode(
                LINK_DOWN,
                VARBINDS,
                boots=1,
                engine_time=1000 + n // 1000,
                message_id=n + 1,
                request_id=159_268_807 + n,
                uptime_ticks=26_985 + n,
            ),
            f"192.0.2.{n % DEVICES + 1}",
        )
        for n in range(count)
    ]


def receiver_of(user: UsmUser) -> Callable[[bytes, str], None]:
    """FANNEL, with the keys of every device at hand."""
    receiver = V3Receiver([user], LocalEngine(OURS, boots=1, started=0.0))
    for datagram, source in traps(user, DEVICES):
        receiver.receive(datagram, source, 1000.0)

    def receive(datagram: bytes, source: str) -> None:
        outcome = receiver.receive(datagram, source, 1000.0)
        if not isinstance(outcome, Accepted):
            raise TypeError(outcome)

    return receive


def pysnmp_receiver_of(user: UsmUser) -> Callable[[bytes, str], None]:
    peer = PysnmpEngine(OURS, user, *(engine_id(device) for device in range(DEVICES)))

    def receive(datagram: bytes, _source: str) -> None:
        read = peer.read(datagram)
        if read.error:
            raise TypeError(read)

    return receive


def per_second(receive: Callable[[bytes, str], None], work: Sequence[tuple[bytes, str]]) -> float:
    start = time.process_time()
    for datagram, source in work:
        receive(datagram, source)
    return len(work) / (time.process_time() - start)


def measure(rounds: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for pair in PAIRS:
        user = user_of(pair)
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


def table(rows: list[dict[str, object]]) -> str:
    lines = [f"{'linkDown, 4 varbinds':<28}{'octets':>7}  {'receiver':<9}{'best/s':>9}{'median/s':>10}{'× pysnmp':>10}"]
    lines += [
        f"{row['traps']:<28}{row['octets']:>7}  {row['receiver']:<9}{row['best']:>9,}{row['median']:>10,}"
        f"{row['times_pysnmp']:>10}"
        for row in rows
    ]
    return "\n".join(lines)


def profile() -> None:
    """Where the time of FANNEL's receiver goes (Python's profiler makes calls look dearer than they are)."""
    user = user_of("authPriv SHA-256/AES-128")
    work = traps(user, TRAPS + DEVICES)[DEVICES:]
    receive = receiver_of(user)
    profiler = cProfile.Profile()
    profiler.runcall(per_second, receive, work)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(18)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds per receiver and workload (default 5)")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.profile:
        profile()
        return 0
    rows = measure(options.rounds)
    machine = {"python": platform.python_version(), "pysnmp": pysnmp.__version__, "rounds": options.rounds}
    if options.json:
        print(json.dumps({**machine, "results": rows}))
    else:
        print(table(rows))
        print(f"CPU time of one core, Python {machine['python']}, pysnmp {machine['pysnmp']}, {options.rounds} rounds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
