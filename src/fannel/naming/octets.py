"""OCTET STRINGs as a person reads them, by what the MIB says they are: text, addresses, dates, bits, or octets.

Everything here takes any octets and returns text; what does not fit its own form falls back to a plainer one.
"""

from __future__ import annotations

import ipaddress
import math
import struct
from typing import Final

from fannel.naming import syntax as s
from fannel.naming.display_hint import format_octets, is_text_hint
from fannel.naming.text import hex_octets, printable, text

# InetAddressType (RFC 4001 §3) and the length it gives an InetAddress; `unknown` and `dns` give none.
ADDRESS_TYPES: Final = {0: "unknown", 1: "ipv4", 2: "ipv6", 3: "ipv4z", 4: "ipv6z", 16: "dns"}
ADDRESS_LENGTHS: Final = {"ipv4": 4, "ipv6": 16, "ipv4z": 8, "ipv6z": 20}
# Without a type the length tells, except that 8 octets are rarer as an address with a zone than as something else.
_TYPE_OF_LENGTH: Final = {4: "ipv4", 16: "ipv6", 20: "ipv6z"}
_ADDRESS_CONVENTIONS: Final = {
    "InetAddressIPv4": "ipv4",
    "InetAddressIPv6": "ipv6",
    "InetAddressIPv4z": "ipv4z",
    "InetAddressIPv6z": "ipv6z",
    "InetAddressDNS": "dns",
}
_ZONE_OCTETS: Final = 4

# BITS "should not" have more than 128 bits (RFC 2578 §7.1.4); twice that is still read, more is somebody's attack.
_MAX_BITS_OCTETS: Final = 32
_HIGHEST_BIT: Final = 0x80

_DATE_LENGTHS: Final = (8, 11)
_DATE_HINT: Final = "2d-1d-1d,1d:1d:1d.1d,1a1d:1d"


def render_octets(octets: bytes, syntax: s.Syntax | None, address_type: str | None = None) -> str:
    """`octets` as text. `address_type` is the InetAddressType (its label) that goes with an InetAddress."""
    if syntax is None:
        return _plain(octets)
    if syntax.base == s.BITS:
        return bits(octets, syntax)
    if syntax.base == s.IP_ADDRESS:
        return inet_address(octets, "ipv4")
    for convention in syntax.conventions:
        if convention == "InetAddress":
            return inet_address(octets, address_type)
        if convention in _ADDRESS_CONVENTIONS:
            return inet_address(octets, _ADDRESS_CONVENTIONS[convention])
    if syntax.hint is not None:
        return _hinted(octets, syntax.hint)
    if syntax.size is not None:
        # A fixed length without a hint is a code or an identifier (bgpPeerLastError), even where it could be letters.
        return hex_octets(octets)
    return _plain(octets)


def _hinted(octets: bytes, hint: str) -> str:
    if hint == "1x:":  # physical addresses: the most frequent, and the slowest the general way
        return hex_octets(octets)
    if hint == _DATE_HINT:
        return date_and_time(octets)
    if is_text_hint(hint):
        return text(octets)
    shown = format_octets(hint, octets)
    return _plain(octets) if shown is None else shown


def _plain(octets: bytes) -> str:
    readable = printable(octets)
    return hex_octets(octets) if readable is None else readable


def inet_address(octets: bytes, address_type: str | None) -> str:
    """An InetAddress (RFC 4001) in its usual notation; one whose length denies its type goes by its length."""
    if address_type == "dns":
        return text(octets)
    if ADDRESS_LENGTHS.get(address_type or "") != len(octets):
        address_type = _TYPE_OF_LENGTH.get(len(octets))
    if address_type is None:
        return _plain(octets)
    if address_type.endswith("z"):
        zone = int.from_bytes(octets[-_ZONE_OCTETS:])
        return f"{ipaddress.ip_address(octets[:-_ZONE_OCTETS])}%{zone}"
    return str(ipaddress.ip_address(octets))


def date_and_time(octets: bytes) -> str:
    """A DateAndTime (RFC 2579) in ISO 8601, to the tenth of a second; as its DISPLAY-HINT has it if it is no date.

    year year month day hour minute second tenths [ "+" or "-" hours minutes ]
    """
    fallback = format_octets(_DATE_HINT, octets) or hex_octets(octets)
    if len(octets) not in _DATE_LENGTHS:
        return fallback
    year, month, day, hour, minute, second, tenths = struct.unpack_from(">HBBBBBB", octets)
    # 60 is a leap second, which is why no datetime is made of it.
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 60 and tenths <= 9):
        return fallback
    local = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{tenths}"
    if len(octets) == _DATE_LENGTHS[0]:
        return local
    sign, hours, minutes = octets[8:9], octets[9], octets[10]
    if sign not in (b"+", b"-") or hours > 14 or minutes > 59:
        return fallback
    return f"{local}{sign.decode()}{hours:02}:{minutes:02}"


def bits(octets: bytes, syntax: s.Syntax) -> str:
    """The names of the bits that are set, joined by commas; bit 0 is the first octet's highest (RFC 2578 §7.1.4)."""
    if len(octets) > _MAX_BITS_OCTETS:
        return hex_octets(octets)
    numbers = (8 * place + bit for place, octet in enumerate(octets) for bit in range(8) if octet & _HIGHEST_BIT >> bit)
    return ",".join(syntax.bits.get(number, str(number)) for number in numbers)


# Opaque values that wrap a BER of their own, as net-snmp sends them: 0x9F, tag, length, value.
_OPAQUE_FORMS: Final = {0x78: ">f", 0x79: ">d"}
_OPAQUE_UNSIGNED64: Final = 0x7B
_OPAQUE_SIGNED64: Final = 0x7A
_OPAQUE_HEADER: Final = 3
_FLOAT_DIGITS: Final = 7  # what single precision holds: 0.1 instead of 0.10000000149011612


def opaque(octets: bytes) -> int | float | str:
    """The number inside an Opaque that wraps a float, double or 64-bit integer, else the octets in hex."""
    if len(octets) < _OPAQUE_HEADER or octets[0] != 0x9F or octets[2] != len(octets) - _OPAQUE_HEADER:
        return _plain(octets)
    tag, content = octets[1], octets[_OPAQUE_HEADER:]
    if tag in (_OPAQUE_UNSIGNED64, _OPAQUE_SIGNED64) and 0 < len(content) <= 9:
        return int.from_bytes(content, signed=tag == _OPAQUE_SIGNED64)
    form = _OPAQUE_FORMS.get(tag)
    if form is None or struct.calcsize(form) != len(content):
        return hex_octets(octets)
    number: float = struct.unpack(form, content)[0]
    if not math.isfinite(number):
        return str(number)
    return float(f"{number:.{_FLOAT_DIGITS}g}") if form == ">f" else number
