"""Cisco IOS-XE, IOS-XR and NX-OS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import PRIVILEGED, Dialect, Enable, Screen, clock, command, fixed
from fannel.lab.devices.neighbors import neighbor_of
from fannel.lab.devices.optics import ios_transceiver, xr_optics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fannel.lab.devices.plant import Change, Port


def _mac(port: Port) -> str:
    return f"5254.0012.{port.ifindex & 0xFFFF:04x}"


# --- IOS-XE -----------------------------------------------------------------------------------------------------


def _ios_interface(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    if port is None:
        return None
    link = {"admin": "administratively down"}.get(port.why_down, "up" if port.up else "down")
    note = " (err-disabled)" if port.why_down == "err-disable" else ""
    last = "00:00:00" if port.up else screen.ago(port.since)
    return f"""\
{port.name} is {link}, line protocol is {"up" if port.up else "down"}{note}
  Hardware is CSR vNIC, address is {_mac(port)} (bia {_mac(port)})
  Description: {port.description}
  Internet address is 192.0.2.{port.ifindex & 0xFF}/31
  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,
     reliability 255/255, txload 1/255, rxload 1/255
  Encapsulation ARPA, loopback not set
  Keepalive set (10 sec)
  Full Duplex, 1000Mbps, link type is auto, media type is Virtual
  output flow-control is unsupported, input flow-control is unsupported
  ARP type: ARPA, ARP Timeout 04:00:00
  Last input {last}, output {last}, output hang never
  Last clearing of "show interface" counters never
  Input queue: 0/375/0/0 (size/max/drops/flushes); Total output drops: 0
  Queueing strategy: fifo
  Output queue: 0/40 (size/max)
  5 minute input rate 0 bits/sec, 0 packets/sec
  5 minute output rate 0 bits/sec, 0 packets/sec
     1203 packets input, 120300 bytes, 0 no buffer
     Received 0 broadcasts (0 IP multicasts)
     0 runts, 0 giants, 0 throttles
     {port.crc} input errors, {port.crc} CRC, 0 frame, 0 overrun, 0 ignored
     0 watchdog, 0 multicast, 0 pause input
     900 packets output, 90000 bytes, 0 underruns
     Output 0 broadcasts (0 IP multicasts)
     0 output errors, 0 collisions, {port.flaps} interface resets
     0 unknown protocol drops
     0 babbles, 0 late collision, 0 deferred
     0 lost carrier, 0 no carrier, 0 pause output
     0 output buffer failures, 0 output buffers swapped out"""


def _ios_err_disabled(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    if port is None:
        return None
    head = "\nPort      Name               Status       Reason               Err-disabled Vlans"
    row = f"{_short(port.name):<10}{port.description[:18]:<19}err-disabled {port.err_disabled}"
    return f"{head}\n{row}" if port.err_disabled else head


def _ios_version(screen: Screen, _match: re.Match[str]) -> str:
    return f"""\
Cisco IOS XE Software, Version 17.09.04a
Cisco IOS Software [Cupertino], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.9.4a, RELEASE SOFTWARE
ROM: IOS-XE ROMMON
{screen.device.hostname} uptime is 3 weeks, 2 days, 4 hours, 12 minutes
System image file is "bootflash:packages.conf"
cisco C8000V (VXE) processor (revision VXE) with 2028465K/3075K bytes of memory.
Configuration register is 0x2102"""


def _ios_indices(screen: Screen, _match: re.Match[str]) -> str:
    return "\n".join(f"{port.name}: Ifindex = {port.ifindex}" for port in screen.ports)


def _ios_log(screen: Screen, _match: re.Match[str]) -> str:
    head = "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns)\n"
    return "\n".join((head, "Log Buffer (4096 bytes):\n", *screen.log))


def _ios_bgp_neighbor(screen: Screen, match: re.Match[str]) -> str:
    for neighbor in map(neighbor_of, screen.ports):
        if neighbor.address == match["peer"]:
            up = neighbor.bgp_state == "established"
            shut = " Administratively shut down\n" if neighbor.bgp_shut else ""
            router_id = neighbor.router_id if up else "0.0.0.0"  # noqa: S104  (what IOS says)
            return f"""\
BGP neighbor is {neighbor.address},  remote AS {neighbor.asn}, external link
{shut}  BGP version 4, remote router ID {router_id}
  BGP state = {neighbor.bgp_state.capitalize()}{", up for 00:01:00" if up else ""}
  Connections established 4; dropped {3 if up else 4}
  Last reset 00:00:09, due to {"Admin. shutdown" if shut else "BGP Notification sent"} of session 1
  {"Connection state is ESTAB, I/O status: 1, unread input bytes: 0" if up else "No active TCP connection"}"""
    return "% No such neighbor or address family"


def _ios_ospf_neighbors(screen: Screen, _match: re.Match[str]) -> str:
    full = [(port, neighbor_of(port)) for port in screen.ports if neighbor_of(port).ospf_full]
    if not full:
        return ""
    head = "\nNeighbor ID     Pri   State           Dead Time   Address         Interface\n"
    return head + "\n".join(
        f"{neighbor.router_id:<16}{0:>3}   {'FULL/  -':<16}{'00:00:36':<12}{neighbor.address:<16}{port.name}"
        for port, neighbor in full
    )


def _ios_running_config(screen: Screen, _match: re.Match[str]) -> str:
    """Somebody who shuts a port down changes the configuration; before that it is as it was weeks ago."""
    changed = max((port.since for port in screen.ports if not port.admin_up), default=screen.now - 20 * 86_400)
    return f"! Last configuration change at {clock('%H:%M:%S UTC %a %b %d %Y', changed)} by alice\n!\nend"


def _ios_log_lines(change: Change) -> Iterator[str]:
    at, name, state = clock("*%b %d %H:%M:%S.%f", change.at), change.after.name, "up" if change.after.up else "down"
    why = change.after.why_down
    if why == "err-disable":
        reason, short = change.after.err_disabled, _short(name)
        yield f"{at}: %PM-4-ERR_DISABLE: {reason} error detected on {short}, putting {short} in err-disable state"
    if why == "admin":
        yield f"{at}: %LINK-5-CHANGED: Interface {name}, changed state to administratively down"
    else:
        yield f"{at}: %LINK-3-UPDOWN: Interface {name}, changed state to {state}"
    if change.before.up != change.after.up:
        yield f"{at}: %LINEPROTO-5-UPDOWN: Line protocol on Interface {name}, changed state to {state}"


def _short(name: str) -> str:
    return re.sub(r"^([A-Za-z]{2})[a-z]+", r"\1", name, flags=re.IGNORECASE)


_IOS_TIME = "%H:%M:%S.%f UTC %a %b %d %Y"

IOS = Dialect(
    prompt=lambda device, level: device.hostname + ("#" if level == PRIVILEGED else ">"),
    commands=(
        command(r"terminal (length|width) \d+", fixed("")),
        command(r"show privilege", lambda screen, _: f"Current privilege level is {screen.level}"),
        command(r"show version", _ios_version),
        command(r"show inventory", fixed('NAME: "Chassis", DESCR: "Cisco Catalyst 8000V Edge Chassis"\nPID: C8000V')),
        command(r"show snmp mib ifmib ifindex", _ios_indices),
        command(r"show bgp ipv4 unicast neighbors (?P<peer>\S+)", _ios_bgp_neighbor),
        command(r"show clock", lambda screen, _: f"*{clock(_IOS_TIME, screen.now)}"),
        command(r"show running-config", _ios_running_config),
        command(r"show ip ospf", fixed(' Routing Process "ospf 1" with ID 203.0.113.1')),
        command(r"show ip ospf neighbor", _ios_ospf_neighbors),
        command(r"show logging", _ios_log),
        command(r"show interfaces (?P<name>\S+) status err-disabled", _ios_err_disabled),
        command(r"show interfaces (?P<name>\S+) transceiver detail", ios_transceiver),
        command(r"show interfaces? (?P<name>\S+|\S+ [\d/.]+)", _ios_interface),
    ),
    invalid=lambda line: f"{' ' * min(len(line), 8)}^\n% Invalid input detected at '^' marker.\n",
    log_lines=_ios_log_lines,
    enable=Enable(tries=3, refusal="% Bad secrets\n"),
)


# --- IOS-XR -----------------------------------------------------------------------------------------------------


def _xr_interface(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    if port is None:
        return None
    state = "administratively down" if port.why_down == "admin" else "up" if port.up else "down"
    return f"""\
{port.name} is {state}, line protocol is {state}
  Interface state transitions: {port.flaps}
  Hardware is GigabitEthernet, address is {_mac(port)} (bia {_mac(port)})
  Description: {port.description}
  Internet address is 192.0.2.{port.ifindex & 0xFF}/31
  MTU 1514 bytes, BW 1000000 Kbit (Max: 1000000 Kbit)
     reliability 255/255, txload 0/255, rxload 0/255
  Encapsulation ARPA,
  Full-duplex, 1000Mb/s, link type is force-up
  output flow control is off, input flow control is off
  loopback not set,
  Last link flapped {screen.ago(port.since)}
  ARP type ARPA, ARP timeout 04:00:00
  Last input 00:00:00, output 00:00:00
  Last clearing of "show interface" counters never
  5 minute input rate 0 bits/sec, 0 packets/sec
  5 minute output rate 0 bits/sec, 0 packets/sec
     1203 packets input, 120300 bytes, 0 total input drops
     0 drops for unrecognized upper-level protocol
     Received 0 broadcast packets, 0 multicast packets
              0 runts, 0 giants, 0 throttles, 0 parity
     {port.crc} input errors, {port.crc} CRC, 0 frame, 0 overrun, 0 ignored, 0 abort
     900 packets output, 90000 bytes, 0 total output drops
     Output 0 broadcast packets, 0 multicast packets
     0 output errors, 0 underruns, 0 applique, 0 resets
     0 output buffer failures, 0 output buffers swapped out
     {port.flaps} carrier transitions
"""


def _xr_version(screen: Screen, _match: re.Match[str]) -> str:
    return f"""\
Cisco IOS XR Software, Version 7.5.2
Copyright (c) 2013-2022 by Cisco Systems, Inc.

Build Information:
 Version      : 7.5.2
 Location     : /opt/cisco/XR/packages/

cisco IOS-XRv 9000 () processor
System uptime is 3 weeks 2 days 4 hours 12 minutes
{screen.device.hostname}
"""


def _xr_indices(screen: Screen, _match: re.Match[str]) -> str:
    return "\n".join(f"ifName : {port.name:<24} ifIndex : {port.ifindex}" for port in screen.ports)


def _xr_log_lines(change: Change) -> Iterator[str]:
    at = clock("RP/0/RP0/CPU0:%b %d %H:%M:%S.%f UTC", change.at)
    name, state = change.after.name, "Up" if change.after.up else "Down"
    if change.after.why_down == "admin":
        yield f"{at}: ifmgr[397]: %PKT_INFRA-LINK-5-CHANGED : Interface {name}, changed state to Administratively Down"
    else:
        yield f"{at}: ifmgr[397]: %PKT_INFRA-LINK-3-UPDOWN : Interface {name}, changed state to {state}"
    if change.before.up != change.after.up:
        line = f"%PKT_INFRA-LINEPROTO-5-UPDOWN : Line protocol on Interface {name}, changed state to {state}"
        yield f"{at}: ifmgr[397]: {line}"


IOSXR = Dialect(
    prompt=lambda device, _level: f"RP/0/RP0/CPU0:{device.hostname}#",
    commands=(
        command(r"terminal (length|width) \d+|terminal exec prompt no-timestamp", fixed("")),
        command(r"show version", _xr_version),
        command(
            r"show inventory",
            fixed('NAME: "Rack 0", DESCR: "Cisco XRv9K Centralized Virtual Router"\nPID: R-IOSXRV9000'),
        ),
        command(r"show running-config hostname", lambda screen, _: f"hostname {screen.device.hostname}\n"),
        command(r"show snmp interface", _xr_indices),
        command(r"show logging( last \d+)?", lambda screen, _: "\n".join(screen.log)),
        command(r"show controllers optics (?P<place>\d+(/\d+)+)", xr_optics),
        command(r"show interfaces? (?P<name>\S+|\S+ [\d/.]+)", _xr_interface),
    ),
    invalid=lambda line: f"{' ' * min(len(line), 8)}^\n% Invalid input detected at '^' marker.",
    log_lines=_xr_log_lines,
    stamp=lambda now: clock("%a %b %d %H:%M:%S.%f UTC", now),
    unstamp="terminal exec prompt no-timestamp",
)


# --- NX-OS ------------------------------------------------------------------------------------------------------

_NXOS_REASON = {"admin": "Administratively down", "cable": "Link not connected"}


def _nxos_reason(port: Port) -> str:
    return port.err_disabled or _NXOS_REASON.get(port.why_down, "")


def _nxos_interface(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    if port is None:
        return None
    return f"""\
{port.name} is {"up" if port.up else f"down ({_nxos_reason(port)})"}
admin state is {"up" if port.admin_up else "down"}, Dedicated Interface
  Hardware: 100/1000/10000 Ethernet, address: {_mac(port)} (bia {_mac(port)})
  Description: {port.description}
  Internet Address is 192.0.2.{port.ifindex & 0xFF}/31
  MTU 1500 bytes, BW 1000000 Kbit, DLY 10 usec
  reliability 255/255, txload 1/255, rxload 1/255
  Encapsulation ARPA, medium is broadcast
  full-duplex, 1000 Mb/s
  Beacon is turned off
  Auto-Negotiation is turned on  FEC mode is Auto
  Input flow-control is off, output flow-control is off
  Auto-mdix is turned off
  Switchport monitor is off
  EtherType is 0x8100
  EEE (efficient-ethernet) : n/a
  Last link flapped {screen.ago(port.since)}
  Last clearing of "show interface" counters never
  {port.flaps} interface resets
  RX
    1203 unicast packets  0 multicast packets  0 broadcast packets
    1203 input packets  120300 bytes
    {port.crc} input error  0 short frame  0 overrun   0 underrun  0 ignored
  TX
    900 unicast packets  0 multicast packets  0 broadcast packets
    900 output packets  90000 bytes
    0 output error  0 collision  0 deferred  0 late collision
"""


def _nxos_version(screen: Screen, _match: re.Match[str]) -> str:
    return f"""\
Cisco Nexus Operating System (NX-OS) Software
Software
  BIOS: version
 NXOS: version 9.3(8)
  NXOS image file is: bootflash:///nxos.9.3.8.bin

Hardware
  cisco Nexus9000 C9300v Chassis
  Device name: {screen.device.hostname}
Kernel uptime is 23 day(s), 4 hour(s), 12 minute(s), 7 second(s)
"""


def _nxos_indices(screen: Screen, _match: re.Match[str]) -> str:
    rule = "-" * 80
    rows = (f"{port.name.replace('Ethernet', 'Eth'):<14}{port.ifindex:<14}({port.ifindex:#x})" for port in screen.ports)
    return "\n".join((rule, "Port          IFMIB Ifindex (hex)", rule, *rows))


def _nxos_log_lines(change: Change) -> Iterator[str]:
    at, name = clock("%Y %b %d %H:%M:%S", change.at) + f" {change.device.hostname}", change.after.name
    if change.after.up:
        yield f"{at} %ETHPORT-5-IF_UP: Interface {name} is up in mode routed"
        return
    code = {"admin": "IF_DOWN_ADMIN_DOWN", "err-disable": "IF_DOWN_ERROR_DISABLED"}.get(change.after.why_down)
    why = "Link failure" if change.after.why_down == "cable" else _nxos_reason(change.after)
    yield f"{at} %ETHPORT-5-{code or 'IF_DOWN_LINK_FAILURE'}: Interface {name} is down ({why})"


NXOS = Dialect(
    prompt=lambda device, _level: f"{device.hostname}# ",
    commands=(
        command(r"terminal (length|width) \d+", fixed("")),
        command(r"show privilege", fixed("User name: admin\nCurrent privilege level: -1\nFeature privilege: Disabled")),
        command(r"show version", _nxos_version),
        command(
            r"show inventory", fixed('NAME: "Chassis",  DESCR: "Nexus9000 C9300v Chassis"\nPID: N9K-C9300v ,  VID:  ,')
        ),
        command(r"show interface snmp-ifindex", _nxos_indices),
        command(r"show logging( last \d+| logfile)?", lambda screen, _: "\n".join(screen.log)),
        command(r"show interface (?P<name>\S+|\S+ [\d/.]+)", _nxos_interface),
    ),
    invalid=lambda line: f"{' ' * min(len(line), 8)}^\n% Invalid command at '^' marker.",
    log_lines=_nxos_log_lines,
)
