import socket

import pytest

from fannel.lab.devices.lab import LabDevices
from fannel.lab.devices.traps import link_trap, send_link_traps
from fannel.wire import snmp

LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
IF = "1.3.6.1.2.1.2.2.1"


@pytest.fixture
def lab():
    return LabDevices(clock=lambda: 1_795_363_200.0)


def cut(lab, host):
    device = lab.plant.device(host)
    return lab.cut(host, device.ports[0])[0]


def decoded(change):
    message = snmp.decode(link_trap(change))
    return message, {varbind.oid: varbind.value for varbind in message.varbinds}


# What each operating system puts in, by its own documentation: columns of IF-MIB, and Cisco's reason.
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("rt-tyo-01", {f"{IF}.1.3": 3, f"{IF}.2.3": b"GigabitEthernet0/1", f"{IF}.3.3": 6}),
        ("rt-osa-01", {f"{IF}.1.3": 3, f"{IF}.2.3": b"GigabitEthernet0/0/0/0", f"{IF}.3.3": 6}),
        ("sw-tyo-01", {f"{IF}.7.436207616": 1, f"{IF}.8.436207616": 2, f"{IF}.2.436207616": b"Ethernet1/1"}),
        ("leaf-tyo-01", {f"{IF}.1.1": 1, f"{IF}.7.1": 1, f"{IF}.8.1": 2}),
        ("ex-osa-01", {f"{IF}.8.512": 2, "1.3.6.1.2.1.31.1.1.1.1.512": b"ge-0/0/0"}),
        ("frr-tyo-01", {f"{IF}.1.2": 2, f"{IF}.7.2": 1, f"{IF}.8.2": 2}),
    ],
)
def test_a_link_down_should_carry_what_the_os_sends(lab, host, expected):
    message, varbinds = decoded(cut(lab, host))
    assert message.trap_oid == LINK_DOWN
    assert expected.items() <= varbinds.items()


@pytest.mark.parametrize("host", ["leaf-tyo-01", "frr-tyo-01"])
def test_some_should_send_no_name_at_all(lab, host):
    _, varbinds = decoded(cut(lab, host))
    assert not any(isinstance(value, bytes) for value in varbinds.values())


def test_a_link_that_comes_back_should_be_a_link_up(lab):
    cut(lab, "sw-tyo-01")
    message, varbinds = decoded(lab.restore("sw-tyo-01", "Ethernet1/1")[0])
    assert message.trap_oid == LINK_UP
    assert varbinds[f"{IF}.8.436207616"] == 1


def test_a_shutdown_should_be_told_from_a_fault(lab):
    here, there = lab.shutdown("leaf-tyo-01", "Ethernet1")
    assert decoded(here)[1][f"{IF}.7.1"] == 2
    assert decoded(there)[1][f"{IF}.7.436211712"] == 1
    ios = lab.shutdown("rt-tyo-01", "GigabitEthernet0/1")[0]
    assert decoded(ios)[1]["1.3.6.1.4.1.9.2.2.1.1.20.3"] == b"administratively down"


def test_traps_should_come_from_the_devices_own_address(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        assert send_link_traps(lab.cut("rt-tyo-01", "GigabitEthernet0/1"), receiver.getsockname()) == 2
        first, second = receiver.recvfrom(2048), receiver.recvfrom(2048)
    assert (first[1][0], second[1][0]) == ("127.0.2.1", "127.0.1.2")
    assert snmp.decode(first[0]).community == b"public"


def test_a_port_that_was_down_already_should_send_nothing(lab):
    lab.cut("ex-osa-01", "ge-0/0/1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        assert send_link_traps(lab.shutdown("ex-osa-01", "ge-0/0/1"), receiver.getsockname()) == 0
