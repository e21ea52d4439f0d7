"""Octets as text, addresses, dates, bits and numbers."""

import struct

import pytest

from fannel.naming.octets import bits, date_and_time, inet_address, opaque, render_octets
from fannel.naming.syntax import BITS, OCTETS, Syntax
from fannel.naming.text import printable, text

DISPLAY_STRING = Syntax(OCTETS, ("DisplayString",), hint="255a")


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"eth1", "eth1"),
        (b"", ""),
        (b"Gi0/1\0\0", "Gi0/1"),
        ("東京–大阪".encode(), "東京–大阪"),
        ("Zürich".encode("latin-1"), "Zürich"),
        (b"uplink caf\xe9", "uplink café"),
        ("東京".encode()[:5], "東�"),  # an ifAlias cut at 64 octets
        (b"\x93\xfa\x96{", "���{"),  # Shift_JIS: not readable, not refused
    ],
)
def test_text_is_read_as_its_author_most_probably_meant_it(octets, shown):
    assert text(octets) == shown


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b"eth1\0", "eth1"),
        (b"two\r\nlines", "two\r\nlines"),
        (b"", None),
        (b"\n", None),
        (b"\x06\x07", None),
        (b"\xff", None),
    ],
)
def test_octets_of_unknown_meaning_are_text_only_if_evidently_so(octets, shown):
    assert printable(octets) == shown


def test_octets_of_unknown_meaning_that_are_no_text_are_hex():
    assert render_octets(b"\x00\x1b\x54", None) == "00:1b:54"


def test_a_code_of_fixed_length_is_hex_even_if_it_could_be_letters():
    assert render_octets(b"AB", Syntax(OCTETS, ("bgpPeerLastError",), size=2)) == "41:42"


def test_an_unusable_hint_does_not_lose_the_value():
    assert render_octets(b"abc", Syntax(OCTETS, ("Odd",), hint="what?")) == "abc"


@pytest.mark.parametrize(
    ("octets", "address_type", "shown"),
    [
        (b"\xc0\x00\x02\x01", "ipv4", "192.0.2.1"),
        (b"\xc0\x00\x02\x01", None, "192.0.2.1"),
        (b"\xc0\x00\x02\x01", "ipv6", "192.0.2.1"),  # the length is right, the type is not
        (bytes.fromhex("20010db8000000000000000000000001"), "ipv6", "2001:db8::1"),
        (bytes.fromhex("20010db8000000000000000000000001"), None, "2001:db8::1"),
        (bytes.fromhex("fe80000000000000000000000000000100000003"), "ipv6z", "fe80::1%3"),
        (b"\xc0\x00\x02\x01\x00\x00\x00\x03", "ipv4z", "192.0.2.1%3"),
        (b"\xc0\x00\x02\x01\x00\x00\x00\x03", None, "c0:00:02:01:00:00:00:03"),
        (b"rt01.example.net", "dns", "rt01.example.net"),
        (b"", "unknown", ""),
        (b"\x01\x02\x03", "ipv4", "01:02:03"),
    ],
)
def test_an_inet_address_reads_by_its_type_and_else_by_its_length(octets, address_type, shown):
    assert inet_address(octets, address_type) == shown


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        ("07ea0b16100007012b0900", "2026-11-22T16:00:07.1+09:00"),
        ("07c8051a0d1e0f002d0400", "1992-05-26T13:30:15.0-04:00"),
        ("07ea0b1610000701", "2026-11-22T16:00:07.1"),
        ("07ea0c1f173b3c00", "2026-12-31T23:59:60.0"),  # a leap second
        ("0000000000000000", "0-0-0,0:0:0.0"),  # what an unset clock sends
        ("07ea0b16100007013f0900", "2026-11-22,16:0:7.1,?9:0"),
        ("07ea", "2026"),
        ("", ""),
    ],
)
def test_a_date_is_iso_8601_and_what_is_no_date_keeps_its_numbers(octets, shown):
    assert date_and_time(bytes.fromhex(octets)) == shown


def test_bits_are_named_from_the_first_octets_highest():
    flags = Syntax(BITS, ("Flags",), bits={0: "rpt", 1: "spt", 9: "late"})
    assert bits(b"\xc0", flags) == "rpt,spt"
    assert bits(b"\x40\x41", flags) == "spt,late,15"
    assert bits(b"\xff" * 60_000, flags) == ":".join(["ff"] * 60_000)  # nobody names 480,000 bits
    assert bits(b"\x00", flags) == bits(b"", flags) == ""


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        (b"\x9f\x78\x04" + struct.pack(">f", 0.1), 0.1),
        (b"\x9f\x78\x04" + struct.pack(">f", -41.5), -41.5),
        (b"\x9f\x79\x08" + struct.pack(">d", 3.141592653589793), 3.141592653589793),
        (b"\x9f\x7b\x08" + b"\xff" * 8, 2**64 - 1),
        (b"\x9f\x7b\x09\x00" + b"\xff" * 8, 2**64 - 1),
        (b"\x9f\x7a\x01\xff", -1),
        (b"\x9f\x78\x04" + struct.pack(">f", float("nan")), "nan"),
        (b"\x9f\x78\x04\x00", "9f:78:04:00"),
        (b"\x9f\x78\x02\x00\x00", "9f:78:02:00:00"),
        (b"\x01\x02", "01:02"),
        (b"", ""),
    ],
)
def test_an_opaque_gives_the_number_it_wraps_and_else_its_octets(octets, number):
    assert opaque(octets) == number
