"""Juniper Junos (operational mode)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import Dialect, Screen, clock, command, fixed

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from fannel.lab.devices.plant import Change, Port


def _physical(port: Port, screen: Screen) -> str:
    down = "" if port.up else " Down"
    alarms = "None" if port.up else "LINK"
    flapped = clock("%Y-%m-%d %H:%M:%S UTC", port.since) + f" ({screen.ago(port.since)} ago)"
    mac = f"52:54:00:aa:{port.ifindex >> 8 & 0xFF:02x}:{port.ifindex & 0xFF:02x}"
    return f"""\
Physical interface: {port.name}, {"Enabled" if port.admin_up else "Administratively down"}, Physical link is {
        "Up" if port.up else "Down"
    }
  Interface index: {port.ifindex - 370}, SNMP ifIndex: {port.ifindex}
  Description: {port.description}
  Link-level type: Ethernet, MTU: 1514, LAN-PHY mode, Speed: 1000mbps, BPDU Error: None, Loop Detect PDU Error: None, \
Ethernet-Switching Error: None, MAC-REWRITE Error: None, Loopback: Disabled, Source filtering: Disabled, \
Flow control: Disabled, Auto-negotiation: Enabled, Remote fault: Online, Media type: Copper
  Device flags   : Present Running{down}
  Interface flags: {"" if port.up else "Hardware-Down "}SNMP-Traps Internal: 0x4000
  Link flags     : None
  CoS queues     : 8 supported, 8 maximum usable queues
  Current address: {mac}, Hardware address: {mac}
  Last flapped   : {flapped}
  Input rate     : 0 bps (0 pps)
  Output rate    : 0 bps (0 pps)
  Active alarms  : {alarms}
  Active defects : {alarms}
  Interface transmit statistics: Disabled
"""


def _interface(screen: Screen, match: re.Match[str]) -> str:
    name = match["name"]
    port = screen.port(name)
    return f"error: device {name} not found" if port is None else _physical(port, screen)


def _by_index(screen: Screen, match: re.Match[str]) -> str:
    return "\n".join(_physical(port, screen) for port in screen.ports if port.ifindex == int(match[1]))


def _version(screen: Screen, _match: re.Match[str]) -> str:
    return f"Hostname: {screen.device.hostname}\nModel: ex4300-48t\nJunos: 21.4R3.15\nJUNOS EX  Software Suite\n"


def _terse(screen: Screen, _match: re.Match[str]) -> str:
    rows = (
        f"{port.name:<24}{'up' if port.admin_up else 'down':<6}{'up' if port.up else 'down'}" for port in screen.ports
    )
    return "\n".join(("Interface               Admin Link Proto    Local                 Remote", *rows))


def _log_lines(change: Change) -> Iterator[str]:
    port = change.after
    admin, oper = "up(1)" if port.admin_up else "down(2)", "up(1)" if port.up else "down(2)"
    tag = "SNMP_TRAP_LINK_UP" if port.up else "SNMP_TRAP_LINK_DOWN"
    at = clock("%b %d %H:%M:%S", change.at) + f"  {change.device.hostname} mib2d[2424]"
    yield f"{at}: {tag}: ifIndex {port.ifindex}, ifAdminStatus {admin}, ifOperStatus {oper}, ifName {port.name}"


JUNOS = Dialect(
    prompt=lambda device, _level: f"admin@{device.hostname}> ",
    commands=(
        command(r"set cli (timestamp disable|complete-on-space off|screen-(?:length|width) \d+)", lambda _, m: _set(m)),
        command(r"show version", _version),
        command(
            r"show chassis hardware", fixed("Hardware inventory:\nChassis                                EX4300-48T\n")
        ),
        command(r"show log messages", lambda screen, _: "\n".join(screen.log)),
        command(r"show interfaces terse", _terse),
        command(r"show interfaces snmp-index (\d+)", _by_index),
        command(r"show interfaces (?P<name>[\w./:-]+)", _interface),
    ),
    invalid=lambda line: f"{' ' * min(len(line), 8)}^\nunknown command.",
    log_lines=_log_lines,
    before_prompt="\n{master:0}\n",
)


def _set(match: re.Match[str]) -> str:
    word, _, value = match[1].rpartition(" ")
    return f"Screen {word.removeprefix('screen-')} set to {value}" if word.startswith("screen") else ""
