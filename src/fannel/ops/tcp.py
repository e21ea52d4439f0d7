"""A TCP port to answer probes on: had, or an error that names it, the setting it comes from and what would help."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from fannel.intake.listen import ListenError

if TYPE_CHECKING:
    from fannel.config.address import Address


def bind(address: Address, setting: str) -> socket.socket:
    """A socket bound to `address` (no host: every address of this machine, both families), not yet listening.

    Raises:
        ListenError: it cannot be had.
    """
    where = f"TCP {address}"
    sock = None
    try:
        flags = socket.AI_PASSIVE | socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        host = address.host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0")  # noqa: S104  (as the user asked)
        family, _, _, _, where_to = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=flags)[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
        # Connections of the process before, which the kernel remembers for a minute, are no reason not to start.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bool(address.host)))
        sock.bind(where_to)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise ListenError(where, error.strerror or str(error), _remedy(error, setting)) from None
    return sock


def listen(sock: socket.socket, address: Address, setting: str, backlog: int) -> None:
    """Open the port to connections. Raises ListenError: another process listens there, and was bound before us."""
    try:
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        raise ListenError(f"TCP {address}", error.strerror or str(error), _remedy(error, setting)) from None


def _remedy(error: OSError, setting: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"another process has this port; stop it or set {setting}"
        case errno.EACCES:
            return f"ports below 1024 need CAP_NET_BIND_SERVICE; set {setting} to a higher one"
        case errno.EADDRNOTAVAIL:
            return f"this machine has no such address; set {setting}"
    return f"set {setting}"
