"""Decoded traps per second: FANNEL's decoder beside pysnmp's, the same datagrams, one process, one run.

    python benchmarks/decode.py [--rounds 9] [--json]

Both turn a datagram into version, community, PDU fields and typed varbinds; pysnmp by the way its documentation
shows for a receiver (`decode_message_version`, then the message specification, then `get_varbinds`). Rounds of the
two alternate, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pysnmp
from figures import add_json_option, show
from pyasn1.codec.ber import decoder
from pysnmp.proto import api

from fannel.wire.capture import datagrams
from fannel.wire.snmp import ValueType, WireVarBind, decode, encode_trap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CAPTURE = Path(__file__).parents[1] / "tests" / "corpus" / "captures" / "link_cut_and_restore.pcap"
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_ENTRY = "1.3.6.1.2.1.2.2.1"
VARBINDS = [
    WireVarBind(f"{IF_ENTRY}.1.3", ValueType.INTEGER, 3),
    WireVarBind(f"{IF_ENTRY}.7.3", ValueType.INTEGER, 1),
    WireVarBind(f"{IF_ENTRY}.8.3", ValueType.INTEGER, 2),
    WireVarBind(f"{IF_ENTRY}.2.3", ValueType.OCTET_STRING, b"GigabitEthernet0/1"),
    WireVarBind("1.3.6.1.2.1.31.1.1.1.18.3", ValueType.OCTET_STRING, b"10G to rt02"),
]


def workloads() -> dict[str, list[bytes]]:
    def link_down(count: int) -> list[bytes]:
        # Every trap has its own request-id and uptime, as on the wire.
        return [
            encode_trap(
                LINK_DOWN, VARBINDS[:count], community=b"public", request_id=159_268_807 + n, uptime_ticks=26_985 + n
            )
            for n in range(50)
        ]

    with CAPTURE.open("rb") as file:
        captured = [datagram.payload for datagram in datagrams(file, 162)]
    return {
        "linkDown, 4 varbinds": link_down(4),
        "linkDown, 5 varbinds": link_down(5),
        "a link cut and restored (capture, 32 traps)": captured,
    }


def pysnmp_decode(datagram: bytes) -> tuple[int, bytes, int, list]:
    version = int(api.decodeMessageVersion(datagram))
    module = api.PROTOCOL_MODULES[version]
    message, _ = decoder.decode(datagram, asn1Spec=module.Message())
    pdu = module.apiMessage.get_pdu(message)
    community = bytes(module.apiMessage.get_community(message))
    request_id = int(module.apiPDU.get_request_id(pdu))
    return version, community, request_id, module.apiPDU.get_varbinds(pdu)


def traps_per_second(read: Callable[[bytes], object], work: Sequence[bytes], at_least_s: float) -> float:
    """Decode the workload over and over for `at_least_s` seconds of this process's CPU time."""
    done = 0
    start = time.process_time()
    while (spent := time.process_time() - start) < at_least_s:
        for datagram in work:
            read(datagram)
        done += len(work)
    return done / spent


def measure(rounds: int, round_s: float) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, work in workloads().items():
        rates: dict[str, list[float]] = {"fannel": [], "pysnmp": []}
        for _ in range(rounds):
            rates["fannel"].append(traps_per_second(decode, work, round_s))
            rates["pysnmp"].append(traps_per_second(pysnmp_decode, work, round_s))
        octets = round(statistics.mean(map(len, work)))
        rows.extend(
            {
                "traps": name,
                "octets": octets,
                "decoder": who,
                "best": round(max(found)),
                "median": round(statistics.median(found)),
            }
            for who, found in rates.items()
        )
    return rows


HEADINGS = {"traps": "traps", "octets": "octets", "decoder": "decoder", "best": "best/s", "median": "median/s"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="rounds per decoder and workload (default 9)")
    parser.add_argument("--round-seconds", type=float, default=0.3, help="CPU seconds per round (default 0.3)")
    add_json_option(parser)
    options = parser.parse_args()
    rows = measure(options.rounds, options.round_seconds)
    note = "CPU time, Python {python}, pysnmp {pysnmp}, {rounds} rounds"
    show(rows, HEADINGS, as_json=options.json, note=note, pysnmp=pysnmp.__version__, rounds=options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
