"""BER primitives: what is read, what is refused, and where the error says it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.wire import ber
from fannel.wire.ber import DecodeError, EncodeError

oids = st.builds(
    lambda first, rest: ".".join(map(str, (*first, *rest))),
    st.one_of(
        st.tuples(st.sampled_from([0, 1]), st.integers(0, 39)),
        st.tuples(st.just(2), st.integers(0, ber.MAX_SUB_IDENTIFIER)),
    ),
    st.lists(st.integers(0, ber.MAX_SUB_IDENTIFIER), max_size=126),
)


def content_of(element: bytes) -> bytes:
    _, start, stop = ber.read_header(element, 0, len(element))
    assert stop == len(element)
    return element[start:stop]


@settings(deadline=None)  # the machine may be busy
@given(oids)
def test_an_oid_comes_back_as_it_was_written(oid: str) -> None:
    assert ber.dotted(content_of(ber.encode_oid(oid))) == oid


@settings(deadline=None)  # the machine may be busy
@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_comes_back_as_it_was_written(value: int) -> None:
    content = content_of(ber.encode_integer(value))
    assert ber.read_signed(content, 0, len(content)) == value
    assert len(content) == max(1, ((value if value >= 0 else ~value).bit_length() + 8) // 8)


@pytest.mark.parametrize(
    ("content", "bits", "value"),
    [
        ("00", 32, 0),
        ("7f", 32, 127),
        ("0080", 32, 128),
        ("00ffffffff", 32, 2**32 - 1),
        ("ffffffff", 32, 2**32 - 1),  # no leading zero octet
        ("80000000", 32, 2**31),
        ("ff", 32, 2**32 - 1),  # -1 of a signed register, in its shortest form
        ("00000000000000000001", 32, 1),  # more octets than needed
        ("ffffffffffffffff", 64, 2**64 - 1),
        ("00ffffffffffffffff", 64, 2**64 - 1),
        ("ffffffff", 64, 2**64 - 1),
    ],
)
def test_unsigned_integers_are_read_as_the_register_they_came_from(content: str, bits: int, value: int) -> None:
    octets = bytes.fromhex(content)
    assert ber.read_unsigned(octets, 0, len(octets), bits) == value


@pytest.mark.parametrize(
    ("content", "bits"), [("", 32), ("0100000000", 32), ("ff7fffffff", 32), ("010000000000000000", 64), ("", 64)]
)
def test_an_unsigned_integer_out_of_its_range_is_refused(content: str, bits: int) -> None:
    octets = bytes.fromhex(content)
    with pytest.raises(DecodeError, match="unsigned integer"):
        ber.read_unsigned(octets, 0, len(octets), bits)


@pytest.mark.parametrize(
    ("content", "value"),
    [("00", 0), ("ff", -1), ("80", -128), ("0080", 128), ("000000000000000000ff", 255), ("ffffffffffffffffff80", -128)],
)
def test_integers_may_have_more_octets_than_they_need(content: str, value: int) -> None:
    octets = bytes.fromhex(content)
    assert ber.read_signed(octets, 0, len(octets)) == value


@pytest.mark.parametrize("content", ["", "008000000000000000", "ff7fffffffffffffff"])
def test_an_integer_beyond_64_bits_or_without_octets_is_refused(content: str) -> None:
    octets = bytes.fromhex(content)
    with pytest.raises(DecodeError, match="INTEGER"):
        ber.read_signed(octets, 0, len(octets))


@pytest.mark.parametrize(
    ("content", "oid"),
    [
        ("", "0.0"),
        ("00", "0.0"),
        ("27", "0.39"),
        ("28", "1.0"),
        ("2b06", "1.3.6"),
        ("4f", "1.39"),
        ("50", "2.0"),
        ("8837", "2.999"),
        ("2b8fffffff7f", "1.3.4294967295"),
        ("908080804f", "2.4294967295"),
    ],
)
def test_the_first_two_arcs_share_a_sub_identifier(content: str, oid: str) -> None:
    assert ber.dotted(bytes.fromhex(content)) == oid


@pytest.mark.parametrize(
    ("content", "reason", "offset"),
    [
        ("2b8001", "padded", 1),
        ("802b", "padded", 0),
        ("2b0686", "ends inside", 2),
        ("2b9080808000", r"above 2\^32-1", 1),
        ("9080808050", r"above 2\^32-1", 0),
        ("2b" + "ff" * 60_000, r"above 2\^32-1", 1),
        ("2b" + "01" * 127, "more than 128", 127),
        ("2b" + "01" * 60_000, "more than 128", 127),
    ],
)
def test_an_impossible_oid_is_refused_where_it_goes_wrong(content: str, reason: str, offset: int) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        ber.dotted(bytes.fromhex(content))
    assert caught.value.offset == offset


def test_an_oid_may_have_128_sub_identifiers() -> None:
    assert ber.dotted(bytes.fromhex("2b" + "01" * 126)).count(".") == 127


def test_the_oid_cache_is_bounded() -> None:
    for number in range(2 * ber.OID_CACHE_ENTRIES):
        ber.dotted(b"\x2b" + number.to_bytes(2, "big").replace(b"\x80", b"\x01") + b"\x01")
    assert ber.dotted.cache_info().currsize <= ber.OID_CACHE_ENTRIES


def test_when_an_oid_fails_twice_it_should_fail_at_its_own_place_each_time() -> None:
    for start in (3, 7):
        data = bytes(start) + bytes.fromhex("2b8001")
        with pytest.raises(DecodeError) as caught:
            ber.read_oid(data, start, len(data))
        assert caught.value.offset == start + 1


@pytest.mark.parametrize("header", ["0403", "048103", "04820003", "048400000003", "04" + "fe" + "00" * 125 + "03"])
def test_a_length_may_be_longer_than_it_needs_to_be(header: str) -> None:
    data = bytes.fromhex(header) + b"abc"
    tag, start, stop = ber.read_header(data, 0, len(data))
    assert (tag, data[start:stop]) == (ber.OCTET_STRING, b"abc")


@pytest.mark.parametrize(
    ("element", "reason", "offset"),
    [
        ("", "should start here", 0),
        ("04", "should start here", 0),
        ("0401", "does not fit", 0),
        ("0480", "indefinite", 1),
        ("04ff", "indefinite or reserved", 1),
        ("0482", "longer than its parent", 1),
        ("048201", "longer than its parent", 1),
        ("04817f", "longer than its parent", 1),
        ("0484ffffffff", "longer than its parent", 1),
        ("0488ffffffffffffffff", "longer than its parent", 1),
        ("04fe" + "ff" * 126, "longer than its parent", 1),
    ],
)
def test_a_header_that_does_not_fit_is_refused(element: str, reason: str, offset: int) -> None:
    data = bytes.fromhex(element)
    with pytest.raises(DecodeError, match=reason) as caught:
        ber.read_header(data, 0, len(data))
    assert caught.value.offset == offset
    with pytest.raises(DecodeError, match=reason):
        ber.expect(data, 0, len(data), ber.OCTET_STRING, "it")


@pytest.mark.parametrize("element", ["0402", "048102", "04820002"])
def test_an_element_must_end_inside_its_parent_even_if_the_datagram_goes_on(element: str) -> None:
    data = bytes.fromhex(element) + b"abcdef"
    for parent_end in range(len(bytes.fromhex(element)) + 2):
        with pytest.raises(DecodeError):
            ber.read_header(data, 0, parent_end)
        with pytest.raises(DecodeError):
            ber.expect(data, 0, parent_end, ber.OCTET_STRING, "it")


def test_an_error_says_what_was_expected_and_where() -> None:
    with pytest.raises(DecodeError) as caught:
        ber.expect(b"\x00\x04\x01a", 1, 4, ber.INTEGER, "the version")
    assert str(caught.value) == "the version should be INTEGER, not tag 0x04 (octet 1)"
    assert (caught.value.reason, caught.value.offset) == ("the version should be INTEGER, not tag 0x04", 1)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths_are_written_in_their_shortest_form(size: int) -> None:
    element = ber.encode(ber.OCTET_STRING, bytes(size))
    assert content_of(element) == bytes(size)
    assert len(element) - size == (2 if size < 128 else 2 + (size.bit_length() + 7) // 8)


@pytest.mark.parametrize(
    "oid",
    ["", "1", "1.", ".1.3", "1..3", "1.40", "3.1", "1.3.4294967296", "1.3.-1", "1.3.x", "1.3.６", "1.3." + "9" * 5000],
)
def test_what_is_no_oid_is_not_written(oid: str) -> None:
    with pytest.raises(EncodeError):
        ber.encode_oid(oid)


def test_an_oid_of_129_sub_identifiers_is_not_written() -> None:
    with pytest.raises(EncodeError):
        ber.encode_oid(".".join(["1"] * 129))
