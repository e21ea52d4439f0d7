"""The packets in a capture file: pcap and pcapng, as tcpdump, dumpcap and Wireshark write them.

    pcap    a header with the link type, then records:  seconds, fraction, octets held, octets sent, octets
    pcapng  blocks: section header (byte order), interface description (link type, clock), packets, others (skipped)

Own code, because the libraries at hand (dpkt 1.9) allocate what a length field asks for, know one interface per
pcapng file, and skip simple packet blocks. Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PACKET = 262_144  # the largest snaplen libpcap writes
MAX_BLOCK = 16 * 1024 * 1024  # the largest pcapng block libpcap reads
MAX_INTERFACES = 4096  # per section

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Magic number: byte order and ticks per second.
_PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
}
_SECTION_HEADER, _INTERFACE, _OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_OPTION_TSRESOL, _OPTION_TSOFFSET = 9, 14


class CaptureError(ValueError):
    """A file that is no capture, or stops being one; the packets before that place have been yielded."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.reason} (octet {self.offset} of the file)"


@dataclass(frozen=True, slots=True)
class CapturedPacket:
    """One packet as the capture holds it.

    `octets` may be fewer than the `full_size` octets that were on the link (snaplen). `time` is aware, None if the
    file has none or an impossible one. `error` says why a packet could not be taken out of its block.
    """

    time: datetime | None
    link_type: int
    octets: bytes
    full_size: int
    error: str | None = None


def packets(file: BinaryIO) -> Iterator[CapturedPacket]:
    """All packets of a capture, in file order.

    Raises:
        CaptureError: The file is neither pcap nor pcapng, or is damaged beyond the packets yielded so far.
    """
    reader = _Reader(file)
    magic = reader.take(4)
    if magic in _PCAP_MAGICS:
        yield from _pcap_packets(reader, *_PCAP_MAGICS[magic])
    elif magic == _SECTION_MAGIC:
        yield from _pcapng_packets(reader)
    else:
        raise CaptureError("neither pcap nor pcapng", 0)


class _Reader:
    """Takes exactly so many octets from a file, pipe or socket, and knows where it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = 0

    def take(self, size: int) -> bytes:
        """The next `size` octets; CaptureError if the file ends before."""
        octets = self.take_or_end(size)
        if len(octets) < size:
            raise CaptureError("the file ends inside a header, record or block", self.offset)
        return octets

    def take_or_end(self, size: int) -> bytes:
        """The next `size` octets, or nothing at the end of the file; CaptureError if it ends between."""
        octets = self._file.read(size)
        while 0 < len(octets) < size:  # pipes give what they have
            more = self._file.read(size - len(octets))
            if not more:
                raise CaptureError("the file ends inside a header, record or block", self.offset + len(octets))
            octets += more
        self.offset += len(octets)
        return octets


# --- pcap -------------------------------------------------------------------------------------------------------


def _pcap_packets(reader: _Reader, order: str, ticks_per_second: int) -> Iterator[CapturedPacket]:
    *_, link_field = struct.unpack(order + "HHiIII", reader.take(20))
    link_type = link_field & 0xFFFF  # the upper half speaks of frame check sequences
    while header := reader.take_or_end(16):
        seconds, fraction, held, full_size = struct.unpack(order + "IIII", header)
        if held > MAX_PACKET:
            raise CaptureError(f"a packet of {held} octets, more than {MAX_PACKET}", reader.offset - 16)
        time = _time(seconds * ticks_per_second + fraction, ticks_per_second, 0)
        yield CapturedPacket(time, link_type, reader.take(held), full_size)


def _time(ticks: int, ticks_per_second: int, offset_s: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=offset_s, microseconds=ticks * 10**6 // ticks_per_second)
    except OverflowError:
        return None


# --- pcapng -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Interface:
    link_type: int
    snaplen: int
    ticks_per_second: int
    offset_s: int


class _BrokenBlock(Exception):  # noqa: N818  (never leaves this module)
    """A packet block whose parts do not fit."""


def _pcapng_packets(reader: _Reader) -> Iterator[CapturedPacket]:
    """The packets of all sections; the magic of the first has been read."""
    order, interfaces = _section(reader), list[_Interface]()
    while head := reader.take_or_end(8):
        if head[:4] == _SECTION_MAGIC:
            order, interfaces = _section(reader, head[4:]), []
            continue
        block_type, size = struct.unpack(order + "II", head)
        body = _rest_of_block(reader, order, size, taken=8)
        try:
            if block_type == _INTERFACE:
                if len(interfaces) == MAX_INTERFACES:
                    raise CaptureError(f"more than {MAX_INTERFACES} interfaces", reader.offset)
                interfaces.append(_interface(body, order))
            elif block_type in _PACKET_READERS:
                yield _PACKET_READERS[block_type](body, order, interfaces)
        except (_BrokenBlock, struct.error) as error:
            reason = str(error) if isinstance(error, _BrokenBlock) else "a block too short for its own fields"
            if block_type == _INTERFACE:
                raise CaptureError(f"a broken interface description: {reason}", reader.offset) from None
            yield CapturedPacket(None, -1, b"", 0, reason)


def _section(reader: _Reader, length: bytes | None = None) -> str:
    """Read a section header behind its type (and length, if that is read already): the byte order from here on."""
    length = reader.take(4) if length is None else length
    order = _BYTE_ORDERS.get(reader.take(4))
    if order is None:
        raise CaptureError("a pcapng section without a byte order", reader.offset - 4)
    (size,) = struct.unpack(order + "I", length)
    body = _rest_of_block(reader, order, size, taken=12)
    if len(body) < 12 or struct.unpack_from(order + "H", body) != (1,):
        raise CaptureError("a pcapng section of an unknown version", reader.offset)
    return order


def _rest_of_block(reader: _Reader, order: str, size: int, *, taken: int) -> bytes:
    """What follows the `taken` octets of a block of `size`, without the closing copy of its size."""
    if size % 4 or not taken + 4 <= size <= MAX_BLOCK:
        raise CaptureError(f"a block of {size} octets", reader.offset - taken)
    body = reader.take(size - taken)
    if struct.unpack_from(order + "I", body, len(body) - 4) != (size,):
        raise CaptureError("a block whose two lengths differ", reader.offset - 4)
    return body[:-4]


def _interface(body: bytes, order: str) -> _Interface:
    link_type, snaplen = struct.unpack_from(order + "H2xI", body)
    ticks_per_second, offset_s = 10**6, 0
    at = 8
    while at + 4 <= len(body):
        option, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if option == _OPTION_TSRESOL and size == 1 and value:
            ticks_per_second = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif option == _OPTION_TSOFFSET and len(value) == size == 8:
            (offset_s,) = struct.unpack(order + "q", value)
        at += 4 + size + -size % 4
    return _Interface(link_type, snaplen, ticks_per_second, offset_s)


def _numbered(interfaces: list[_Interface], number: int) -> _Interface:
    if number >= len(interfaces):
        raise _BrokenBlock(f"a packet of interface {number}, which the capture does not describe")
    return interfaces[number]


def _enhanced_packet(body: bytes, order: str, interfaces: list[_Interface]) -> CapturedPacket:
    number, high, low, held, full_size = struct.unpack_from(order + "IIIII", body)
    return _timed_packet(body, _numbered(interfaces, number), high << 32 | low, held, full_size)


def _obsolete_packet(body: bytes, order: str, interfaces: list[_Interface]) -> CapturedPacket:
    number, high, low, held, full_size = struct.unpack_from(order + "H2xIIII", body)
    return _timed_packet(body, _numbered(interfaces, number), high << 32 | low, held, full_size)


def _timed_packet(body: bytes, interface: _Interface, ticks: int, held: int, full_size: int) -> CapturedPacket:
    if held > len(body) - 20:
        raise _BrokenBlock("a packet longer than its block")
    time = _time(ticks, interface.ticks_per_second, interface.offset_s)
    return CapturedPacket(time, interface.link_type, body[20 : 20 + held], full_size)


def _simple_packet(body: bytes, order: str, interfaces: list[_Interface]) -> CapturedPacket:
    interface = _numbered(interfaces, 0)
    (full_size,) = struct.unpack_from(order + "I", body)
    held = min(full_size, interface.snaplen or full_size)
    if held > len(body) - 4:
        raise _BrokenBlock("a packet longer than its block")
    return CapturedPacket(None, interface.link_type, body[4 : 4 + held], full_size)


_PACKET_READERS = {
    _OBSOLETE_PACKET: _obsolete_packet,
    _SIMPLE_PACKET: _simple_packet,
    _ENHANCED_PACKET: _enhanced_packet,
}
