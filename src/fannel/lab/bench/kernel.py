"""What the kernel says it dropped: per socket (/proc/net/udp) and on the whole machine (/proc/net/snmp)."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC_NET = Path("/proc/net")


def socket_drops(port: int, proc_net: Path = _PROC_NET) -> int:
    """Datagrams dropped because the buffers of the sockets bound to this port were full."""
    return sum(drops for bound, drops in _sockets(proc_net) if bound == port)


def _sockets(proc_net: Path) -> Iterator[tuple[int, int]]:
    for name in ("udp", "udp6"):
        try:
            lines = (proc_net / name).read_text().splitlines()
        except FileNotFoundError:  # a machine without IPv6
            continue
        for line in lines[1:]:
            columns = line.split()
            yield int(columns[1].rpartition(":")[2], 16), int(columns[-1])


def receive_errors(proc_net: Path = _PROC_NET) -> int:
    """Datagrams any socket of this network namespace could not take since it was made, IPv4 and IPv6."""
    names, values = (
        line.split()[1:] for line in (proc_net / "snmp").read_text().splitlines() if line.startswith("Udp:")
    )
    errors = int(dict(zip(names, values, strict=True))["RcvbufErrors"])
    try:
        six = dict(line.split() for line in (proc_net / "snmp6").read_text().splitlines())
    except FileNotFoundError:
        return errors
    return errors + int(six.get("Udp6RcvbufErrors", 0))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
