"""Captures: every file format and link layer, fragments, and damage. dpkt, which is not ours, builds the packets."""

from __future__ import annotations

import io
import random
import socket
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dpkt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fannel.wire import capture_file, fragments
from fannel.wire.capture import CapturedDatagram, CaptureError, datagrams
from fannel.wire.snmp import decode

REAL = Path(__file__).parents[1] / "corpus" / "captures" / "link_cut_and_restore.pcap"
WHEN = datetime(2026, 11, 22, 7, 0, 7, 250_000, tzinfo=UTC)
PAYLOAD = b"0\x03trap" * 5
ETHERNET = 1
RAW = 101


# --- packets ----------------------------------------------------------------------------------------------------


def udp(payload: bytes = PAYLOAD, port: int = 162) -> bytes:
    return bytes(dpkt.udp.UDP(sport=40_000, dport=port, ulen=8 + len(payload), data=payload))


def ipv4(data: bytes, **fields) -> bytes:
    packet = dpkt.ip.IP(
        src=socket.inet_aton("192.0.2.1"), dst=socket.inet_aton("192.0.2.9"), p=17, id=77, data=data, **fields
    )
    packet.len = 20 + len(packet.opts) + len(data)
    return bytes(packet)


def ipv6(data: bytes, next_header: int = 17) -> bytes:
    addresses = [socket.inet_pton(socket.AF_INET6, f"2001:db8::{last}") for last in (1, 9)]
    return struct.pack("!IHBB", 0x60000000, len(data), next_header, 64) + b"".join(addresses) + data


def ethernet(data: bytes, ether_type: int = 0x0800) -> bytes:
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + struct.pack("!H", ether_type) + data


def pcap(*packets: bytes, link_type: int = ETHERNET, nano: bool = False) -> io.BytesIO:
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=link_type, nano=nano)
    for number, packet in enumerate(packets):
        writer.writepkt(packet, ts=WHEN.timestamp() + number)
    return io.BytesIO(file.getvalue())


def expected(**changes) -> CapturedDatagram:
    facts = {
        "time": WHEN,
        "source": "192.0.2.1",
        "source_port": 40_000,
        "destination": "192.0.2.9",
        "destination_port": 162,
        "payload": PAYLOAD,
    }
    return CapturedDatagram(**(facts | changes))


V6 = {"source": "2001:db8::1", "destination": "2001:db8::9"}
IP4, IP6 = ipv4(udp()), ipv6(udp())


# --- the real one -----------------------------------------------------------------------------------------------


def test_the_capture_of_a_cut_link_gives_32_traps() -> None:
    with REAL.open("rb") as file:
        found = list(datagrams(file, 162))
    assert len(found) == 32
    assert [datagram.error for datagram in found] == [None] * 32
    assert {datagram.source for datagram in found} == {"198.18.0.11", "198.18.0.12"}
    assert found[0].time == datetime(2026, 11, 22, 19, 37, 37, 186_768, tzinfo=UTC)
    trap_oids = [decode(datagram.payload).trap_oid for datagram in found]
    assert trap_oids.count("1.3.6.1.6.3.1.1.5.3") == trap_oids.count("1.3.6.1.6.3.1.1.5.4") == 2


def test_the_same_packets_in_pcapng_give_the_same_datagrams() -> None:
    with REAL.open("rb") as file:
        packets = list(dpkt.pcap.Reader(file))
    written = io.BytesIO()
    writer = dpkt.pcapng.Writer(written)
    for time, packet in packets:
        writer.writepkt(packet, ts=float(time))
    again = list(datagrams(io.BytesIO(written.getvalue()), 162))
    with REAL.open("rb") as file:
        originals = list(datagrams(file, 162))
    assert [datagram.payload for datagram in again] == [datagram.payload for datagram in originals]
    drift = [abs(one.time - other.time) for one, other in zip(again, originals, strict=True)]
    assert max(drift) < timedelta(milliseconds=1)  # dpkt's writer keeps time in floats


# --- link layers ------------------------------------------------------------------------------------------------

VLAN, QINQ = b"\x00\x0a", b"\x00\x14"
PPPOE = b"\x11\x00\x00\x01\x00\x00"
LINK_LAYERS = {
    "Ethernet": (1, ethernet(IP4)),
    "Ethernet, IPv6": (1, ethernet(IP6, 0x86DD)),
    "Ethernet with padding and a frame check sequence": (1, ethernet(IP4) + bytes(9)),
    "Ethernet, VLAN": (1, ethernet(VLAN + b"\x08\x00" + IP4, 0x8100)),
    "Ethernet, QinQ": (1, ethernet(QINQ + b"\x81\x00" + VLAN + b"\x08\x00" + IP4, 0x88A8)),
    "Ethernet, old QinQ": (1, ethernet(QINQ + b"\x81\x00" + VLAN + b"\x86\xdd" + IP6, 0x9100)),
    "Ethernet, MPLS": (1, ethernet(b"\x00\x01\x00\x40" + b"\x00\x02\x01\x40" + IP4, 0x8847)),
    "Ethernet, PPPoE": (1, ethernet(PPPOE + b"\x00\x21" + IP4, 0x8864)),
    "Ethernet, 802.3 with SNAP": (1, ethernet(b"\xaa\xaa\x03\x00\x00\x00\x08\x00" + IP4, 8 + len(IP4))),
    "Linux cooked": (113, bytes(dpkt.sll.SLL(ethtype=0x0800, data=IP4))),
    "Linux cooked, IPv6": (113, bytes(dpkt.sll.SLL(ethtype=0x86DD, data=IP6))),
    "Linux cooked, VLAN": (113, bytes(dpkt.sll.SLL(ethtype=0x8100, data=VLAN + b"\x08\x00" + IP4))),
    "Linux cooked 2": (276, bytes(dpkt.sll2.SLL2(ethtype=0x0800, data=IP4))),
    "Linux cooked 2, IPv6": (276, bytes(dpkt.sll2.SLL2(ethtype=0x86DD, data=IP6))),
    "raw IP": (101, IP4),
    "raw IP, IPv6": (101, IP6),
    "raw IP, as BSD numbers it": (12, IP4),
    "raw IP, as OpenBSD numbers it": (14, IP6),
    "IPv4": (228, IP4),
    "IPv6": (229, IP6),
    "BSD loopback, little-endian": (0, struct.pack("<I", 2) + IP4),
    "BSD loopback, big-endian": (0, struct.pack(">I", 2) + IP4),
    "BSD loopback, IPv6 on macOS": (0, struct.pack("<I", 30) + IP6),
    "OpenBSD loopback": (108, struct.pack(">I", 24) + IP6),
    "PPP": (9, b"\xff\x03\x00\x21" + IP4),
    "PPP, compressed": (9, b"\x21" + IP4),
    "PPP, IPv6": (9, b"\xff\x03\x00\x57" + IP6),
    "PPP over a serial line": (50, b"\xff\x03\x00\x21" + IP4),
    "Cisco HDLC as PPP": (50, b"\x0f\x00\x08\x00" + IP4),
    "PPPoE": (51, PPPOE + b"\x00\x57" + IP6),
    "Cisco HDLC": (104, b"\x0f\x00\x86\xdd" + IP6),
    "PPP with a direction": (166, b"\x01\x03\x00\x21" + IP4),
    "pktap": (258, struct.pack("<III", 108, 1, 1) + bytes(96) + ethernet(IP4)),
}


@pytest.mark.parametrize("name", LINK_LAYERS)
def test_a_datagram_is_found_behind_each_link_layer(name: str) -> None:
    link_type, packet = LINK_LAYERS[name]
    want = expected(**V6) if "IPv6" in name or packet.endswith(IP6) else expected()
    assert list(datagrams(pcap(packet, link_type=link_type), 162)) == [want]


@pytest.mark.parametrize("name", LINK_LAYERS)
def test_a_packet_that_the_capture_cuts_is_reported_wherever_it_is_cut(name: str) -> None:
    link_type, packet = LINK_LAYERS[name]
    end = packet.index(PAYLOAD) + len(PAYLOAD)
    for held in range(end):
        (found,) = datagrams(pcap(packet[:held], link_type=link_type), 162)
        assert found.error
        assert PAYLOAD.startswith(found.payload)
        assert len(found.payload) == max(0, held - packet.index(PAYLOAD))
        if held >= packet.index(PAYLOAD) - 4:  # the ports are there
            assert (found.source_port, found.destination_port) == (40_000, 162)


@pytest.mark.parametrize(
    ("link_type", "packet"),
    [
        (1, ethernet(bytes(28), 0x0806)),  # ARP
        (1, ethernet(b"\x42\x42\x03" + bytes(35), 38)),  # spanning tree
        (1, ethernet(ipv4(udp(port=161)))),
        (1, ethernet(ipv4(udp(port=161)))[:60]),
        (1, ethernet(bytes(dpkt.ip.IP(p=6, data=bytes(dpkt.tcp.TCP(dport=162)))))),
        (1, ethernet(b"\x00\x01\x01\x40\x00\x00\x00\x00" + bytes(60), 0x8847)),  # a pseudowire in MPLS
        (0, struct.pack("<I", 7) + bytes(40)),
        (9, b"\xff\x03\xc0\x21\x01\x01\x00\x04"),  # LCP
        (113, bytes(dpkt.sll.SLL(ethtype=0x0806, data=bytes(28)))),
    ],
)
def test_what_is_not_for_the_port_is_left_out(link_type: int, packet: bytes) -> None:
    assert list(datagrams(pcap(packet, link_type=link_type), 162)) == []


def test_a_link_type_that_is_not_read_is_said() -> None:
    (found,) = datagrams(pcap(b"\x80" * 60, link_type=105), 162)
    assert (found.error, found.payload, found.time) == ("link type 105 is not read", b"", WHEN)


# --- IP ---------------------------------------------------------------------------------------------------------


def test_ip_options_are_skipped() -> None:
    with_options = b"\x46" + ipv4(udp(), opts=b"\x94\x04\x00\x00")[1:]
    assert list(datagrams(pcap(with_options, link_type=RAW), 162)) == [expected()]


def test_ipv6_extension_headers_are_skipped() -> None:
    hop_by_hop = b"\x3c\x00" + bytes(6)
    options = b"\x33\x01" + bytes(14)
    authentication = b"\x2c\x04" + bytes(22)
    atomic_fragment = b"\x3c\x00\x00\x00\x00\x00\x00\x07"
    more_options = b"\x11\x00" + bytes(6)
    packet = ipv6(hop_by_hop + options + authentication + atomic_fragment + more_options + udp(), next_header=0)
    assert list(datagrams(pcap(packet, link_type=RAW), 162)) == [expected(**V6)]


@pytest.mark.parametrize(
    ("packet", "error"),
    [
        (b"\x75" + bytes(60), "an IP packet of version 7"),
        (b"\x44" + IP4[1:], "impossible lengths"),
        (IP4[:2] + b"\x00\x13" + IP4[4:], "impossible lengths"),
        (b"\x4f" + ipv4(b"")[1:], "impossible lengths"),
        (ipv4(udp()[:5]), "5 octets of a UDP header"),
        (ipv6(b"\x11\xff" + bytes(6) + udp(), next_header=60), "extension headers longer than their packet"),
        (ipv4(udp()[:4] + b"\x00\x07" + udp()[6:]), "a UDP length of 7"),
        (ipv4(udp()[:4] + b"\xff\xff" + udp()[6:]), "a UDP length of 65535 in an IP packet of 38"),
    ],
)
def test_a_packet_that_contradicts_itself_is_reported_and_the_next_is_read(packet: bytes, error: str) -> None:
    reported, found = datagrams(pcap(packet, IP4, link_type=RAW), 162)
    assert error in reported.error
    assert found == expected(time=WHEN + timedelta(seconds=1))


def test_lengths_left_to_the_network_card_mean_the_whole_packet() -> None:
    offloaded = IP4[:2] + b"\x00\x00" + IP4[4:]
    assert list(datagrams(pcap(offloaded, link_type=RAW), 162)) == [expected()]
    unsized = ipv4(udp()[:4] + b"\x00\x00" + udp()[6:])
    assert list(datagrams(pcap(unsized, link_type=RAW), 162)) == [expected()]
    assert list(datagrams(pcap(ipv6(udp())[:4] + b"\0\0" + ipv6(udp())[6:], link_type=RAW), 162)) == [expected(**V6)]


def test_octets_behind_the_udp_length_are_not_the_payload() -> None:
    assert list(datagrams(pcap(ipv4(udp() + b"\x00\x00\x00"), link_type=RAW), 162)) == [expected()]


def test_datagrams_of_another_port_can_be_asked_for() -> None:
    file = pcap(ipv4(udp()), ipv4(udp(port=10_162)), link_type=RAW)
    assert [datagram.destination_port for datagram in datagrams(file, 10_162)] == [10_162]


# --- fragments --------------------------------------------------------------------------------------------------

LONG = random.Random(1).randbytes(3000)


def parts4(payload: bytes, size: int = 1480, identification: int = 77) -> list[bytes]:
    data = udp(payload)
    found = []
    for at in range(0, len(data), size):
        more = at + size < len(data)
        packet = bytearray(ipv4(data[at : at + size]))
        packet[4:8] = struct.pack("!HH", identification, (0x2000 if more else 0) | at // 8)
        found.append(bytes(packet))
    return found


def parts6(payload: bytes, size: int = 1232) -> list[bytes]:
    data = udp(payload)
    return [
        ipv6(struct.pack("!BxHI", 17, at | (at + size < len(data)), 7) + data[at : at + size], next_header=44)
        for at in range(0, len(data), size)
    ]


@pytest.mark.parametrize(("parts", "changes"), [(parts4(LONG), {}), (parts6(LONG), V6)], ids=["IPv4", "IPv6"])
def test_fragments_are_put_together_in_any_order(parts: list[bytes], changes: dict[str, str]) -> None:
    assert len(parts) == 3
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 0, 1, 1, 2)):
        file = pcap(*(parts[number] for number in order), link_type=RAW)
        assert list(datagrams(file, 162)) == [expected(payload=LONG, **changes)]


def test_fragments_of_several_datagrams_do_not_mix() -> None:
    one, other = parts4(LONG), parts4(LONG[::-1], identification=78)
    file = pcap(*(part for pair in zip(one, other, strict=True) for part in pair), link_type=RAW)
    assert [datagram.payload for datagram in datagrams(file, 162)] == [LONG, LONG[::-1]]


def test_a_missing_fragment_is_reported_with_what_is_there() -> None:
    first, _, last = parts4(LONG)
    (found,) = datagrams(pcap(first, last, link_type=RAW), 162)
    assert found == expected(payload=LONG[:1472], error="fragments missing at the end of the capture")
    (found,) = datagrams(pcap(last, link_type=RAW), 162)
    assert (found.destination_port, found.payload) == (None, b"")
    assert list(datagrams(pcap(first, link_type=RAW), 163)) == []


def test_a_fragment_that_the_capture_cuts_is_reported_with_what_is_there() -> None:
    first, middle, last = parts4(LONG)
    (found,) = datagrams(pcap(first, middle[:120], last, link_type=RAW), 162)
    assert found == expected(payload=LONG[: 1472 + 100], error="a fragment is only partly in the capture")


def raw_part(offset: int, size: int, *, more: bool) -> bytes:
    packet = bytearray(ipv4((udp() + bytes(66_000))[offset : offset + size]))
    packet[6:8] = struct.pack("!H", (0x2000 if more else 0) | offset // 8)
    return bytes(packet)


@pytest.mark.parametrize(
    ("packets", "error"),
    [
        ([raw_part(0, 80, more=True), raw_part(72, 80, more=True)], "fragments that overlap"),
        ([raw_part(0, 80, more=True), raw_part(0, 88, more=True)], "fragments that overlap"),
        ([raw_part(0, 81, more=True)], "a fragment of an impossible size"),
        ([raw_part(0, 80, more=True), raw_part(80, 0, more=False)], "a fragment of an impossible size"),
        (
            [raw_part(0, 80, more=True), raw_part(160, 8, more=False), raw_part(80, 8, more=False)],
            "beyond the last one",
        ),
        ([raw_part(0, 8, more=True), raw_part(160, 8, more=True), raw_part(80, 8, more=False)], "beyond the last one"),
        ([raw_part(0, 8, more=True), raw_part(80, 8, more=False), raw_part(160, 8, more=True)], "beyond the last one"),
        ([raw_part(0, 8, more=True), raw_part(65_528, 80, more=True)], "beyond 65535"),
    ],
)
def test_fragments_that_contradict_each_other_are_not_mixed(packets: list[bytes], error: str) -> None:
    found = list(datagrams(pcap(*packets, link_type=RAW), 162))
    assert error in found[0].error
    assert found[0].destination_port == 162
    assert len(found) == 1


def test_no_more_than_so_many_packets_wait_for_their_fragments() -> None:
    firsts = [parts4(LONG, identification=number)[0] for number in range(fragments.MAX_PENDING + 10)]
    found = list(datagrams(pcap(*firsts[: fragments.MAX_PENDING // 8], link_type=RAW), 162))
    assert {datagram.error for datagram in found} == {"fragments missing at the end of the capture"}
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=RAW)
    for first in firsts:
        writer.writepkt(first, ts=WHEN.timestamp())
    errors = [datagram.error for datagram in datagrams(io.BytesIO(file.getvalue()), 162)]
    assert len(errors) == len(firsts)
    assert ["too many" in error for error in errors] == [True] * 10 + [False] * fragments.MAX_PENDING


def test_fragments_are_not_waited_for_longer_than_a_minute() -> None:
    first, *others = parts4(LONG)
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=RAW)
    for packet, after in ((first, 0), (others[0], 61), (others[1], 61), (first, 62)):
        writer.writepkt(packet, ts=WHEN.timestamp() + after)
    gave_up, whole = datagrams(io.BytesIO(file.getvalue()), 162)
    assert (gave_up.error, gave_up.payload) == ("fragments missing after 60 s", LONG[:1472])
    assert (whole.error, whole.payload) == (None, LONG)


# --- files ------------------------------------------------------------------------------------------------------


def block(block_type: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", block_type) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link_type: int = RAW, options: bytes = b"", order: str = "<", snaplen: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def enhanced(packet: bytes, number: int = 0, ticks: int = 0, order: str = "<", held: int | None = None) -> bytes:
    size = len(packet) if held is None else held
    return block(6, struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, size, size) + packet, order)


TICKS = int(WHEN.timestamp() * 10**6)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcap_is_read_in_both_byte_orders_and_both_clocks(order: str) -> None:
    for magic, fraction in ((0xA1B2C3D4, 250_000), (0xA1B23C4D, 250_000_000)):
        header = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, RAW)
        record = struct.pack(order + "IIII", int(WHEN.timestamp()), fraction, len(IP4), len(IP4))
        assert list(datagrams(io.BytesIO(header + record + IP4), 162)) == [expected()]


def test_the_upper_half_of_the_link_type_is_not_the_link_type() -> None:
    file = pcap(ethernet(IP4) + b"\xfc\xfc\xfc\xfc").getvalue()
    assert list(datagrams(io.BytesIO(file[:20] + struct.pack("<I", 0x44000001) + file[24:]), 162)) == [expected()]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("options", "ticks"),
    [
        ("", TICKS),
        ("tsresol 9", TICKS * 1000),
        ("tsresol 3", TICKS // 1000),
        ("tsresol 2^-10", int(WHEN.timestamp() * 1024)),
        ("tsoffset", TICKS - 10**12),
    ],
)
def test_pcapng_is_read_in_both_byte_orders_and_every_clock(order: str, options: str, ticks: int) -> None:
    encoded = {
        "": b"",
        "tsresol 9": struct.pack(order + "HHB3x", 9, 1, 9),
        "tsresol 3": struct.pack(order + "HHBxxx", 9, 1, 3),
        "tsresol 2^-10": struct.pack(order + "HH3sxHHBxxx", 2, 3, b"any", 9, 1, 0x8A),
        "tsoffset": struct.pack(order + "HHq", 14, 8, 10**6),
    }[options]
    file = section(order) + interface(options=encoded, order=order) + enhanced(IP4, ticks=ticks, order=order)
    assert list(datagrams(io.BytesIO(file), 162)) == [expected()]


def test_each_pcapng_interface_has_its_own_link_type_and_each_section_its_own_interfaces() -> None:
    file = (
        section()
        + interface(ETHERNET)
        + block(5, bytes(20))  # interface statistics
        + interface(113)
        + enhanced(LINK_LAYERS["Linux cooked"][1], number=1, ticks=TICKS)
        + enhanced(ethernet(IP4), number=0, ticks=TICKS)
        + section(">")
        + interface(RAW, order=">")
        + enhanced(IP4, ticks=TICKS, order=">")
    )
    assert list(datagrams(io.BytesIO(file), 162)) == [expected()] * 3


def test_simple_and_obsolete_packet_blocks_are_read() -> None:
    simple = block(3, struct.pack("<I", len(IP4)) + IP4)
    cut = block(3, struct.pack("<I", 1500) + IP4)
    obsolete = block(2, struct.pack("<HHIIII", 0, 0, TICKS >> 32, TICKS & 0xFFFFFFFF, len(IP4), len(IP4)) + IP4)
    file = section() + interface(snaplen=len(IP4)) + simple + cut + obsolete
    assert list(datagrams(io.BytesIO(file), 162)) == [expected(time=None), expected(time=None), expected()]


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (enhanced(IP4, number=3), "interface 3, which the capture does not describe"),
        (enhanced(IP4, held=5000), "longer than its block"),
        (block(6, bytes(8)), "too short for its own fields"),
        (block(3, struct.pack("<I", 5000) + IP4), "longer than its block"),
        (block(3, b""), "too short for its own fields"),
    ],
)
def test_a_broken_packet_block_is_reported_and_the_next_is_read(broken: bytes, error: str) -> None:
    found = list(datagrams(io.BytesIO(section() + interface() + broken + enhanced(IP4, ticks=TICKS)), 162))
    assert error in found[0].error
    assert found[1:] == [expected()]


def test_an_impossible_time_is_no_time() -> None:
    seconds = struct.pack("<HHBxxx", 9, 1, 0)
    file = section() + interface(options=seconds) + enhanced(IP4, ticks=2**64 - 1)
    assert list(datagrams(io.BytesIO(file), 162)) == [expected(time=None)]


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (b"", "the file ends"),
        (b"\xd4\xc3", "the file ends"),
        (b"GIF89a" + bytes(40), "neither pcap nor pcapng"),
        (b"\xd4\xc3\xb2\xa1" + bytes(10), "the file ends"),
        (section()[:8] + bytes(20), "without a byte order"),
        (section()[:12] + b"\x02\x00" + section()[14:], "unknown version"),
        (section() + block(1, bytes(4)), "a broken interface description"),
        (section() + interface()[:-4] + bytes(4), "two lengths differ"),
        (section() + struct.pack("<II", 6, 0), "a block of 0 octets"),
        (section() + struct.pack("<II", 6, 13), "a block of 13 octets"),
        (section() + struct.pack("<II", 6, 0xFFFFFFFC), "a block of 4294967292 octets"),
        (section() + interface() * 4097, "more than 4096 interfaces"),
        (pcap(link_type=RAW).getvalue() + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0), "a packet of 4294967295 octets"),
    ],
)
def test_a_file_that_is_no_capture_is_refused(file: bytes, error: str) -> None:
    with pytest.raises(CaptureError, match=error) as caught:
        list(datagrams(io.BytesIO(file), 162))
    assert 0 <= caught.value.offset <= len(file)


def test_a_file_that_breaks_off_gives_what_is_before() -> None:
    first, middle, _ = parts4(LONG)
    whole = pcap(IP4, first, middle, link_type=RAW).getvalue()
    found = datagrams(io.BytesIO(whole[:-1]), 162)
    assert next(found) == expected()
    assert next(found).error == "fragments missing at the end of the capture"
    with pytest.raises(CaptureError, match="the file ends inside"):
        next(found)


class Trickle(io.RawIOBase):
    """A pipe that gives three octets at a time."""

    def __init__(self, octets: bytes) -> None:
        self._left = io.BytesIO(octets)

    def read(self, size: int = -1) -> bytes:
        return self._left.read(min(size, 3))


def test_a_pipe_is_read_as_a_file_is() -> None:
    assert list(datagrams(Trickle(REAL.read_bytes()), 162)) == list(datagrams(io.BytesIO(REAL.read_bytes()), 162))


def test_a_claimed_length_is_not_allocated() -> None:
    class Watched(io.BytesIO):
        largest = 0

        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            self.largest = max(self.largest, size)
            return super().read(size)

    for octets in (
        section() + struct.pack("<II", 6, 0xFFFFFFF0),
        pcap(link_type=RAW).getvalue() + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0),
    ):
        watched = Watched(octets)
        with pytest.raises(CaptureError):
            list(datagrams(watched, 162))
        assert watched.largest <= capture_file.MAX_BLOCK


# --- any octets -------------------------------------------------------------------------------------------------

NG = section() + interface(ETHERNET) + enhanced(ethernet(IP4), ticks=TICKS) + interface(113) + block(3, bytes(4) + IP4)
SOUND = [NG, pcap(*parts4(LONG), link_type=RAW).getvalue(), pcap(*parts6(LONG[:1500]), link_type=RAW).getvalue()] + [
    pcap(packet, link_type=link_type).getvalue() for link_type, packet in LINK_LAYERS.values()
]


def read_all(octets: bytes) -> None:
    try:
        for datagram in datagrams(io.BytesIO(octets), 162):
            assert isinstance(datagram, CapturedDatagram)
    except CaptureError:
        pass


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
@example(b"")
def test_no_octets_raise_anything_but_a_capture_error(octets: bytes) -> None:
    for start in (b"", b"\xd4\xc3\xb2\xa1", section(), section() + interface(ETHERNET)):
        read_all(start + octets)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SOUND), st.data())
def test_no_damage_raises_anything_but_a_capture_error(sound: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(damaged), 160)))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read_all(bytes(damaged))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted({link_type for link_type, _ in LINK_LAYERS.values()})), st.binary(max_size=120))
def test_no_packet_raises_anything(link_type: int, packet: bytes) -> None:
    assert all(found.error for found in datagrams(pcap(packet, link_type=link_type), 0xFFFF_FFFF))
