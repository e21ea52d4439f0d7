"""The syslog lines of the lab's devices when a link goes down or comes up: what their log shows, as it is on the wire.

IOS numbers its lines and names no host, NX-OS names one before its date, EOS and Junos write RFC 3164. FRR says nothing
of a link.
"""

from __future__ import annotations

import itertools
import re
import socket
from typing import TYPE_CHECKING

from fannel.lab.devices.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fannel.lab.devices.plant import Change, Device

_DAEMON, _LOCAL7 = 3, 23
_WARNING = 4
_SEVERITY = re.compile(r"%[A-Z0-9_-]+?-([0-7])-")
_NXOS = re.compile(r"(\d{4} \w{3} \d\d [\d:]{8}) (\S+) (.*)")
_numbers = itertools.count(521)


def link_lines(change: Change) -> list[bytes]:
    """What this device sends for a change, in order."""
    return [
        _WIRE[change.device.os](line, change.device).encode() for line in DIALECTS[change.device.os].log_lines(change)
    ]


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


_WIRE: dict[str, Callable[[str, Device], str]] = {
    "ios": _numbered,
    "iosxr": _numbered,
    "nxos": _nxos,
    "eos": _eos,
    "junos": _junos,
    "frr": _junos,
}
