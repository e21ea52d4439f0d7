"""The syslog lines of the lab's devices when a link goes down or comes up: what their log shows, as it is on the wire.

IOS numbers its lines and names no host, NX-OS names one before its date, EOS and Junos write RFC 3164. FRR shows
nothing of a link, but the Linux under it says so.
"""

from __future__ import annotations

import itertools
import re
import socket
from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import clock
from fannel.lab.devices.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fannel.lab.devices.plant import Change, Device

_DAEMON, _LOCAL7 = 3, 23
_WARNING, _INFO = 4, 6
_UP_SINCE_S = 1_814_400.0
_SEVERITY = re.compile(r"%[A-Z0-9_-]+?-([0-7])-")
_NXOS = re.compile(r"(\d{4} \w{3} \d\d [\d:]{8}) (\S+) (.*)")
_numbers = itertools.count(521)


def link_lines(change: Change) -> list[bytes]:
    """What this device sends for a change, in order."""
    device = change.device
    lines = _kernel(change) if device.os == "frr" else DIALECTS[device.os].log_lines(change)
    return [_WIRE[device.os](line, device).encode() for line in lines]


def send_link_lines(changes: Iterable[Change], to: tuple[str, int]) -> int:
    """Send the lines of each change over UDP, from its device's own address. Returns how many.

    Raises:
        OSError: The address is not there to send from, or a line cannot be sent.
    """
    sent = 0
    for change in changes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((change.device.source, 0))
            for line in link_lines(change):
                sender.sendto(line, to)
                sent += 1
    return sent


def send_line(device: Device, line: str, to: tuple[str, int]) -> None:
    """Send one line of a device's log, from its own address. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((device.source, 0))
        sender.sendto(_WIRE[device.os](line, device).encode(), to)


def _kernel(change: Change) -> Iterable[str]:
    """Linux sees the carrier only: a port that is shut down is told by whoever shut it down, if at all."""
    if change.before.up == change.after.up or not change.after.admin_up:
        return
    port = change.after
    head = clock(f"%b %d %H:%M:%S {change.device.hostname} kernel: ", change.at) + f"[{_UP_SINCE_S:.6f}] "
    yield head + (
        f"IPv6: ADDRCONF(NETDEV_CHANGE): {port.name}: link becomes ready" if port.up else f"{port.name}: link down"
    )


def _local7(line: str) -> str:
    """PRI: what Cisco and Arista send by default."""
    found = _SEVERITY.search(line)
    return f"<{8 * _LOCAL7 + int(found[1] if found else _WARNING)}>"


def _numbered(line: str, _: Device) -> str:
    return f"{_local7(line)}{next(_numbers)}: {line}"


def _nxos(line: str, _: Device) -> str:
    found = _NXOS.fullmatch(line)
    assert found is not None  # noqa: S101  (the dialect's own form)
    return f"{_local7(line)}{found[2]}: {found[1]} UTC: {found[3]}"


def _eos(line: str, _: Device) -> str:
    return f"{_local7(line)}{line}"


def _junos(line: str, _: Device) -> str:
    return f"<{8 * _DAEMON + _WARNING}>{line}"


def _kern(line: str, _: Device) -> str:
    return f"<{_INFO}>{line}"


_WIRE: dict[str, Callable[[str, Device], str]] = {
    "ios": _numbered,
    "iosxr": _numbered,
    "nxos": _nxos,
    "eos": _eos,
    "junos": _junos,
    "frr": _kern,
}
