"""A batch of datagrams as one run of octets and back. Pure.

Column by column, little-endian, because that is an order of magnitude faster in Python than record by record::

    n × int64   received_at, microseconds since 1970 (UTC)
    n × uint16  source port
    n × uint32  octets of the payload
    n × uint8   octets of the source address
    n × uint8   the receiver's note, and in the upper half of the octet what it came by (0, SNMP, in older spools)
    sources, then payloads, end to end

How many there are, which positions they have and a CRC-32 stand beside it in the row.
"""

from __future__ import annotations

import functools
import struct
import zlib
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.spool.errors import Damage

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# An enumeration's own look-up is a call of half a microsecond.
_MARKS = {note | transport << 4: (note, transport) for note in Note for transport in Transport}


@functools.lru_cache(maxsize=256)
def _columns(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}q{count}H{count}I{2 * count}B")


def pack(batch: Sequence[Datagram]) -> bytes:
    """The batch as octets; datagrams keep all they have, `received_at` as that moment in UTC."""
    sources = [datagram.source.encode() for datagram in batch]
    payloads = [datagram.payload for datagram in batch]
    columns = _columns(len(batch)).pack(
        *_microseconds(batch),
        *[datagram.source_port for datagram in batch],
        *map(len, payloads),
        *map(len, sources),
        *[datagram.note | datagram.transport << 4 for datagram in batch],
    )
    return b"".join((columns, *sources, *payloads))


def _microseconds(batch: Sequence[Datagram]) -> list[int]:
    """The times of a batch. Many datagrams are drained at one moment and share one object: it is converted once."""
    times: list[int] = []
    last, converted = None, 0
    for datagram in batch:
        if datagram.received_at is not last:
            last = datagram.received_at
            converted = (last - _EPOCH) // _MICROSECOND
        times.append(converted)
    return times


def unpack(body: bytes, count: int) -> list[Datagram]:
    """The datagrams `pack` was given; raises Damage when the octets cannot be such a batch."""
    columns = _columns(count)
    try:
        fields = columns.unpack_from(body)
        times, ports = fields[:count], fields[count : 2 * count]
        lengths, source_lengths, marks = (fields[n * count : (n + 1) * count] for n in (2, 3, 4))
        ends = accumulate((*source_lengths, *lengths), initial=columns.size)
        parts = [body[start:end] for start, end in pairwise(ends)]
        # What repeats in a batch, as sources and moments do, is made once.
        names = {source: source.decode() for source in set(parts[:count])}
        moments = {time: _EPOCH + timedelta(microseconds=time) for time in set(times)}
        return [
            Datagram(payload, names[source], port, moments[time], *_MARKS[mark])
            for payload, source, port, time, mark in zip(parts[count:], parts[:count], ports, times, marks, strict=True)
        ]
    except (struct.error, ValueError, OverflowError, KeyError) as error:
        raise Damage(f"not a packed batch ({error})") from None


def pack_positions(positions: Sequence[int]) -> bytes:
    """The positions of what is left of a batch, for the row."""
    return struct.pack(f"<{len(positions)}H", *positions)


def unpack_positions(packed: bytes | None, count: int) -> Sequence[int]:
    """The positions in the row, or all of them when there is nothing in it; raises Damage."""
    if packed is None:
        return range(count)
    if len(packed) != 2 * count:
        raise Damage("not as many positions as datagrams")
    return struct.unpack(f"<{count}H", packed)


def checksum(body: bytes, positions: bytes | None) -> int:
    """CRC-32 of a row: SQLite keeps none of its own for a page of the database."""
    return zlib.crc32(positions or b"", zlib.crc32(body))
