"""Variable bindings, (OID, typed value) pairs, to and from their octets (RFC 3416 §3, RFC 2578 §7.1).

    VarBindList ::= SEQUENCE OF VarBind
    VarBind     ::= SEQUENCE { name OBJECT IDENTIFIER, value one of ValueType }

A receiver spends most of its decoding time here, so `read_varbinds` has a fast path: it looks at the six header
octets where they stand if every length is short, and takes the varbind if they fit each other. Whatever looks
different, rare or wrong, goes through `ber` element by element, which alone decides what is an error.
"""

from __future__ import annotations

import ipaddress
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from fannel.wire import ber
from fannel.wire.ber import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Value = int | bytes | str | None


class ValueType(IntEnum):
    """The types a varbind's value can have, by their BER tag."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIMETICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


class WireVarBind(NamedTuple):
    """One (OID, value) as it was on the wire, before any name is known.

    `value` is an int for the integer types, dotted text for OIDs and IP addresses, bytes for OCTET STRING and
    Opaque, and None for NULL and the three exceptions. A tuple, since every message makes several.
    """

    oid: str
    type: ValueType
    value: Value


# --- reading ----------------------------------------------------------------------------------------------------


def read_varbinds(data: bytes, pos: int, end: int) -> list[WireVarBind]:
    """Read the content of a VarBindList that fills `pos` to `end` exactly.

    Their number needs no bound of its own: a varbind takes at least six octets of the datagram.

    Raises:
        DecodeError: An element of the wrong tag or shape, or a value of no type in `ValueType`.
    """
    varbinds: list[WireVarBind] = []
    types = _TYPES
    while pos < end:
        try:
            size = data[pos + 1]
            name_start = pos + 4
            name_size = data[pos + 3]
            name_stop = name_start + name_size
            tag = data[name_stop]
            value_size = data[name_stop + 1]
        except IndexError:
            usual = False
        else:
            value_start = name_stop + 2
            stop = pos + 2 + size
            # A size below 0x80 is a short-form length; that the parts fill it exactly makes theirs short, too.
            usual = (
                size < 0x80
                and value_start + value_size == stop <= end
                and data[pos] == ber.SEQUENCE
                and data[pos + 2] == ber.OBJECT_IDENTIFIER
            )
        if not usual:
            name_start, name_stop, tag, value_start, stop = _read_headers(data, pos, end)
        try:
            value_type, read = types[tag]
        except KeyError:
            raise DecodeError(f"a value of unknown type 0x{tag:02x}", name_stop) from None
        try:
            name = ber.dotted(data[name_start:name_stop])
        except DecodeError as error:
            raise error.shifted(name_start) from None
        varbinds.append(WireVarBind(name, value_type, read(data, value_start, stop)))
        pos = stop
    return varbinds


def _read_headers(data: bytes, pos: int, end: int) -> tuple[int, int, int, int, int]:
    """The three headers of one varbind: start and end of its name, then tag, start and end of its value."""
    start, stop = ber.expect(data, pos, end, ber.SEQUENCE, "a varbind")
    name_start, name_stop = ber.expect(data, start, stop, ber.OBJECT_IDENTIFIER, "a varbind's name")
    tag, value_start, value_stop = ber.read_header(data, name_stop, stop)
    if value_stop != stop:
        raise DecodeError("octets after a varbind's value", value_stop)
    return name_start, name_stop, tag, value_start, stop


def _read_octets(data: bytes, start: int, stop: int) -> bytes:
    return data[start:stop]


_DECIMAL = tuple(map(str, range(256)))


def read_ip_address(data: bytes, start: int, stop: int) -> str:
    """Read the content of an IpAddress: four octets (RFC 2578 §7.1.5)."""
    if stop - start != 4:
        raise DecodeError(f"an IpAddress of {stop - start} octets", start)
    return ".".join([_DECIMAL[octet] for octet in data[start:stop]])


def _read_counter64(data: bytes, start: int, stop: int) -> int:
    return ber.read_unsigned(data, start, stop, bits=64)


def _read_nothing(_data: bytes, start: int, stop: int) -> None:
    if start != stop:
        raise DecodeError("a NULL or exception that has a value", start)


# Keyed by plain ints: hashing an enumeration member is a Python call, and this is looked up for every varbind.
_TYPES: dict[int, tuple[ValueType, Callable[[bytes, int, int], Value]]] = {
    int(value_type): (value_type, reader)
    for value_type, reader in (
        (ValueType.INTEGER, ber.read_signed),
        (ValueType.OCTET_STRING, _read_octets),
        (ValueType.NULL, _read_nothing),
        (ValueType.OBJECT_IDENTIFIER, ber.read_oid),
        (ValueType.IP_ADDRESS, read_ip_address),
        (ValueType.COUNTER32, ber.read_unsigned),
        (ValueType.GAUGE32, ber.read_unsigned),
        (ValueType.TIMETICKS, ber.read_unsigned),
        (ValueType.OPAQUE, _read_octets),
        (ValueType.COUNTER64, _read_counter64),
        (ValueType.NO_SUCH_OBJECT, _read_nothing),
        (ValueType.NO_SUCH_INSTANCE, _read_nothing),
        (ValueType.END_OF_MIB_VIEW, _read_nothing),
    )
}


# --- writing ----------------------------------------------------------------------------------------------------

_RANGES = {
    ValueType.INTEGER: range(-(2**31), 2**31),
    ValueType.COUNTER32: range(2**32),
    ValueType.GAUGE32: range(2**32),
    ValueType.TIMETICKS: range(2**32),
    ValueType.COUNTER64: range(2**64),
}
_OCTETS = frozenset({ValueType.OCTET_STRING, ValueType.OPAQUE})
_TEXTS = frozenset({ValueType.OBJECT_IDENTIFIER, ValueType.IP_ADDRESS})


def encode_varbinds(varbinds: Iterable[WireVarBind]) -> bytes:
    """A VarBindList.

    Raises:
        EncodeError: A name that is no OID, or a value that is not of its type or out of its type's range.
    """
    content = b"".join(
        ber.encode(ber.SEQUENCE, ber.encode_oid(varbind.oid) + encode_value(varbind.type, varbind.value))
        for varbind in varbinds
    )
    return ber.encode(ber.SEQUENCE, content)


def encode_value(value_type: ValueType, value: Value) -> bytes:
    """One value as SMIv2 wants it: the strict form, whatever `read_varbinds` would let pass."""
    if value_type in _RANGES and isinstance(value, int) and value in _RANGES[value_type]:
        return ber.encode_integer(value, value_type)
    if value_type in _OCTETS and isinstance(value, bytes):
        return ber.encode(value_type, value)
    if value_type in _TEXTS and isinstance(value, str):
        return encode_ip_address(value) if value_type is ValueType.IP_ADDRESS else ber.encode_oid(value)
    if value is None and value_type not in _RANGES.keys() | _OCTETS | _TEXTS:
        return ber.encode(value_type, b"")
    raise EncodeError(f"{value_type.name} cannot hold {value!r:.80}")


def encode_ip_address(address: str) -> bytes:
    """An IpAddress from its dotted form."""
    try:
        return ber.encode(ValueType.IP_ADDRESS, ipaddress.IPv4Address(address).packed)
    except ipaddress.AddressValueError:
        raise EncodeError(f"{address!r:.80} is not an IPv4 address") from None
