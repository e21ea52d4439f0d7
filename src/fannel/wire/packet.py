"""From a packet on a link to the IP packet in it: link layers, IPv4, IPv6; pure.

Link layers are those tcpdump meets on routers, servers and laptops: Ethernet (VLAN, QinQ, MPLS, PPPoE, SNAP), Linux
cooked (`-i any`), raw IP (tunnels), BSD loopback, PPP, HDLC, Apple's pktap. IP is recognised by its own first four
bits, whatever the link layer calls it. Link types: https://www.tcpdump.org/linktypes.html
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

UDP = 17


class PacketError(ValueError):
    """A packet that ends too early, or contradicts itself, or is of a link type that is not read."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a fragmented packet: where its payload belongs, and whether more follows."""

    identification: int
    offset: int
    more: bool


@dataclass(frozen=True, slots=True)
class IpPacket:
    """An IP packet; `payload` may be shorter than the `size` octets its header announces (a cut capture)."""

    source: str
    destination: str
    protocol: int
    payload: bytes
    size: int
    fragment: Fragment | None = None


def ip_packet(link_type: int, octets: bytes) -> IpPacket | None:
    """The IP packet inside; None if the link layer carries something else.

    Raises:
        PacketError: The octets end before that is known, contradict themselves, or the link type is not read.
    """
    try:
        start = _ip_start(link_type, octets)
        if start is None:
            return None
        match octets[start] >> 4:
            case 4:
                return _ipv4(octets, start)
            case 6:
                return _ipv6(octets, start)
            case version:
                raise PacketError(f"an IP packet of version {version}")
    except (IndexError, struct.error):
        raise PacketError(f"a packet that ends inside its headers, after {len(octets)} octets") from None


# --- link layers: each gives the place of the IP header, or None ------------------------------------------------
# They look at octets by index or struct, never by slice: where a cut packet ends must be noticed, not read as empty.

_IPV4, _IPV6, _PPPOE = 0x0800, 0x86DD, 0x8864
_VLANS = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})  # 802.1Q, 802.1ad, and two that came before it
_MPLS = frozenset({0x8847, 0x8848})
_PPP_IP = frozenset({0x0021, 0x0057})
_BSD_FAMILIES = frozenset({2, 10, 24, 28, 30})  # AF_INET; AF_INET6 of Linux, NetBSD, FreeBSD, macOS
_PKTAP = 258


def _ip_start(link_type: int, octets: bytes) -> int | None:
    start = 0
    if link_type == _PKTAP:  # a header of its own size that names the link type behind it
        start, _, link_type = struct.unpack_from("<III", octets)
    if link_type not in _LINK_LAYERS:
        raise PacketError(f"link type {link_type} is not read")
    return _LINK_LAYERS[link_type](octets, start)


def _u16(octets: bytes, at: int) -> int:
    return octets[at] << 8 | octets[at + 1]


def _ethernet(octets: bytes, at: int) -> int | None:
    ether_type = _u16(octets, at + 12)
    if ether_type < 0x0600:  # a length: IEEE 802.3 with LLC, and IP only behind SNAP
        if octets[at + 14] != 0xAA or struct.unpack_from("6s", octets, at + 14) != (b"\xaa\xaa\x03\x00\x00\x00",):
            return None
        return _after_ether_type(octets, _u16(octets, at + 20), at + 22)
    return _after_ether_type(octets, ether_type, at + 14)


def _after_ether_type(octets: bytes, ether_type: int, at: int) -> int | None:
    while ether_type in _VLANS:
        ether_type = _u16(octets, at + 2)
        at += 4
    if ether_type in (_IPV4, _IPV6):
        return at
    if ether_type == _PPPOE:
        return _ppp_protocol(octets, at + 6)
    if ether_type in _MPLS:
        while not octets[at + 2] & 1:  # until the bottom of the label stack
            at += 4
        at += 4
        return at if octets[at] >> 4 in (4, 6) else None
    return None


def _ppp_protocol(octets: bytes, at: int) -> int | None:
    if octets[at] & 1:  # compressed to one octet (RFC 1661 §6.5)
        return at + 1 if octets[at] in _PPP_IP else None
    return at + 2 if _u16(octets, at) in _PPP_IP else None


def _ppp(octets: bytes, at: int) -> int | None:
    if octets[at] in (0x0F, 0x8F):  # Cisco HDLC on the same kind of line
        return _cisco_hdlc(octets, at)
    return _ppp_protocol(octets, at + 2 if octets[at] == 0xFF and octets[at + 1] == 0x03 else at)


def _ppp_with_direction(octets: bytes, at: int) -> int | None:
    return _ppp_protocol(octets, at + 2 if octets[at + 1] == 0x03 else at + 1)


def _pppoe(octets: bytes, at: int) -> int | None:
    return _ppp_protocol(octets, at + 6)


def _cisco_hdlc(octets: bytes, at: int) -> int | None:
    return _after_ether_type(octets, _u16(octets, at + 2), at + 4)


def _linux_cooked(octets: bytes, at: int) -> int | None:
    return _after_ether_type(octets, _u16(octets, at + 14), at + 16)


def _linux_cooked_2(octets: bytes, at: int) -> int | None:
    return _after_ether_type(octets, _u16(octets, at), at + 20)


def _bsd_loopback(octets: bytes, at: int) -> int | None:
    # The number is in the byte order of whoever captured.
    either = {*struct.unpack_from("<I", octets, at), *struct.unpack_from(">I", octets, at)}
    return at + 4 if either & _BSD_FAMILIES else None


def _raw(_octets: bytes, at: int) -> int | None:
    return at


_LINK_LAYERS: dict[int, Callable[[bytes, int], int | None]] = {
    0: _bsd_loopback,
    1: _ethernet,
    9: _ppp,
    12: _raw,
    14: _raw,
    50: _ppp,
    51: _pppoe,
    101: _raw,
    104: _cisco_hdlc,
    108: _bsd_loopback,
    113: _linux_cooked,
    166: _ppp_with_direction,
    228: _raw,
    229: _raw,
    276: _linux_cooked_2,
}


# --- IP ---------------------------------------------------------------------------------------------------------


def _ipv4(octets: bytes, at: int) -> IpPacket:
    first, total, identification, flags, protocol, source, destination = struct.unpack_from(
        "!BxHHHxB2x4s4s", octets, at
    )
    header = (first & 0x0F) * 4
    total = total or len(octets) - at  # 0: left to the network card (segmentation offload)
    if header < 20 or total < header:
        raise PacketError("an IPv4 header with impossible lengths")
    offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
    return IpPacket(
        str(ipaddress.IPv4Address(source)),
        str(ipaddress.IPv4Address(destination)),
        protocol,
        octets[at + header : at + total],
        total - header,
        Fragment(identification, offset, more) if offset or more else None,
    )


# Hop-by-hop, routing, destination options, mobility, HIP, shim6: next header, length in 8 octets beyond the first 8.
_IPV6_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_IPV6_AUTHENTICATION = 51  # the same with a length in 4 octets, minus 2
_IPV6_FRAGMENT = 44


def _ipv6(octets: bytes, at: int) -> IpPacket:
    size, protocol, source, destination = struct.unpack_from("!4xHBx16s16s", octets, at)
    at += 40
    end = at + size if size else len(octets)  # 0: a jumbogram, or left to the network card
    fragment: Fragment | None = None
    while True:
        if protocol in _IPV6_EXTENSIONS:
            protocol, at = octets[at], at + 8 + octets[at + 1] * 8
        elif protocol == _IPV6_AUTHENTICATION:
            protocol, at = octets[at], at + 8 + octets[at + 1] * 4
        elif protocol == _IPV6_FRAGMENT:
            protocol, bits, identification = struct.unpack_from("!BxHI", octets, at)
            at += 8
            if bits & 0xFFF9:  # an offset, or more to come; else an atomic fragment (RFC 6946): the whole packet
                fragment = Fragment(identification, bits & 0xFFF8, bool(bits & 1))
                break
        else:
            break
    if at > end:
        raise PacketError("IPv6 extension headers longer than their packet")
    return IpPacket(
        str(ipaddress.IPv6Address(source)),
        str(ipaddress.IPv6Address(destination)),
        protocol,
        octets[at:end],
        end - at,
        fragment,
    )
