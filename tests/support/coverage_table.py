"""What FANNEL hears and looks at, problem by system: read from the corpora, the checks and their reasons.

`python tests/support/coverage_table.py` prints docs/coverage.md.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from pathlib import Path

from fannel import collection
from fannel.checks.find import Checks
from fannel.checks.not_applicable import reasons
from fannel.kinds.classify import Kinds

ROOT = collection.root()
PAGE = ROOT / "docs" / "coverage.md"
CORPUS = Path(__file__).parents[1] / "corpus"
SYSTEMS = {
    "ios": "IOS, IOS-XE",
    "iosxr": "IOS-XR",
    "nxos": "NX-OS",
    "eos": "EOS",
    "junos": "Junos",
    "frr": "FRR",
    "vrp": "VRP",
}
ROWS = {
    "interface": ("interface_down", "line_protocol_down", "interface_err_disabled"),
    "errors, optics": ("interface_errors", "optics_threshold"),
    "bundles (LACP)": ("lag_member_down", "lag_min_links"),
    "BGP": ("bgp_neighbor_down", "bgp_prefix_limit"),
    "OSPF, version 3 too": ("ospf_neighbor_down", "ospf_v3_neighbor_down"),
    "IS-IS": ("isis_adjacency_down",),
    "BFD": ("bfd_session_down",),
    "memory, line cards": ("memory_error", "memory_exhausted", "card_down"),
    "power, fans, heat": ("power_supply_failed", "fan_failed", "temperature_high", "chassis_alarm"),
    "restarts": ("device_restart", "switchover", "process_restart"),
    "configuration": ("config_changed",),
    "authentication": ("login_failed", "authentication_failure"),
    "bridging": ("stp_topology_change", "mac_limit", "mac_flapping"),
    "gateways, time": ("fhrp_down", "ntp_unreachable"),
}
KINDS = Kinds.load().compiled.kinds
CHECKS = {(file.parent.name, file.stem) for file in Checks((ROOT / "checks",)).files()}
REASONS = reasons([ROOT / "checks"])


@functools.cache
def heard() -> dict[tuple[str, str], set[str]]:
    """How each system says each problem, by its cases: T trap, S syslog. What only ends a fault does not count."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, mark in (("trap.hex", "T"), ("syslog.txt", "S")):
        for file in CORPUS.glob(f"*/*/*/{name}"):
            system, kind = file.parts[-4], KINDS.get(file.parts[-3])
            if kind is not None and kind.phase != "clear":
                found[kind.problem, system].add(mark)
    return found


def marks(problem: str, system: str) -> set[str]:
    """T, S and C (a check) where they are; n/a where there is nothing to look at."""
    looked_at = {"C"} if (problem, system) in CHECKS else {"n/a"} if (problem, system) in REASONS else set()
    return heard()[problem, system] | looked_at


def page() -> str:
    """docs/coverage.md."""
    lines = [HEAD, f"| | problem | {' | '.join(SYSTEMS.values())} |", f"|---|---|{'---|' * len(SYSTEMS)}"]
    for row, problems in ROWS.items():
        for problem in problems:
            cells = (" ".join(mark for mark in ("T", "S", "C", "n/a") if mark in marks(problem, os)) for os in SYSTEMS)
            lines.append(f"| {row if problem == problems[0] else ''} | `{problem}` | {' | '.join(cells)} |")
    lines.append(FOOT)
    why: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (problem, os), reason in sorted(REASONS.items()):
        why[SYSTEMS[os], reason].append(f"`{problem}`")
    lines += [f"* {system}: {', '.join(problems)}: {reason}." for (system, reason), problems in sorted(why.items())]
    return "\n".join(lines) + "\n"


HEAD = """\
# What is heard and what is looked at

**T** a trap begins the fault or tells of it, **S** a syslog line does; both have cases in `tests/corpus/`. **C** a
check looks at the device and judges, with cases in `tests/corpus/checks/`. **n/a** there is nothing to look at, for the
reasons below. What only tells of something that is over already (a restart, a failed login) needs no check.

A test holds this page against the cases, the checks and the reasons; `python tests/support/coverage_table.py` prints
it. With your own kinds and checks beside the shipped ones, `fannel kinds list` and `fannel checks list` show the same.
"""
FOOT = """\

## Where there is nothing to look at
"""

if __name__ == "__main__":
    print(page(), end="")
