"""A real FRR falls silent beside another: OSPF, OSPFv3, IS-IS and BFD, their syslog, and the checks.

The link stays up, so each protocol notices by itself. The lines come from FRR's daemons through syslog(3); the checks
log in over SSH, as `fannel check run` does, and ask vtysh.
"""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from real_check import run_check
from router_lab import RouterLab, router_lab

from fannel.config import Settings
from fannel.directory.directory import Device, Directory
from fannel.event import Event
from fannel.explanation import Input, observed
from fannel.intake.datagram import Transport

pytestmark = [pytest.mark.privileged, pytest.mark.slow, pytest.mark.timeout(300)]

TRAP_PORT = 10162
PATIENCE_S = 40.0
DAEMONS = ("ospfd", "ospf6d", "isisd", "bfdd")
DEV_LOG = Path("/dev/log")
LOST = {
    "OSPF": ("ospf_neighbor_down", "198.18.0.12", "eth1"),
    "OSPFv3": ("ospf_v3_neighbor_down", "198.18.0.12", "eth1"),
    "IS-IS": ("isis_adjacency_down", "the name that r2 gives itself", "eth1"),
    "IS-IS, as a trap names it": ("isis_adjacency_down", "0000.0000.0002", "eth1"),
    "BFD": ("bfd_session_down", "198.19.0.2", None),
}
"""The problem, whom r1 loses as FANNEL names it, and where that is reached."""
# FRR 8.4's bfdd says it when debugging only.
SAID = ["OSPF", "OSPFv3", "IS-IS"]
UP = {
    "show ip ospf neighbor json": '"Full',
    "show ipv6 ospf6 neighbor json": '"Full"',
    "show isis neighbor json": '"state":"Up"',
    "show bfd peers json": '"status":"up"',
}


@pytest.fixture(scope="module")
def lab() -> Iterator[RouterLab]:
    if DEV_LOG.exists():
        pytest.skip("/dev/log is this machine's own syslog's")
    with router_lab(TRAP_PORT, "ospf6d", "isisd", "bfdd") as running:
        for router, peer in ((running.r1, running.r2), (running.r2, running.r1)):
            running.vtysh(
                router,
                "configure terminal",
                "interface eth1",
                *(f"ipv6 ospf6 {said}" for said in ("area 0", "hello-interval 1", "dead-interval 4")),
                "ip router isis LAB",
                *(f"isis {said}" for said in ("network point-to-point", "hello-interval 1", "hello-multiplier 3")),
                *("router ospf", "log-adjacency-changes"),
                *("router ospf6", f"ospf6 router-id {router.address}", "log-adjacency-changes"),
                *("router isis LAB", f"net 49.0000.0000.000{router.number}.00", "log-adjacency-changes"),
                *("bfd", f"peer {peer.link_address} interface eth1"),
            )
        running.vtysh(running.r1, "configure terminal", "log syslog informational")
        yield running


@pytest.fixture(scope="module")
def silent(lab, tmp_path_factory):
    """What r1 said of its silent neighbour and of its return, and what the checks found meanwhile and afterwards."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as local:
        local.bind(str(DEV_LOG))
        try:
            DEV_LOG.chmod(0o666)
            until_all_are_up(lab)
            heard(lab, local, 1)  # how they came up at first
            names = {case: name for case, (_, name, _) in LOST.items()} | {"IS-IS": isis_name(lab)}
            lab.freeze(lab.r2, *DAEMONS)
            try:
                downs = heard(lab, local, 12)
                lost = looked(lab, names, tmp_path_factory.mktemp("lost"))
            finally:
                lab.thaw(lab.r2, *DAEMONS)
            until_all_are_up(lab)
            ups = heard(lab, local, 3)
        finally:
            DEV_LOG.unlink()
    back = looked(lab, names, tmp_path_factory.mktemp("back"))
    return SimpleNamespace(names=names, downs=downs, ups=ups, lost=lost, back=back)


def isis_name(lab):
    """FRR takes the machine's own name, whatever its configuration calls the router."""
    (area,) = json.loads(lab.vtysh(lab.r1, "show isis neighbor json"))["areas"]
    return area["circuits"][0]["adj"]


def until_all_are_up(lab):
    deadline = time.monotonic() + PATIENCE_S
    for command, word in UP.items():
        while word not in lab.vtysh(lab.r1, command):
            assert time.monotonic() < deadline, f"{command}: no {word}"
            time.sleep(0.2)


def heard(lab, local, for_s):
    """The events of all lines that come for so long, pagoda knowing r1."""
    directory = Directory((Device(lab.r1.name, 1, (lab.r1.address,), os="frr"),), {})
    found, deadline = [], time.monotonic() + for_s
    while (left := deadline - time.monotonic()) > 0:
        local.settimeout(left)
        with contextlib.suppress(TimeoutError):
            line = local.recv(8192)
            come = Input(line, lab.r1.address, datetime.now(UTC), Transport.SYSLOG_UDP)
            found.append(observed(come, Settings(), directory))
    return [event for event in found if isinstance(event, Event)]


def looked(lab, names, folder):
    """What each check finds: all at once, each with a record of its own."""

    def look(case):
        problem, _, interface = LOST[case]
        where = [] if interface is None else ["--interface", interface]
        own = folder / case
        own.mkdir()
        return run_check(lab, own, problem, "--subject", names[case], *where)["verdict"]

    with ThreadPoolExecutor(len(LOST)) as pool:
        return dict(zip(LOST, pool.map(look, LOST), strict=True))


@pytest.mark.parametrize("case", SAID)
def test_its_syslog_names_the_lost_neighbour_and_its_return(silent, case):
    problem = LOST[case][0]
    wanted = f"r1/{problem}/{silent.names[case]}"
    downs, ups = ([e for e in events if e.problem == problem] for events in (silent.downs, silent.ups))
    assert {(event.phase, event.fingerprint) for event in downs} == {("raise", wanted)}, lines(silent.downs)
    assert ("clear", wanted) in {(event.phase, event.fingerprint) for event in ups}, lines(silent.ups)


def lines(events):
    return [(event.kind, event.fingerprint, (event.syslog or {}).get("message")) for event in events]


@pytest.mark.parametrize("case", LOST)
def test_the_check_confirms_it_and_sees_that_it_is_over(silent, case):
    lost, back = silent.lost[case], silent.back[case]
    assert (lost["outcome"], back["outcome"]) == ("confirmed", "cleared"), (lost, back)
