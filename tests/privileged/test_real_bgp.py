"""A BGP session between two real FRRs is lost while its link stays up: the traps of bgpd, its syslog, and the check.

The traps come from FRR through snmpd's AgentX, the line from bgpd through syslog(3); both are the same fault to FANNEL.
The check logs in over SSH, as `fannel check run` does, and asks vtysh.
"""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from real_check import run_check
from router_lab import NOC_ADDRESS, RouterLab, router_lab, wait_for_adjacency

from fannel.config import Settings
from fannel.directory.directory import Device, Directory
from fannel.event import Event
from fannel.explanation import Input, observed
from fannel.intake.datagram import Transport

pytestmark = [pytest.mark.privileged, pytest.mark.slow, pytest.mark.timeout(300)]

TRAP_PORT = 10162
PATIENCE_S = 30.0
# FRR tries again every two seconds, and sends a trap for each try that fails.
RETRIES_S = 7.0
DEV_LOG = Path("/dev/log")


@pytest.fixture(scope="module")
def lab() -> Iterator[RouterLab]:
    with router_lab(TRAP_PORT) as running:
        wait_for_adjacency(running)
        say = ("log syslog informational", "router bgp 65011", "bgp log-neighbor-changes")
        running.vtysh(running.r1, "configure terminal", *say)
        yield running


@pytest.fixture
def session(lab) -> Iterator[RouterLab]:
    """The session established before the test, and not shut down after it."""
    wait_until(lambda: state_of(lab) == "Established", "the session is established")
    yield lab
    allow(lab)


@pytest.fixture
def traps(lab) -> Iterator[socket.socket]:
    with lab.enter():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((NOC_ADDRESS, TRAP_PORT))
    with contextlib.closing(listener):
        yield listener


def shut(lab: RouterLab) -> None:
    """Somebody shuts the session down on r2, so that r1 loses it."""
    lab.vtysh(lab.r2, "configure terminal", "router bgp 65012", f"neighbor {lab.r1.link_address} shutdown")


def allow(lab: RouterLab) -> None:
    lab.vtysh(lab.r2, "configure terminal", "router bgp 65012", f"no neighbor {lab.r1.link_address} shutdown")


def state_of(lab: RouterLab) -> str:
    peers = json.loads(lab.vtysh(lab.r1, "show bgp summary json"))["ipv4Unicast"]["peers"]
    return peers[lab.r2.link_address]["state"]


def wait_until(seen, what: str):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := seen()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def event_of(lab: RouterLab, payload: bytes, address: str, transport: Transport = Transport.SNMP_UDP) -> Event:
    """What FANNEL makes of it, pagoda knowing r1."""
    devices = (Device(lab.r1.name, 1, (lab.r1.address,), os="frr"),)
    event = observed(Input(payload, address, datetime.now(UTC), transport), Settings(), Directory(devices, {}))
    assert isinstance(event, Event), event
    return event


def heard(lab: RouterLab, listener: socket.socket, for_s: float) -> list[Event]:
    """The events of all that r1 sends for so long."""
    found, deadline = [], time.monotonic() + for_s
    while (left := deadline - time.monotonic()) > 0:
        listener.settimeout(left)
        with contextlib.suppress(TimeoutError):
            payload, (address, _) = listener.recvfrom(65535)
            if address == lab.r1.address:
                found.append(event_of(lab, payload, address))
    return found


def test_a_lost_session_is_one_fault_of_the_peer_however_often_it_is_said(session, traps):
    shut(session)
    found = heard(session, traps, RETRIES_S)
    downs = [event for event in found if event.kind == "bgp_neighbor_down"]
    assert len(downs) > 1, "FRR repeats it with every try"
    assert {event.fingerprint for event in downs} == {f"r1/bgp_neighbor_down/{session.r2.link_address}"}
    assert {(event.phase, event.subject.type, event.host.os) for event in downs} == {("raise", "bgp_neighbor", "frr")}
    assert session.vtysh(session.r1, "show interface eth1 json").count('"operationalStatus":"up"') == 1
    allow(session)
    wait_until(
        lambda: [e for e in heard(session, traps, 1) if (e.problem, e.phase) == ("bgp_neighbor_down", "clear")],
        "its end is said, too",
    )


def test_its_syslog_is_the_same_fault(session):
    if DEV_LOG.exists():
        pytest.skip("/dev/log is this machine's own syslog's")
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as local:
        local.bind(str(DEV_LOG))
        try:
            DEV_LOG.chmod(0o666)
            shut(session)
            line = next_line(local, b"ADJCHANGE", b"Down")
            down = event_of(session, line, session.r1.address, Transport.SYSLOG_UDP)
            allow(session)
            up = event_of(session, next_line(local, b"ADJCHANGE", b"Up"), session.r1.address, Transport.SYSLOG_UDP)
        finally:
            DEV_LOG.unlink()
    assert (down.kind, down.fingerprint) == (
        "bgp_neighbor_down",
        f"r1/bgp_neighbor_down/{session.r2.link_address}",
    ), line
    assert (up.phase, up.fingerprint) == ("clear", down.fingerprint)


def next_line(local: socket.socket, *words: bytes) -> bytes:
    """The next line of syslog(3) with these words."""
    seen, deadline = [], time.monotonic() + PATIENCE_S
    while (left := deadline - time.monotonic()) > 0:
        local.settimeout(left)
        with contextlib.suppress(TimeoutError):
            seen.append(local.recv(8192))
            if all(word in seen[-1] for word in words):
                return seen[-1]
    pytest.fail(f"no line with {words}, only {seen}")


def test_the_check_confirms_it_and_sees_that_it_is_over(session, tmp_path):
    shut(session)
    wait_until(lambda: state_of(session) != "Established", "r1 noticed")
    lost = check(session, tmp_path)
    assert (lost["verdict"]["outcome"], lost["os"]) == ("confirmed", "frr")
    assert session.r2.link_address in lost["verdict"]["reason"]
    allow(session)
    wait_until(lambda: state_of(session) == "Established", "the session is established again")
    assert check(session, tmp_path)["verdict"]["outcome"] == "cleared"


def check(lab: RouterLab, folder: Path) -> dict:
    return run_check(lab, folder, "bgp_neighbor_down", "--subject", lab.r2.link_address)
