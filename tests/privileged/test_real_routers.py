"""A cable between two real routers: what they send is read, and what they show can be asked for over SSH."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import paramiko
import pytest
from real_check import run_check
from router_lab import NOC_ADDRESS, Router, RouterLab, router_lab, wait_for_adjacency

from fannel.wire.message import Message
from fannel.wire.snmp import decode

pytestmark = [pytest.mark.privileged, pytest.mark.slow]

TRAP_PORT = 10162
LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
BGP_TRAPS, OSPF_TRAPS = "1.3.6.1.2.1.15.0.", "1.3.6.1.2.1.14.16.2."
IF_INDEX, IF_ADMIN_STATUS, IF_OPER_STATUS = (f"1.3.6.1.2.1.2.2.1.{column}" for column in (1, 7, 8))
UP, DOWN = 1, 2
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def lab() -> Iterator[RouterLab]:
    with router_lab(TRAP_PORT) as running:
        wait_for_adjacency(running)
        yield running


@pytest.fixture
def traps(lab) -> Iterator[socket.socket]:
    """The NOC's trap port; what came before the test is gone, and the cable is plugged in again after it."""
    with lab.enter():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((NOC_ADDRESS, TRAP_PORT))
    listener.settimeout(PATIENCE_S)
    with contextlib.closing(listener):
        yield listener
        lab.plug_the_cable()
        wait_for_adjacency(lab)


def receive_until(listener: socket.socket, router: Router, trap_oid: str) -> list[Message]:
    """Everything `router` sends up to the trap wanted."""
    seen: list[Message] = []
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        datagram, (address, _) = listener.recvfrom(65535)
        if address == router.address:
            seen.append(decode(datagram))
            if seen[-1].trap_oid == trap_oid:
                return seen
    pytest.fail(f"no {trap_oid} from {router.name}, only {[message.trap_oid for message in seen]}")


def test_a_pulled_cable_is_a_link_down_of_an_interface_that_should_be_up(lab, traps):
    lab.pull_the_cable()
    seen = receive_until(traps, lab.r1, LINK_DOWN)
    index = lab.ifindex(lab.r1, "eth1")
    values = {varbind.oid: varbind.value for varbind in seen[-1].varbinds}
    assert (values[f"{IF_INDEX}.{index}"], values[f"{IF_ADMIN_STATUS}.{index}"]) == (index, UP)
    assert values[f"{IF_OPER_STATUS}.{index}"] == DOWN
    # FRR notices the lost carrier at once, snmpd when it polls: the routing protocols speak first.
    assert any(message.trap_oid.startswith((BGP_TRAPS, OSPF_TRAPS)) for message in seen[:-1])


def test_the_router_at_the_other_end_says_it_was_meant(lab, traps):
    lab.pull_the_cable()
    link_down = receive_until(traps, lab.r2, LINK_DOWN)[-1]
    index = lab.ifindex(lab.r2, "eth1")
    values = {varbind.oid: varbind.value for varbind in link_down.varbinds}
    assert (values[f"{IF_ADMIN_STATUS}.{index}"], values[f"{IF_OPER_STATUS}.{index}"]) == (DOWN, DOWN)


def test_a_plugged_cable_is_a_link_up(lab, traps):
    lab.pull_the_cable()
    receive_until(traps, lab.r1, LINK_DOWN)
    lab.plug_the_cable()
    receive_until(traps, lab.r1, LINK_UP)


def test_the_router_shows_its_interface_over_ssh(lab):
    with lab.enter(), contextlib.closing(paramiko.SSHClient()) as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect(lab.r1.address, username=lab.user, password=lab.password, allow_agent=False, look_for_keys=False)
        shell = client.invoke_shell()
        shell.settimeout(PATIENCE_S)
        shell.send(b"show interface eth1 json\n")
        text = ""
        while not text.endswith("}\r\nr1# "):
            text += shell.recv(65535).decode()
    shown = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert shown["eth1"]["description"] == "core link to r2"


@pytest.mark.timeout(200)
def test_a_router_that_just_started_is_known_by_the_age_of_its_routes(lab, tmp_path):
    told = run_check(lab, tmp_path, "device_restart")
    assert (told["verdict"]["outcome"], told["os"]) == ("confirmed", "frr")
    assert "its oldest route is 00:0" in told["verdict"]["reason"]
    assert any("is directly connected, eth" in line for line in told["verdict"]["evidence"])
