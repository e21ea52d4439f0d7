"""Sockets to receive on: bound with the largest buffer the kernel grants, or an error that says what would help.

A listener knows how much it got and answers from the address that was asked.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import socket
from typing import TYPE_CHECKING, NamedTuple

from fannel.config.address import Address
from fannel.intake.arrival import arrival_octets, tell_arrivals, way_back
from fannel.intake.datagram import STREAMS, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DATAGRAM = 65_535
WANTED_SO_RCVBUF = 32 * 2**20
# Not in Python's socket module: like SO_RCVBUF, but whoever has CAP_NET_ADMIN is not held to net.core.rmem_max.
_SO_RCVBUFFORCE = 33


class Keys(NamedTuple):
    """Which settings say where to listen, for whoever has to change them."""

    host: str
    port: str


_TRAPS = Keys("trap.host (FANNEL_TRAP__HOST)", "trap.port (FANNEL_TRAP__PORT)")
_KEYS = {
    Transport.SNMP_UDP: _TRAPS,
    Transport.SYSLOG_UDP: Keys(*["syslog.udp (FANNEL_SYSLOG__UDP)"] * 2),
    Transport.SYSLOG_TCP: Keys(*["syslog.tcp (FANNEL_SYSLOG__TCP)"] * 2),
    Transport.SYSLOG_TLS: Keys(*["syslog.tls (FANNEL_SYSLOG__TLS)"] * 2),
}
_CALLED = {
    Transport.SNMP_UDP: "udp",
    Transport.SYSLOG_UDP: "syslog udp",
    Transport.SYSLOG_TCP: "syslog tcp",
    Transport.SYSLOG_TLS: "syslog tls",
}
# Connections that the kernel keeps for us while we are busy.
_WAITING = 512
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


class ListenError(OSError):
    """The socket cannot be had. The text names address, port, reason and remedy."""

    def __init__(self, where: str, reason: str, remedy: str) -> None:
        super().__init__(f"{where}: {reason}" + (f": {remedy}" if remedy else ""))
        self.where, self.reason, self.remedy = where, reason, remedy


class Listener:
    """A bound socket. `granted` is how many octets of datagrams the kernel keeps for us, its overhead included."""

    def __init__(self, sock: socket.socket, transport: Transport = Transport.SNMP_UDP) -> None:
        self.socket, self.transport = sock, transport
        host, port, *_ = sock.getsockname()
        self.address = Address(host, port)
        # Linux says double what was set: it reserves as much again for its own records (socket(7)).
        self.granted = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        # How many octets the kernel says of each datagram about where it came to; 0 where that can be one address only.
        self.arrival_octets = arrival_octets(sock.family) if _tells_arrivals(host, transport) else 0

    def send(self, octets: bytes, source: str, source_port: int, arrival: bytes = b"") -> bool:
        """Answer the sender of a datagram; whether the kernel took it. Nobody can tell whether it arrives.

        `arrival` is what the kernel said about where it came to: the answer goes out from there.
        """
        sender = (wire_address(self.socket, source), source_port)
        if arrival:
            try:
                self.socket.sendmsg([octets], way_back(self.socket.family, arrival), 0, sender)
            except OSError:
                pass  # It came to what nobody can send from, as a group's address; or the sender is out of reach.
            else:
                return True
        try:
            self.socket.sendto(octets, sender)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Give the port back."""
        self.socket.close()

    def __str__(self) -> str:
        return f"{_CALLED[self.transport]} {self.address}"


def open_listeners(
    addresses: Sequence[Address],
    *,
    so_rcvbuf: int,
    reuse_port: bool = False,
    transport: Transport = Transport.SNMP_UDP,
) -> list[Listener]:
    """All of them or none; raises ListenError. `::` hears IPv4 too, unless an IPv4 listener has that port."""
    opened: list[Listener] = []
    try:
        for address in addresses:
            v6_only = any(other.port == address.port and "." in other.host for other in addresses)
            sock = bind(*address, so_rcvbuf=so_rcvbuf, reuse_port=reuse_port, v6_only=v6_only, transport=transport)
            opened.append(Listener(sock, transport))
            if transport in STREAMS:
                _listen(opened[-1])
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    return opened


def bind(
    host: str,
    port: int,
    *,
    so_rcvbuf: int = WANTED_SO_RCVBUF,
    reuse_port: bool = False,
    v6_only: bool = False,
    transport: Transport = Transport.SNMP_UDP,
) -> socket.socket:
    """A socket on that address, with up to `so_rcvbuf` octets of receive buffer; raises ListenError.

    No host: every address of this machine.
    """
    keys, stream = _KEYS[transport], transport in STREAMS
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    where = f"{'TCP' if stream else 'UDP'} {Address(host, port)}"
    try:
        flags = socket.AI_PASSIVE | socket.AI_NUMERICSERV
        found = socket.getaddrinfo(host or _every_address(), port, type=kind, flags=flags)[0]
    except socket.gaierror as error:
        reason = f"not an address to listen on ({error.strerror})"
        raise ListenError(where, reason, f"set {keys.host}") from None
    try:
        sock = socket.socket(found[0], kind)
    except OSError as error:
        raise ListenError(where, error.strerror or str(error), "listen on an address of another family") from None
    try:
        if stream:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections may linger on this port
        else:
            _ask_for_buffer(sock, so_rcvbuf)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if found[0] == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6_only)
        if _tells_arrivals(found[4][0], transport):
            tell_arrivals(sock)
        sock.setblocking(False)  # noqa: FBT003  (the socket module's own signature)
        sock.bind(found[4])
    except OSError as error:
        sock.close()
        raise ListenError(where, error.strerror or str(error), _remedy(error, keys)) from None
    return sock


def _tells_arrivals(host: str | int, transport: Transport) -> bool:
    """Whether an answer may have to go out from one of several addresses. Syslog is not answered."""
    return transport is Transport.SNMP_UDP and host in _EVERYWHERE


def _listen(listener: Listener) -> None:
    try:
        listener.socket.listen(_WAITING)
    except OSError as error:  # two sockets may bind one TCP port before either listens
        where = f"TCP {listener.address}"
        raise ListenError(where, error.strerror or str(error), _remedy(error, _KEYS[listener.transport])) from None


def _every_address() -> str:
    """What stands for all addresses of this machine, of both families where it has both."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError:
        return "0.0.0.0"  # noqa: S104  (a trap receiver listens to the network)
    return "::"


def _ask_for_buffer(sock: socket.socket, octets: int) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, octets)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)


def _remedy(error: OSError, keys: Keys) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"another process has this port; stop it or set {keys.port}"
        case errno.EACCES:
            key = keys.port.partition(" ")[0]
            return f"ports below 1024 need CAP_NET_BIND_SERVICE; grant it, redirect the port, or set {key}"
        case errno.EADDRNOTAVAIL:
            return f"this machine has no such address; set {keys.host}"
    return ""


@functools.lru_cache(maxsize=4096)
def plain_address(text: str) -> str:
    """`::ffff:192.0.2.1` is 192.0.2.1, and a zone (`%eth0`) is no part of who sent it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


def wire_address(sock: socket.socket, address: str) -> str:
    """An address of either family as that socket can send to it."""
    mapped = sock.family == socket.AF_INET6 and "." in address
    return f"::ffff:{address}" if mapped else address
