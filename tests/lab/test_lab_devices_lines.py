"""The syslog of the lab's devices: what their log shows, on the wire, in the form of each operating system."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime

import pytest

from fannel.kinds.classify import Kinds
from fannel.lab.devices.lab import LabDevices
from fannel.lab.devices.lines import link_lines, send_link_lines
from fannel.wire.syslog import parse

AT = 1_795_363_200.0
KINDS = Kinds.load()


@pytest.fixture
def lab():
    return LabDevices(clock=lambda: AT)


def first_change(lab, host, action="cut"):
    device = lab.plant.device(host)
    return getattr(lab, action)(host, device.ports[0])[0]


@pytest.mark.parametrize(
    ("host", "form"),
    [
        (
            "rt-tyo-01",
            r"<187>\d+: \*Nov \d\d [\d:.]+: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
        ),
        ("rt-osa-01", r"<187>\d+: RP/0/RP0/CPU0:Nov \d\d [\d:.]+ UTC: ifmgr\[397\]: %PKT_INFRA-LINK-3-UPDOWN : .*"),
        ("sw-tyo-01", r"<189>sw-tyo-01: 2026 Nov \d\d [\d:]+ UTC: %ETHPORT-5-IF_DOWN_LINK_FAILURE: .*"),
        ("leaf-tyo-01", r"<189>Nov \d\d [\d:]+ leaf-tyo-01 Ebra: %LINEPROTO-5-UPDOWN: .*"),
        ("frr-tyo-01", r"<6>Nov \d\d [\d:]+ frr-tyo-01 kernel: \[[\d.]+\] eth\d: link down"),
        ("ex-osa-01", r"<28>Nov \d\d [\d:]+ +ex-osa-01 mib2d\[2424\]: SNMP_TRAP_LINK_DOWN: .*"),
    ],
)
def test_a_lost_link_is_told_in_the_form_of_the_os(lab, host, form):
    assert re.fullmatch(form, link_lines(first_change(lab, host))[0].decode())


@pytest.mark.parametrize("host", ["rt-tyo-01", "rt-osa-01", "sw-tyo-01", "leaf-tyo-01", "ex-osa-01", "frr-tyo-01"])
@pytest.mark.parametrize(("action", "kind"), [("cut", "interface_down"), ("restore", "interface_up")])
def test_fannel_understands_it_as_the_trap_of_the_same(lab, host, action, kind):
    change = first_change(lab, host)
    if action == "restore":
        change = lab.restore(host, change.after.name)[0]
    message = parse(link_lines(change)[0], received_at=datetime.fromtimestamp(AT, UTC), zone=UTC)
    found = KINDS.classify_syslog(message, change.device.os)
    assert (found.kind, found.subject.name) == (kind, change.after.name)
    assert message.timestamp == datetime.fromtimestamp(AT, UTC)


def test_linux_says_nothing_of_a_port_that_was_shut_down(lab):
    assert link_lines(first_change(lab, "frr-tyo-01", "shutdown")) == []


def test_lines_are_sent_from_the_device_that_says_them(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        changes = lab.cut("rt-tyo-01", "GigabitEthernet0/1")
        sent = send_link_lines(changes, receiver.getsockname())
        came = [receiver.recvfrom(2000) for _ in range(sent)]
    assert {source for _, (source, _) in came} == {change.device.source for change in changes}
    assert [line for line, _ in came if b"LINK-3-UPDOWN" in line]
