"""The UDP datagrams to given ports in a capture file: what `fannel decode --pcap` and the corpora read; pure.

Nothing that may be meant for them is left out in silence: a packet that is cut off by the capture's snaplen,
breaks its own headers, or misses fragments comes out with an `error` and as much as is there. UDP checksums are not
verified: network cards fill them in after the capture.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fannel.wire.capture_file import CaptureError, packets
from fannel.wire.fragments import Reassembly
from fannel.wire.packet import UDP, PacketError, ip_packet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fannel.wire.capture_file import CapturedPacket
    from fannel.wire.packet import IpPacket

__all__ = ["CaptureError", "CapturedDatagram", "datagrams"]


@dataclass(frozen=True, slots=True)
class CapturedDatagram:
    """One UDP datagram of a capture; with an `error`, `payload` is what there is of it, and facts may be None.

    `time` is aware (of the first fragment, if there are several); None if the file does not tell.
    """

    time: datetime | None
    source: str | None
    source_port: int | None
    destination: str | None
    destination_port: int | None
    payload: bytes
    error: str | None = None


def datagrams(file: BinaryIO, *ports: int) -> Iterator[CapturedDatagram]:
    """The datagrams to any of `ports`, in the order in which their last fragment was captured.

    Args:
        file: A pcap or pcapng file, open for binary reading; a pipe will do.
        ports: The destination ports.

    Raises:
        CaptureError: The file is neither pcap nor pcapng, or breaks off; after the datagrams before that place.
    """
    wanted = {*ports, None}  # what has lost its port may be meant for one of them
    reassembly = Reassembly()
    broken: CaptureError | None = None
    try:
        for packet in packets(file):
            for datagram in _of_packet(packet, reassembly):
                if datagram.destination_port in wanted:
                    yield datagram
    except CaptureError as error:
        broken = error
    for left in reassembly.rest():
        datagram = _of_ip_packet(left.time, left.packet, left.error)
        if datagram.destination_port in wanted:
            yield datagram
    if broken is not None:
        raise broken


def _of_packet(packet: CapturedPacket, reassembly: Reassembly) -> Iterator[CapturedDatagram]:
    if packet.error is not None:
        yield _unreadable(packet, packet.error)
        return
    try:
        inner = ip_packet(packet.link_type, packet.octets)
    except PacketError as error:
        yield _unreadable(packet, str(error))
        return
    if inner is None or inner.protocol != UDP:
        return
    if inner.fragment is None:
        yield _of_ip_packet(packet.time, inner, None)
        return
    for whole in reassembly.add(inner, inner.fragment, packet.time):
        yield _of_ip_packet(whole.time, whole.packet, whole.error)


def _unreadable(packet: CapturedPacket, error: str) -> CapturedDatagram:
    if len(packet.octets) < packet.full_size:
        error = f"{error}; the capture holds {len(packet.octets)} of its {packet.full_size} octets"
    return CapturedDatagram(packet.time, None, None, None, None, b"", error)


def _of_ip_packet(time: datetime | None, packet: IpPacket, error: str | None) -> CapturedDatagram:
    """The UDP header, and the payload as far as it is there (RFC 768: source, destination, length, checksum)."""
    there = packet.payload
    if len(there) < 8:
        reason = error or f"{len(there)} octets of a UDP header, which has 8"
        ports = struct.unpack_from("!HH", there) if len(there) >= 4 else (None, None)
        return CapturedDatagram(time, packet.source, ports[0], packet.destination, ports[1], b"", reason)
    source_port, destination_port, length = struct.unpack_from("!HHH", there)
    length = length or packet.size  # 0: a jumbogram, or left to the network card
    if error is None and not 8 <= length <= packet.size:
        error = f"a UDP length of {length} in an IP packet of {packet.size}"
    if error is None and len(there) < length:
        error = f"only {len(there)} of {length} octets are in the capture"
    return CapturedDatagram(
        time, packet.source, source_port, packet.destination, destination_port, there[8 : max(length, 8)], error
    )
