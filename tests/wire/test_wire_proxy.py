"""The PROXY protocol's binary header, as HAProxy's proxy-protocol.txt §2.2 draws it."""

from __future__ import annotations

import contextlib
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.wire import proxy
from fannel.wire.proxy import Proxied, ProxyError, is_proxied, parse

INNER = bytes.fromhex("302602010104067075626c6963a7")
INET, INET6, UNIX = 1, 2, 3
STREAM, DGRAM = 1, 2

# As an AWS network load balancer sends it for UDP: PROXY, AF_INET, DGRAM, its VPC endpoint TLV (0xEA) behind.
OF_A_LOAD_BALANCER = (
    bytes.fromhex("0d0a0d0a000d0a515549540a21120016c0000201c6336464d43100a2ea000701313233343536") + INNER
)


def addresses(family: int, source: str, port: int) -> bytes:
    packed = ipaddress.ip_address(source).packed
    other = ipaddress.ip_address("198.51.100.1" if family == INET else "2001:db8::ffff").packed
    return packed + other + struct.pack("!HH", port, 162)


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def header(
    block: bytes = b"", *, version: int = 2, command: int = 1, family: int = INET, transport: int = DGRAM
) -> bytes:
    return proxy.SIGNATURE + struct.pack("!BBH", version << 4 | command, family << 4 | transport, len(block)) + block


def from_inet(**changes: int) -> bytes:
    return header(addresses(INET, "192.0.2.1", 54321), **changes)


class TestWhoSentIt:
    def test_what_a_network_load_balancer_sends(self):
        assert parse(OF_A_LOAD_BALANCER) == Proxied("192.0.2.1", 54321, INNER)

    @pytest.mark.parametrize("transport", [STREAM, DGRAM])
    @pytest.mark.parametrize(
        ("family", "said", "source"),
        [
            (INET, "192.0.2.1", "192.0.2.1"),
            (INET6, "2001:db8::1", "2001:db8::1"),
            (INET6, "::ffff:192.0.2.1", "192.0.2.1"),
        ],
    )
    def test_source_and_port_and_what_is_behind(self, transport, family, said, source):
        datagram = header(addresses(family, said, 40000), family=family, transport=transport) + INNER
        assert parse(datagram) == Proxied(source, 40000, INNER)

    def test_a_load_balancer_that_speaks_for_itself_names_nobody(self):
        assert parse(from_inet(command=0) + INNER) == Proxied(None, 0, INNER)
        assert parse(header(command=0, family=0, transport=0)) == Proxied(None, 0, b"")
        assert parse(header(b"\xff" * 7, command=0, family=15, transport=15) + INNER) == Proxied(None, 0, INNER)

    @pytest.mark.parametrize(("family", "transport"), [(0, 0), (INET, 0), (0, DGRAM)])
    def test_what_is_not_specified_names_nobody(self, family, transport):
        assert parse(from_inet(family=family, transport=transport) + INNER) == Proxied(None, 0, INNER)

    def test_a_unix_socket_names_nobody_on_a_network(self):
        assert parse(header(bytes(216), family=UNIX) + INNER) == Proxied(None, 0, INNER)

    def test_tlvs_are_skipped_a_wrong_checksum_too(self):
        block = addresses(INET, "192.0.2.1", 1) + tlv(0x03, b"none") + tlv(0x04, b"") + tlv(0xEA, INNER * 20)
        assert parse(header(block) + INNER) == Proxied("192.0.2.1", 1, INNER)

    def test_nothing_behind_the_header_is_nothing(self):
        assert parse(from_inet()).payload == b""


class TestWhatCannotBeReliedOn:
    @pytest.mark.parametrize(
        ("datagram", "words"),
        [
            (b"", "0 octets, and a header has at least 16"),
            (proxy.SIGNATURE, "12 octets, and a header has at least 16"),
            (INNER * 3, "no PROXY protocol header of version 2"),
            (b"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", "no PROXY protocol header of version 2"),
            (from_inet(version=1) + INNER, "version 1, and the binary header has version 2"),
            (from_inet(command=2) + INNER, "command 2 is not assigned"),
            (from_inet(family=4) + INNER, "family 4 with transport 2 is not assigned"),
            (from_inet(transport=3) + INNER, "family 1 with transport 3 is not assigned"),
            (from_inet()[:-1], "a header of 28 octets in a datagram of 27"),
            (header(b"\xc0\x00\x02\x01") + INNER, "4 octets of addresses, and family 1 has 12"),
            (from_inet(family=INET6) + INNER, "12 octets of addresses, and family 2 has 36"),
            (from_inet(family=UNIX) + INNER, "12 octets of addresses, and family 3 has 216"),
            (header(addresses(INET, "192.0.2.1", 1) + b"\x04\x00") + INNER, "a TLV is cut short"),
            (header(addresses(INET, "192.0.2.1", 1) + b"\x04\x00\x02x") + INNER, "a TLV is longer than the header"),
        ],
    )
    def test_it_is_said_what_is_wrong(self, datagram, words):
        with pytest.raises(ProxyError) as told:
            parse(datagram)
        assert str(told.value) == words


class TestAnyOctets:
    @given(
        address=st.ip_addresses(),
        port=st.integers(0, 65535),
        transport=st.sampled_from([STREAM, DGRAM]),
        tlvs=st.lists(st.builds(tlv, st.integers(0, 255), st.binary(max_size=40)), max_size=4),
        inner=st.binary(max_size=80),
    )
    def test_what_was_put_in_comes_out(self, address, port, transport, tlvs, inner):
        family = INET if address.version == 4 else INET6
        datagram = header(addresses(family, str(address), port) + b"".join(tlvs), family=family, transport=transport)
        found = parse(datagram + inner)
        plain = getattr(address, "ipv4_mapped", None) or address
        assert found == Proxied(str(plain), port, inner)

    @given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(proxy.SIGNATURE.__add__)))
    def test_any_octets_are_read_or_refused(self, datagram):
        try:
            found = parse(datagram)
        except ProxyError:
            return
        assert datagram.endswith(found.payload)
        assert len(datagram) - len(found.payload) >= 16

    @given(st.integers(0, len(OF_A_LOAD_BALANCER) - 1), st.integers(0, 255))
    def test_one_wrong_octet_raises_nothing_else(self, place, octet):
        changed = bytearray(OF_A_LOAD_BALANCER)
        changed[place] = octet
        with contextlib.suppress(ProxyError):
            parse(bytes(changed))

    @given(st.binary(max_size=40).map(b"\x30".__add__))
    def test_no_ber_is_taken_for_a_header(self, datagram):
        assert not is_proxied(datagram)
        assert is_proxied(OF_A_LOAD_BALANCER)
