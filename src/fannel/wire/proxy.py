r"""The PROXY protocol, version 2: what a load balancer puts in front of a datagram to say who sent it; pure.

    octet   0            12       13       14      16                    16 + len
          +------------+--------+--------+-------+---------------------+---------- -
          | signature  | ver cmd| fam tr |  len  | addresses | TLVs …  | the datagram as it was sent …
          +------------+--------+--------+-------+---------------------+---------- -
    signature  0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A  ("\r\n\r\n\0\r\nQUIT\n"; no BER begins so)
    ver cmd    2 and the command: 0 LOCAL (the load balancer itself speaks), 1 PROXY (for another)
    fam tr     0 unspecified, 1 AF_INET, 2 AF_INET6, 3 AF_UNIX; and 0 unspecified, 1 STREAM, 2 DGRAM
    addresses  AF_INET:  source (4), destination (4), source port (2), destination port (2)
               AF_INET6: source (16), destination (16), source port (2), destination port (2)
    TLV        type (1), length (2), value

Source: HAProxy's doc/proxy-protocol.txt, §2.2. What it lets a receiver ignore is ignored: the destination, AF_UNIX
(names nobody on a network), and every TLV, a CRC32c among them: UDP has a checksum of its own.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final, NamedTuple

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"

_FIXED = struct.Struct("!12sBBH")
_TLV_HEAD = struct.Struct("!BH")
_VERSION = 2
_LOCAL, _PROXY = 0, 1
_INET, _INET6, _UNIX = 1, 2, 3
_UNSPECIFIED, _DGRAM = 0, 2
# How long an address of the family is; what stands between two of them and the TLVs are two ports of two octets.
_ADDRESS_OCTETS = {_INET: 4, _INET6: 16}
_UNIX_OCTETS = 216


class ProxyError(ValueError):
    """The header cannot be relied on. The text says what is wrong with it."""


class Proxied(NamedTuple):
    """What a header says. `source` is None where the load balancer speaks for itself or does not say for whom."""

    source: str | None
    source_port: int
    payload: bytes


def is_proxied(datagram: bytes) -> bool:
    """Whether a header stands in front. False for all that SNMP and syslog send."""
    return datagram.startswith(SIGNATURE)


def parse(datagram: bytes) -> Proxied:
    """Who sent what stands behind the header. An IPv4 address in IPv6 clothes is the IPv4 address.

    Raises:
        ProxyError: There is no such header, or one that is cut short, contradicts itself or is of no known kind.
    """
    if len(datagram) < _FIXED.size:
        raise ProxyError(f"{len(datagram)} octets, and a header has at least {_FIXED.size}")
    signature, version_command, family_transport, length = _FIXED.unpack_from(datagram)
    if signature != SIGNATURE:
        raise ProxyError("no PROXY protocol header of version 2")
    version, command = divmod(version_command, 16)
    if version != _VERSION:
        raise ProxyError(f"version {version}, and the binary header has version {_VERSION}")
    end = _FIXED.size + length
    if end > len(datagram):
        raise ProxyError(f"a header of {end} octets in a datagram of {len(datagram)}")
    payload = datagram[end:]
    if command == _LOCAL:
        return Proxied(None, 0, payload)  # family and addresses are to be ignored
    if command != _PROXY:
        raise ProxyError(f"command {command} is not assigned")
    family, transport = divmod(family_transport, 16)
    if family > _UNIX or transport > _DGRAM:
        raise ProxyError(f"family {family} with transport {transport} is not assigned")
    if _UNSPECIFIED in (family, transport):
        return Proxied(None, 0, payload)
    return _addressed(datagram[_FIXED.size : end], family, payload)


def _addressed(block: bytes, family: int, payload: bytes) -> Proxied:
    size = _ADDRESS_OCTETS.get(family)
    needed = _UNIX_OCTETS if size is None else 2 * size + 4
    if len(block) < needed:
        raise ProxyError(f"{len(block)} octets of addresses, and family {family} has {needed}")
    _check_tlvs(block, needed)
    if size is None:
        return Proxied(None, 0, payload)
    source = ipaddress.ip_address(block[:size])
    port = int.from_bytes(block[2 * size : 2 * size + 2], "big")
    return Proxied(str(getattr(source, "ipv4_mapped", None) or source), port, payload)


def _check_tlvs(block: bytes, start: int) -> None:
    """That the TLVs end where the header does: if not, its length is wrong, and the datagram begins elsewhere."""
    while start < len(block):
        if start + _TLV_HEAD.size > len(block):
            raise ProxyError("a TLV is cut short")
        _, length = _TLV_HEAD.unpack_from(block, start)
        start += _TLV_HEAD.size + length
    if start > len(block):
        raise ProxyError("a TLV is longer than the header")
