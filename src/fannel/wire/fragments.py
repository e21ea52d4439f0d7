"""IP fragments put together again, within bounds (RFC 791 §3.2, RFC 8200 §4.5); pure, the clock is the capture's.

At most MAX_PENDING packets wait for their missing parts, none longer than 65,535 octets and none longer than
TIMEOUT of the capture's time. What is given up is handed back, not forgotten. Parts that overlap differently are
never mixed (RFC 5722): the packet is given up; the very same part twice is what `-i any` captures, and is fine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.wire.packet import IpPacket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fannel.wire.packet import Fragment

MAX_PENDING = 256
MAX_SIZE = 65_535
TIMEOUT = timedelta(seconds=60)  # RFC 8200 §4.5


@dataclass(frozen=True, slots=True)
class Reassembled:
    """A packet from fragments, with the time of its first one. With an `error`, `payload` ends at the first gap."""

    time: datetime | None
    packet: IpPacket
    error: str | None


@dataclass(slots=True)
class _Pending:
    time: datetime | None
    first: IpPacket
    parts: dict[int, IpPacket] = field(default_factory=dict)
    size: int | None = None  # of the whole payload, known from the last fragment
    held: int = 0  # octets in parts
    units: int = 0  # a bit per 8 octets that are there: overlaps cost the same however many parts there are

    def take(self, offset: int, part: IpPacket) -> None:
        self.parts[offset] = part
        self.held += part.size
        self.units |= _units(offset, part.size)

    def complete(self) -> bool:
        return self.held == self.size

    def give_up(self, error: str) -> Reassembled:
        return Reassembled(self.time, self._packet(), error)

    def finish(self) -> Reassembled:
        packet = self._packet()
        cut = len(packet.payload) < packet.size
        return Reassembled(self.time, packet, "a fragment is only partly in the capture" if cut else None)

    def _packet(self) -> IpPacket:
        payload = bytearray()
        for offset, part in sorted(self.parts.items()):
            if offset != len(payload):
                break
            payload += part.payload
        size = self.size if self.size is not None else max(at + part.size for at, part in self.parts.items())
        return IpPacket(self.first.source, self.first.destination, self.first.protocol, bytes(payload), size)


def _units(offset: int, size: int) -> int:
    return ((1 << (size + 7) // 8) - 1) << offset // 8


class Reassembly:
    """Fragments in, whole packets out, and what had to be given up."""

    def __init__(self) -> None:
        self._pending: dict[tuple[str, str, int, int], _Pending] = {}

    def add(self, packet: IpPacket, fragment: Fragment, time: datetime | None) -> Iterator[Reassembled]:
        """Take one fragment; yields the packet it completes, if any, and packets given up because of it."""
        yield from self._expired(time)
        key = (packet.source, packet.destination, packet.protocol, fragment.identification)
        pending = self._pending.get(key)
        if pending is None:
            if len(self._pending) == MAX_PENDING:
                oldest = next(iter(self._pending))
                yield self._pending.pop(oldest).give_up("fragments missing, and too many other packets wait for theirs")
            pending = self._pending[key] = _Pending(time, packet)
        end = fragment.offset + packet.size
        known = pending.parts.get(fragment.offset)
        if known is not None and (known.size, known.payload) == (packet.size, packet.payload):
            return
        broken = self._contradiction(pending, packet, fragment)
        if broken:
            pending.parts.setdefault(fragment.offset, packet)
            del self._pending[key]
            yield pending.give_up(broken)
            return
        pending.take(fragment.offset, packet)
        if not fragment.more:
            pending.size = end
        if pending.complete():
            del self._pending[key]
            yield pending.finish()

    def rest(self) -> Iterator[Reassembled]:
        """What is still incomplete at the end of the capture."""
        for pending in self._pending.values():
            yield pending.give_up("fragments missing at the end of the capture")
        self._pending.clear()

    def _expired(self, time: datetime | None) -> Iterator[Reassembled]:
        while time is not None and self._pending:
            key, oldest = next(iter(self._pending.items()))
            if oldest.time is None or time - oldest.time <= TIMEOUT:
                return
            del self._pending[key]
            yield oldest.give_up("fragments missing after 60 s")

    @staticmethod
    def _contradiction(pending: _Pending, packet: IpPacket, fragment: Fragment) -> str | None:
        end = fragment.offset + packet.size
        if end > MAX_SIZE:
            return f"fragments that end beyond {MAX_SIZE} octets"
        if packet.size == 0 or (fragment.more and packet.size % 8):
            return "a fragment of an impossible size"
        if pending.units & _units(fragment.offset, packet.size):
            return "fragments that overlap"
        beyond_this = not fragment.more and pending.units.bit_length() * 8 > end + 7
        if beyond_this or (pending.size is not None and (end > pending.size or not fragment.more)):
            return "fragments beyond the last one"
        return None
