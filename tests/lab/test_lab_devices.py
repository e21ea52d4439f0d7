import re

import pytest

from fannel import collection
from fannel.checks.find import Checks
from fannel.checks.session import run
from fannel.event import Subject
from fannel.lab.devices.dialects import DIALECTS
from fannel.lab.devices.lab import ENABLE_PASSWORD, LabDevices
from fannel.lab.devices.plant import UnknownPortError
from fannel.lab.devices.shell import Shell

CHECKS = Checks((collection.root() / "checks",))
T0 = 1_795_363_200.0  # 2026-11-22 16:00:00 UTC

TYO, OSA, SW = "rt-tyo-01.example.net", "rt-osa-01.example.net", "sw-tyo-01.example.net"
GI01, GI0000 = "GigabitEthernet0/1", "GigabitEthernet0/0/0/0"


class Clock:
    def __init__(self):
        self.now = T0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lab(clock):
    return LabDevices(clock=clock)


def up(lab, host, interface):
    port = lab.port(host, interface)
    return port.admin_up, port.up


def changed(changes):
    return [(change.device.name, change.after.name, change.after.up) for change in changes]


def test_a_cut_cable_should_take_both_ends_down_and_neither_admin_down(lab):
    assert changed(lab.cut(TYO, GI01)) == [(TYO, GI01, False), (OSA, GI0000, False)]
    assert up(lab, TYO, GI01) == up(lab, OSA, GI0000) == (True, False)


def test_a_shutdown_should_be_admin_down_here_and_just_down_at_the_other_end(lab):
    assert changed(lab.shutdown(TYO, GI01)) == [(TYO, GI01, False), (OSA, GI0000, False)]
    assert (up(lab, TYO, GI01), up(lab, OSA, GI0000)) == ((False, False), (True, False))


def test_restore_should_mend_the_cable_from_either_end(lab):
    lab.cut(TYO, GI01)
    assert changed(lab.restore(OSA, GI0000)) == [(OSA, GI0000, True), (TYO, GI01, True)]


def test_a_port_shut_down_while_its_cable_is_cut_should_change_without_going_down_again(lab):
    lab.cut(TYO, GI01)
    (change,) = lab.shutdown(TYO, GI01)
    assert (change.before.up, change.after.up, change.after.admin_up) == (False, False, False)


def test_cutting_twice_should_change_nothing_the_second_time(lab):
    assert lab.cut(TYO, GI01)
    assert lab.cut(TYO, GI01) == []


def test_a_port_without_a_peer_in_the_lab_should_go_down_alone(lab):
    assert changed(lab.cut("ex-osa-01", "ge-0/0/1")) == [("ex-osa-01.example.net", "ge-0/0/1", False)]


def test_the_time_of_the_last_change_should_be_kept_and_shown(lab, clock):
    clock.now += 100
    lab.cut(OSA, GI0000)
    clock.now += 75
    assert lab.port(OSA, GI0000).since == T0 + 100
    assert "Last link flapped 00:01:15" in lab.say(OSA, f"show interfaces {GI0000}")


def test_the_log_should_say_what_happened_and_stay_bounded(lab):
    lab.cut(TYO, GI01)
    assert "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down" in lab.say(TYO, "show logging")
    for _ in range(300):
        lab.restore(TYO, GI01)
        lab.cut(TYO, GI01)
    assert len(lab.plant.log(TYO)) == 200


def test_error_counters_should_be_settable(lab):
    lab.count_errors(TYO, GI01, 1203)
    assert "1203 input errors, 1203 CRC" in lab.say(TYO, f"show interfaces {GI01}")


@pytest.mark.parametrize(("host", "interface"), [("nobody", GI01), (TYO, "Gi9/9")])
def test_an_unknown_port_should_be_said_with_what_there_is(lab, host, interface):
    with pytest.raises(UnknownPortError, match=r"there are (rt-tyo-01|GigabitEthernet0/1)"):
        lab.cut(host, interface)


@pytest.mark.parametrize("host", LabDevices().plant.devices)
@pytest.mark.parametrize(
    ("action", "outcome"), [("cut", "confirmed"), ("shutdown", "expected"), ("restore", "cleared")]
)
def test_the_shipped_check_should_judge_what_the_device_shows(lab, host, action, outcome):
    device = lab.plant.device(host)
    interface = device.ports[0]
    if action == "restore":
        lab.cut(host, interface)
    getattr(lab, action)(host, interface)
    check = CHECKS.find("interface_down", device.os)
    by_name = run(check, Subject("interface", name=interface), lambda line: lab.say(host, line))
    index = lab.port(host, interface).ifindex
    by_index = run(check, Subject("interface", ifindex=index), lambda line: lab.say(host, line))
    assert (by_name.outcome, by_index.outcome) == (outcome, outcome)
    assert by_index.subject_name == interface
    assert by_name.evidence


@pytest.mark.parametrize(
    ("host", "reason", "shown"),
    [
        (TYO, "bpduguard", "err-disabled: bpduguard"),
        (SW, "linkFlapErrDisabled", "the switch disabled it (linkFlapErrDisabled)"),
        ("leaf-tyo-01", "bpduguard", "errdisabled: bpduguard"),
    ],
)
def test_an_err_disabled_port_should_be_judged_with_its_reason(lab, host, reason, shown):
    device = lab.plant.device(host)
    lab.err_disable(host, device.ports[0], reason)
    check = CHECKS.find("interface_down", device.os)
    verdict = run(check, Subject("interface", name=device.ports[0]), lambda line: lab.say(host, line))
    assert verdict.outcome == "confirmed"
    assert shown in verdict.reason


@pytest.mark.parametrize(
    ("host", "complaint"),
    [
        (TYO, "% Invalid input detected at '^' marker."),
        (OSA, "% Invalid input detected at '^' marker."),
        (SW, "% Invalid command at '^' marker."),
        ("leaf-tyo-01", "% Invalid input"),
        ("ex-osa-01", "unknown command."),
        ("frr-tyo-01", "% Unknown command: show rubbish"),
    ],
)
def test_an_unknown_command_should_be_refused_in_the_devices_own_words(lab, host, complaint):
    assert complaint in lab.say(host, "show rubbish")
    assert complaint in lab.say(host, "show rubbish | include x").replace(" | include x", "")


def test_pipes_should_filter_as_on_the_devices(lab):
    lab.cut("ex-osa-01", "ge-0/0/0")
    lab.cut("ex-osa-01", "ge-0/0/1")
    said = lab.say("ex-osa-01", "show log messages | match LINK_DOWN | last 1")
    assert re.fullmatch(r"Nov 22 16:00:00  ex-osa-01 mib2d.*ifName ge-0/0/1", said)
    assert lab.say(TYO, f"show interfaces {GI01} | include line protocol").count("\n") == 0
    assert lab.say(OSA, "show version | utility head -n 1") == "Cisco IOS XR Software, Version 7.5.2"


@pytest.mark.parametrize("short", ["Gi0/1", "gigabitethernet0/1", "Gig 0/1", "g0/1"])
def test_an_interface_should_be_known_by_its_short_names(lab, short):
    assert lab.say(TYO, f"show interfaces {short}").startswith("GigabitEthernet0/1 is up")


# --- the command line -------------------------------------------------------------------------------------------


def shell_of(lab, host):
    device = lab.plant.device(host)
    return Shell(device, DIALECTS[device.os], lambda: lab._screen(device), enable_password=ENABLE_PASSWORD)


def test_ios_should_start_unprivileged_and_enable_with_the_password(lab):
    shell = shell_of(lab, TYO)
    assert shell.greeting() == b"\r\nrt-tyo-01>"
    assert shell.feed(b"enable\r") == b"enable\r\nPassword: "
    assert shell.feed(ENABLE_PASSWORD.encode() + b"\r").endswith(b"\r\nrt-tyo-01#")
    assert b"level is 15" in shell.feed(b"show privilege\r")


def test_ios_should_ask_three_times_and_echo_what_was_typed(lab):
    shell = shell_of(lab, TYO)
    shell.feed(b"enable\r")
    assert shell.feed(b"guess-1\r") == b"guess-1\r\nPassword: "
    assert shell.feed(b"guess-2\r").endswith(b"Password: ")
    assert shell.feed(b"guess-3\r") == b"guess-3\r\n% Bad secrets\r\nrt-tyo-01>"


def test_eos_should_refuse_at_once(lab):
    shell = shell_of(lab, "leaf-tyo-01")
    shell.feed(b"enable\r")
    assert shell.feed(b"guess\r") == b"guess\r\n% Bad secret\r\nleaf-tyo-01>"


def test_iosxr_should_stamp_every_answer_until_told_not_to(lab):
    shell = shell_of(lab, OSA)
    assert b"Sun Nov 22 16:00:00.000 UTC\r\nhostname" in shell.feed(b"show running-config hostname\r")
    shell.feed(b"terminal exec prompt no-timestamp\r")
    assert b"UTC" not in shell.feed(b"show running-config hostname\r")


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n", b"\r\x00"])
def test_a_line_should_end_however_the_terminal_ends_it_and_once(lab, ending):
    shell = shell_of(lab, "frr-tyo-01")
    out = shell.feed(b"show version" + ending) + shell.feed(b"show rubbish" + ending)
    assert out.count(b"frr-tyo-01# ") == 2


def test_bytes_should_be_taken_in_any_pieces(lab):
    whole, pieces = shell_of(lab, SW), shell_of(lab, SW)
    typed = b"terminal length 0\rshow interface Ethernet1/1\r"
    assert b"".join(pieces.feed(bytes([byte])) for byte in typed) == whole.feed(typed)


def test_exit_should_close_and_the_rest_be_ignored(lab):
    shell = shell_of(lab, TYO)
    assert b"uptime" not in shell.feed(b"exit\rshow version\r")
    assert shell.closed


def test_an_endless_line_should_not_fill_the_memory(lab):
    shell = shell_of(lab, TYO)
    for _ in range(100):
        shell.feed(b"x" * 10_000)
    assert len(shell._line) <= 4096


@pytest.mark.parametrize(
    ("host", "interface", "command", "up", "lost"),
    [
        (
            "rt-tyo-01",
            "GigabitEthernet0/3",
            "show bgp ipv4 unicast neighbors 192.0.2.4",
            "BGP state = Established",
            "BGP state = Active",
        ),
        (
            "frr-tyo-01",
            "eth2",
            "show bgp neighbors 192.0.2.2 json",
            '"bgpState": "Established"',
            '"bgpState": "Active"',
        ),
    ],
)
def test_a_lost_session_should_be_seen_on_the_device_while_its_port_is_up(host, interface, command, up, lost):
    lab = LabDevices()
    assert up in lab.say(host, command)
    lab.lose_bgp(host, interface)
    assert lost in lab.say(host, command)
    assert lab.port(host, interface).up
    lab.find_bgp(host, interface)
    assert up in lab.say(host, command)


@pytest.mark.parametrize("command", ["show ip ospf neighbor", "show ip ospf neighbor json"])
def test_a_neighbour_that_is_gone_should_not_be_listed(command):
    lab = LabDevices()
    host, interface = ("frr-tyo-01", "eth2") if "json" in command else ("rt-tyo-01", "GigabitEthernet0/1")
    listed = '"ifaceAddress": "192.0.2.2"' if "json" in command else "192.0.2.2 "
    assert listed in lab.say(host, command)
    lab.lose_ospf(host, interface)
    assert listed not in lab.say(host, command)
    lab.find_ospf(host, interface)
    lab.cut(host, interface)
    assert listed not in lab.say(host, command), "a neighbour goes with its link"


@pytest.mark.parametrize(
    ("host", "interface", "os_name"),
    [("rt-tyo-01", "GigabitEthernet0/1", "ios"), ("rt-osa-01", "GigabitEthernet0/0/0/0", "iosxr")],
)
def test_a_bent_fibre_should_be_seen_by_the_check_while_the_port_is_up(host, interface, os_name):
    lab = LabDevices()
    check = CHECKS.find("optics_threshold", os_name)
    subject = Subject("interface", name=interface)

    def verdict():
        return run(check, subject, lambda line: lab.say(host, line))

    assert verdict().outcome == "cleared"
    lab.dim(host, interface)
    assert (verdict().outcome, verdict().facts["low"]) == ("confirmed", "rx")
    assert lab.port(host, interface).up
    assert lab.port(host, interface).peer is not None
