"""BER as SNMP uses it (RFC 3417 §8, X.690): tag, length, value in both directions; pure and bounded.

Reading takes the whole datagram and positions in it, so every error can say at which octet it stands, and nothing
is copied before it is known to be inside its parent. A datagram cannot ask for more than it carries: lengths are
compared with the octets that are there, never allocated.

What SNMP forbids is refused: indefinite lengths and constructed strings (RFC 3417 §8), padded sub-identifiers
(X.690 §8.19.2). What devices do although they should not is read: lengths with leading zeros, integers with more
octets than they need, unsigned integers without the leading zero octet, and an empty OBJECT IDENTIFIER (0.0).
"""

from __future__ import annotations

from functools import lru_cache

INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30

TAG_NAMES = {
    INTEGER: "INTEGER",
    OCTET_STRING: "OCTET STRING",
    NULL: "NULL",
    OBJECT_IDENTIFIER: "OBJECT IDENTIFIER",
    SEQUENCE: "SEQUENCE",
}

MAX_SUB_IDENTIFIERS = 128  # RFC 2578 §7.1.3
MAX_SUB_IDENTIFIER = 2**32 - 1  # RFC 2578 §7.1.3
# A device names the same few hundred objects all day; a sender who invents new ones only pushes the oldest out.
OID_CACHE_ENTRIES = 4096


class DecodeError(ValueError):
    """Octets that are not what they should be: `reason` says what was wrong, `offset` at which octet (from 0).

    The reason never quotes the value of a string or an integer, so a community cannot leak through it.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.reason} (octet {self.offset})"

    def shifted(self, by: int) -> DecodeError:
        """The same error, `by` octets further on: for readers that were given a part and count from its start."""
        return DecodeError(self.reason, self.offset + by)


class EncodeError(ValueError):
    """A value that has no encoding: out of its type's range, or not of its type."""


def read_header(data: bytes, pos: int, end: int) -> tuple[int, int, int]:
    """Read tag and length at `pos`: (tag, start of the content, end of the content).

    Args:
        data: The whole datagram.
        pos: Where the element should start.
        end: Where the parent's content ends; the element must not go past it.

    Raises:
        DecodeError: The element does not fit in its parent, or its length is not definite.
    """
    if pos + 2 > end:
        raise DecodeError("an element should start here, but its parent ends", pos)
    length = data[pos + 1]
    start = pos + 2
    if length >= 0x80:
        length, start = read_long_length(data, start, end)
    if start + length > end:
        raise DecodeError(f"an element of {length} octets does not fit in the {end - start} left", pos)
    return data[pos], start, start + length


def read_long_length(data: bytes, pos: int, end: int) -> tuple[int, int]:
    """Read a length of the long form whose first octet stands just before `pos`: (length, start of the content).

    Kept apart from `read_header` so that the hot loop, which has read the first octet already, can call it.
    """
    count = data[pos - 1] & 0x7F
    if count in (0, 0x7F):
        raise DecodeError("an indefinite or reserved length, which SNMP forbids", pos - 1)
    # At most 126 octets: a big number, never a big allocation; and fewer where the data ends, which cannot pass.
    length = int.from_bytes(data[pos : pos + count], "big")
    if length > end - pos - count:
        raise DecodeError("an element is longer than its parent", pos - 1)
    return length, pos + count


def expect(data: bytes, pos: int, end: int, tag: int, what: str) -> tuple[int, int]:
    """Read the header of an element that must have `tag`: (start, end) of its content.

    Raises:
        DecodeError: As `read_header`, or another tag stands there; `what` is named in the reason.
    """
    start = pos + 2
    if start <= end and data[pos] == tag:  # nearly always: a call or two less
        size = data[pos + 1]
        if size == 0x81 and start < end:  # one octet of length: what holds a whole message has that
            stop = start + 1 + data[start]
            start += 1
        else:
            stop = start + size
        if stop <= end and (size < 0x80 or size == 0x81):
            return start, stop
    if pos < end and data[pos] != tag:
        raise DecodeError(f"{what} should be {TAG_NAMES.get(tag, f'0x{tag:02x}')}, not tag 0x{data[pos]:02x}", pos)
    _, start, stop = read_header(data, pos, end)
    return start, stop


def expect_all(data: bytes, pos: int, end: int, elements: tuple[tuple[int, str], ...]) -> list[int]:
    """Read the headers of elements that follow each other: start and end of each one's content, in one flat list.

    The same as `expect` for each of `elements`, pairs of a tag and what the element is, but without a call for each:
    the fixed part of an SNMPv3 message has thirteen of them.

    Raises:
        DecodeError: As `expect`.
    """
    bounds: list[int] = []
    for tag, what in elements:
        start = pos + 2
        if start <= end and data[pos] == tag and (size := data[pos + 1]) < 0x80 and start + size <= end:
            pos = start + size
        else:
            start, pos = expect(data, pos, end, tag, what)
        bounds += (start, pos)
    return bounds


def read_signed(data: bytes, start: int, stop: int) -> int:
    """Read the content of an INTEGER of at most 64 bits.

    SMIv2's Integer32 has 32, but a refused INTEGER would cost the whole notification: agents do send ifIndex and
    the like as 64-bit or unsigned 32-bit INTEGERs.
    """
    if start == stop:
        raise DecodeError("an INTEGER without octets", start)
    if stop - start == 1:  # most integers in traps are this small
        octet = data[start]
        return octet if octet < 0x80 else octet - 0x100
    value = int.from_bytes(data[start:stop], "big", signed=True)
    if not -(2**63) <= value < 2**63:
        raise DecodeError("an INTEGER beyond 64 bits", start)
    return value


def read_unsigned(data: bytes, start: int, stop: int, bits: int = 32) -> int:
    """Read the content of an unsigned integer of `bits` bits (Counter32, Gauge32, TimeTicks: 32; Counter64: 64).

    Agents forget the leading zero octet that keeps a large value positive; exactly `bits` bits are therefore read
    as unsigned, and a shorter negative number as what a 2's-complement register of that width would hold.
    """
    if start == stop:
        raise DecodeError("an unsigned integer without octets", start)
    value = int.from_bytes(data[start:stop], "big", signed=True)
    if not -(1 << (bits - 1)) <= value < (1 << bits):
        raise DecodeError(f"an unsigned integer beyond {bits} bits", start)
    return value & ((1 << bits) - 1)


def read_oid(data: bytes, start: int, stop: int) -> str:
    """Read the content of an OBJECT IDENTIFIER in dotted form.

    Raises:
        DecodeError: More than 128 sub-identifiers, one above 2^32-1, a padded or an unfinished one.
    """
    try:
        return dotted(data[start:stop])
    except DecodeError as error:
        raise error.shifted(start) from None


@lru_cache(maxsize=OID_CACHE_ENTRIES)
def dotted(content: bytes) -> str:
    """The dotted form of an OID's content octets; offsets of its errors count from the first of these octets.

    Cached, because the names in traps repeat: a hit costs a tenth of a decode. The cache is bounded in entries and,
    as an OID that is longer than 128 sub-identifiers is an error and errors are not kept, in octets.
    """
    if not content:
        return "0.0"
    arcs: list[int] = []
    arc = 0
    arc_start = 0
    for at, octet in enumerate(content):
        if octet == 0x80 and at == arc_start:
            raise DecodeError("a padded sub-identifier in an OID", at)
        arc = arc << 7 | octet & 0x7F
        if arc > MAX_SUB_IDENTIFIER and (arcs or arc > MAX_SUB_IDENTIFIER + 80):  # the first may hold 2 * 40 more
            raise DecodeError("a sub-identifier above 2^32-1 in an OID", arc_start)
        if octet < 0x80:
            arcs.append(arc)
            if len(arcs) >= MAX_SUB_IDENTIFIERS:  # the first of them holds two arcs
                raise DecodeError(f"an OID of more than {MAX_SUB_IDENTIFIERS} sub-identifiers", at)
            arc = 0
            arc_start = at + 1
    if arc_start != len(content):
        raise DecodeError("an OID that ends inside a sub-identifier", arc_start)
    # X.690 §8.19.4: the first two arcs share one sub-identifier; only below 2 may the second exceed 39.
    top = min(arcs[0] // 40, 2)
    arcs[:1] = [top, arcs[0] - 40 * top]
    return ".".join(map(str, arcs))


def encode(tag: int, content: bytes) -> bytes:
    """One element: tag, shortest definite length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """An integer of any tag in the fewest 2's-complement octets (X.690 §8.3); ranges are the caller's business."""
    return encode(
        tag,
        value.to_bytes(
            value.bit_length() // 8 + 1 if value >= 0 else (~value).bit_length() // 8 + 1, "big", signed=True
        ),
    )


def encode_oid(oid: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form.

    Raises:
        EncodeError: Not 2 to 128 sub-identifiers from 0 to 2^32-1, or an impossible first pair (X.660).
    """
    parts = oid.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        raise EncodeError(f"{oid!r} is not a dotted OID")
    arcs = [int(part) for part in parts]
    if not 2 <= len(arcs) <= MAX_SUB_IDENTIFIERS or max(arcs) > MAX_SUB_IDENTIFIER:
        raise EncodeError(f"{oid!r} does not have 2 to {MAX_SUB_IDENTIFIERS} sub-identifiers of 32 bits")
    if arcs[0] > 2 or (arcs[0] < 2 and arcs[1] >= 40):
        raise EncodeError(f"{oid!r} does not start as an OID can")
    content = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        for shift in range(7 * (max(arc.bit_length() - 1, 0) // 7), 0, -7):
            content.append(0x80 | arc >> shift & 0x7F)
        content.append(arc & 0x7F)
    return encode(OBJECT_IDENTIFIER, bytes(content))
