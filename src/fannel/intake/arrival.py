"""Which of our addresses a datagram came to, so that its answer goes out from there.

A socket on every address of a machine answers from whichever address the route back suggests, and a sender takes no
answer from an address that it has not asked, nor does a firewall between. So the kernel is asked to say of each where
it came to (IP_PKTINFO of ip(7), IPV6_RECVPKTINFO of RFC 3542 §6.1), and is told the same of the answer::

    control message:  length, level, type | in_pktinfo:  interface 4, local address 4, destination 4
                                          | in6_pktinfo: destination 16, interface 4
"""

from __future__ import annotations

import socket
import struct

_IP_PKTINFO = 8  # not in Python's socket module before 3.14
_INFO_4 = struct.Struct("@I4s4s")
_INFO_6 = struct.Struct("@16sI")
_HEADER_OCTETS = socket.CMSG_LEN(0)

Ancillary = list[tuple[int, int, bytes]]


def tell_arrivals(sock: socket.socket) -> None:
    """Let the kernel say of every datagram where it came to; before the socket is bound, lest it misses one."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def arrival_octets(family: int) -> int:
    """What that takes of each datagram."""
    return socket.CMSG_SPACE(_INFO_6.size if family == socket.AF_INET6 else _INFO_4.size)


def way_back(family: int, arrival: bytes) -> Ancillary:
    """For `sendmsg`: an answer goes out from where the kernel said that a datagram came to."""
    if family != socket.AF_INET6:
        # The local address, which is the destination but for a broadcast.
        _, local, _ = _INFO_4.unpack_from(arrival, _HEADER_OCTETS)
        return [(socket.IPPROTO_IP, _IP_PKTINFO, _INFO_4.pack(0, local, bytes(4)))]
    local, interface = _INFO_6.unpack_from(arrival, _HEADER_OCTETS)
    # Elsewhere the route says by which interface: a network may be left by another than it is entered by.
    link_local = local[0] == 0xFE and local[1] & 0xC0 == 0x80
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _INFO_6.pack(local, interface if link_local else 0))]
