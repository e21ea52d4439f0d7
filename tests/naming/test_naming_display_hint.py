"""DISPLAY-HINTs: the examples of RFC 2579 §3.1, and that no pattern or value breaks the renderer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.naming.display_hint import format_integer, format_octets, is_text_hint


@pytest.mark.parametrize(
    ("hint", "octets", "shown"),
    [
        ("1x:", bytes.fromhex("001b54ab02ff"), "00:1b:54:ab:02:ff"),
        ("1x ", b"\x06\x07", "06 07"),
        ("1d.", b"\xc0\x00\x02\x01", "192.0.2.1"),
        ("1d.1d.1d.1d", b"\xc0\x00\x02\x01", "192.0.2.1"),
        ("1d.1d.1d.1d%4d", b"\xc0\x00\x02\x01\x00\x00\x00\x07", "192.0.2.1%7"),
        ("2d-1d-1d,1d:1d:1d.1d,1a1d:1d", bytes.fromhex("07c8051a0d1e0f002d0400"), "1992-5-26,13:30:15.0,-4:0"),
        ("2x:", b"\x20\x01\x0d\xb8", "2001:0db8"),
        ("1o ", b"\x08\xff", "10 377"),
        ("255a", b"GigabitEthernet0/1", "GigabitEthernet0/1"),
        ("*1x:/1x:", b"\x03\x01\x02\x03\x0a\x0b", "01:02:03/0a:0b"),
    ],
)
def test_octets_read_as_their_hint_says(hint, octets, shown):
    assert format_octets(hint, octets) == shown


def test_octets_that_end_before_their_hint_does_end_early_without_a_separator():
    assert format_octets("2d-1d-1d,1d:1d:1d.1d,1a1d:1d", b"\x07\xc8\x05") == "1992-5"


def test_a_number_longer_than_anybody_reads_is_shown_in_hex():
    assert format_octets("99d", b"\xff" * 99) == "ff" * 99


def test_a_value_longer_than_any_pattern_is_meant_for_is_not_formatted():
    assert format_octets("1d.", b"\x01" * 60_000) is None


@pytest.mark.parametrize("hint", ["", "x", "1q", "d-2", "1x:y", "*", "1x::2d"])
def test_an_unknown_pattern_is_said_to_be_unknown(hint):
    assert format_octets(hint, b"\x01") is None


@pytest.mark.parametrize(
    ("hint", "is_text"), [("255a", True), ("32t", True), ("1x:", False), ("1a:", False), ("", False)]
)
def test_a_hint_is_known_to_mean_plain_text(hint, is_text):
    assert is_text_hint(hint) is is_text


@pytest.mark.parametrize(
    ("hint", "value", "shown"),
    [
        ("d", 7, 7),
        ("d-0", 7, 7),
        ("d-2", 1234, 12.34),
        ("d-1", -5, -0.5),
        ("x", 255, "ff"),
        ("b", 5, "101"),
        ("?", 5, 5),
    ],
)
def test_integers_read_as_their_hint_says(hint, value, shown):
    assert format_integer(hint, value) == shown


@settings(deadline=None)  # the machine may be busy
@given(hint=st.text(alphabet="*0123456789dxoat:.-,%/", max_size=12), octets=st.binary(max_size=64))
def test_any_hint_and_any_octets_give_text_or_nothing(hint, octets):
    shown = format_octets(hint, octets)
    assert shown is None or isinstance(shown, str)
