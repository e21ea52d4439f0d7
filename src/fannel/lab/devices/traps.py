"""The linkDown and linkUp the lab's devices really send, each with the varbinds of its operating system.

All are IF-MIB's notifications (RFC 2863 §6); what they carry differs. IOS and IOS-XR leave out the two statuses and
add a reason unless told `snmp-server trap link ietf`; NX-OS and Junos add a name; EOS and net-snmp send the index
and the statuses alone.
"""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fannel.lab.devices.plant import Change

_LINK_DOWN, _LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"

_IF_ENTRY = "1.3.6.1.2.1.2.2.1"
_IF_INDEX, _IF_DESCR, _IF_TYPE = f"{_IF_ENTRY}.1", f"{_IF_ENTRY}.2", f"{_IF_ENTRY}.3"
_IF_ADMIN_STATUS, _IF_OPER_STATUS = f"{_IF_ENTRY}.7", f"{_IF_ENTRY}.8"
_IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
_LOC_IF_REASON = "1.3.6.1.4.1.9.2.2.1.1.20"  # OLD-CISCO-INTERFACES-MIB
_ETHERNET_CSMACD = 6  # IANAifType

_ENTERPRISES = {
    "junos": "1.3.6.1.4.1.2636.1.1.1.2.63",  # a Juniper EX switch
    "frr": "1.3.6.1.4.1.8072.3.2.10",  # net-snmp on Linux
}

_UP_SINCE_TICKS = 3 * 7 * 24 * 3600 * 100  # the lab's devices have been up for three weeks


def uptime_ticks(at: float) -> int:
    """The sysUpTime of every device of the lab at that time: one that fell would say that the device restarted."""
    return (_UP_SINCE_TICKS + int(at * 100)) % 2**32


def link_varbinds(change: Change) -> list[WireVarBind]:
    """What this device puts into its linkDown or linkUp after sysUpTime and snmpTrapOID."""
    return _VARBINDS[change.device.os](change)


def link_trap(change: Change, *, community: bytes = b"public", request_id: int = 1) -> bytes:
    """The datagram for a port that went up or down."""
    return encode_trap(
        _LINK_UP if change.after.up else _LINK_DOWN,
        link_varbinds(change),
        community=community,
        request_id=request_id,
        uptime_ticks=uptime_ticks(change.at),
        enterprise=_ENTERPRISES.get(change.device.os),
    )


def send_link_traps(changes: Iterable[Change], to: tuple[str, int], *, community: bytes = b"public") -> int:
    """Send one trap for each port that went up or down, from its device's own address. Returns how many.

    Raises:
        OSError: The address is not there to send from, or the datagram cannot be sent.
    """
    sent = 0
    for change, request_id in zip(changes, itertools.count(1)):
        if change.before.up == change.after.up:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((change.device.source, 0))
            sender.sendto(link_trap(change, community=community, request_id=request_id), to)
        sent += 1
    return sent


def _integer(change: Change, column: str, value: int) -> WireVarBind:
    return WireVarBind(f"{column}.{change.after.ifindex}", ValueType.INTEGER, value)


def _text(change: Change, column: str, value: str) -> WireVarBind:
    return WireVarBind(f"{column}.{change.after.ifindex}", ValueType.OCTET_STRING, value.encode())


def _index(change: Change) -> WireVarBind:
    return _integer(change, _IF_INDEX, change.after.ifindex)


def _statuses(change: Change) -> list[WireVarBind]:
    up, down = 1, 2
    return [
        _integer(change, _IF_ADMIN_STATUS, up if change.after.admin_up else down),
        _integer(change, _IF_OPER_STATUS, up if change.after.up else down),
    ]


def _cisco_classic(change: Change) -> list[WireVarBind]:
    reason = "up" if change.after.up else "administratively down" if change.after.why_down == "admin" else "down"
    return [
        _index(change),
        _text(change, _IF_DESCR, change.after.name),
        _integer(change, _IF_TYPE, _ETHERNET_CSMACD),
        _text(change, _LOC_IF_REASON, reason),
    ]


def _standard(change: Change) -> list[WireVarBind]:
    return [_index(change), *_statuses(change)]


_VARBINDS: dict[str, Callable[[Change], list[WireVarBind]]] = {
    "ios": _cisco_classic,
    "iosxr": _cisco_classic,
    "nxos": lambda change: [*_standard(change), _text(change, _IF_DESCR, change.after.name)],
    "eos": _standard,
    "junos": lambda change: [*_standard(change), _text(change, _IF_NAME, change.after.name)],
    "frr": _standard,
}
