"""Instances split into indices: each form of RFC 2578 §7.7, what agents do wrong, and that splitting undoes joining."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.naming.index import IndexPart, split
from fannel.naming.syntax import IP_ADDRESS, OBJECT_IDENTIFIER, OCTETS, Syntax

IF_INDEX = IndexPart("ifIndex", Syntax("Integer32"))
STATE = IndexPart("state", Syntax("INTEGER", ("state",), labels={1: "up", 2: "down"}))
NEIGHBOUR = IndexPart("neighbour", Syntax(IP_ADDRESS))
MAC = IndexPart("mac", Syntax(OCTETS, ("MacAddress",), hint="1x:", size=6))
NAME = IndexPart("name", Syntax(OCTETS, ("DisplayString",), hint="255a"))
REST = IndexPart("rest", Syntax(OCTETS, ("DisplayString",), hint="255a"), implied=True)
OID = IndexPart("oid", Syntax(OBJECT_IDENTIFIER))
ADDRESS_TYPE = IndexPart("type", Syntax("INTEGER", ("InetAddressType",), labels={1: "ipv4", 2: "ipv6"}))
ADDRESS = IndexPart("address", Syntax(OCTETS, ("InetAddress",)), address_type="type")


@pytest.mark.parametrize(
    ("instance", "parts", "indices"),
    [
        ("3", [IF_INDEX], (("ifIndex", 3),)),
        ("2.7", [STATE, IF_INDEX], (("state", "down"), ("ifIndex", 7))),
        ("9", [STATE], (("state", 9),)),
        ("198.19.0.2.0", [NEIGHBOUR, IF_INDEX], (("neighbour", "198.19.0.2"), ("ifIndex", 0))),
        ("3.0.27.84.171.2.255", [IF_INDEX, MAC], (("ifIndex", 3), ("mac", "00:1b:54:ab:02:ff"))),
        ("3.97.98.99.5", [NAME, IF_INDEX], (("name", "abc"), ("ifIndex", 5))),
        ("0.5", [NAME, IF_INDEX], (("name", ""), ("ifIndex", 5))),
        ("5.97.98.99", [IF_INDEX, REST], (("ifIndex", 5), ("rest", "abc"))),
        ("3.1.3.6.8", [OID, IF_INDEX], (("oid", "1.3.6"), ("ifIndex", 8))),
        ("1.4.192.0.2.1", [ADDRESS_TYPE, ADDRESS], (("type", "ipv4"), ("address", "192.0.2.1"))),
    ],
)
def test_an_instance_splits_by_the_index_clause(instance, parts, indices):
    assert split(instance, parts) == indices


@pytest.mark.parametrize("address", ["192.0.2.1", "4.1.2.3", "2001:db8::1", "1000::"])
def test_the_length_of_an_address_may_be_left_out_when_its_type_says_it(address):
    packed = ipaddress.ip_address(address).packed
    kind = {4: 1, 16: 2}[len(packed)]
    instance = ".".join(map(str, [0, kind, *packed, kind, *packed]))
    local = (IndexPart("localType", ADDRESS_TYPE.syntax), IndexPart("local", ADDRESS.syntax, address_type="localType"))
    assert dict(split(instance, [IF_INDEX, *local, ADDRESS_TYPE, ADDRESS]))["address"] == address


@pytest.mark.parametrize(
    ("instance", "parts"),
    [
        ("", [IF_INDEX]),
        ("3", []),
        ("3.4", [IF_INDEX]),
        ("3", [IF_INDEX, IF_INDEX]),
        ("1.2.3", [NEIGHBOUR]),
        ("1.2.3.256", [NEIGHBOUR]),
        ("5.97", [NAME]),
        ("4294967295.97", [NAME]),
        ("1.256", [NAME]),
        ("0.0.0", [MAC]),
        ("1.5.192.0.2.1.9", [ADDRESS_TYPE, ADDRESS]),
        ("x", [IF_INDEX]),
        (".".join(["1"] * 5000), [IF_INDEX]),
    ],
)
def test_an_instance_that_does_not_follow_the_index_has_no_indices(instance, parts):
    assert split(instance, parts) == ()


def _join(part: IndexPart, value):
    """The sub-identifiers of one index value, by RFC 2578 §7.7: the other way than split()."""
    if part is IF_INDEX:
        return [value]
    if part is STATE:
        return [{"up": 1, "down": 2}[value]]
    if part is NEIGHBOUR:
        return list(ipaddress.ip_address(value).packed)
    if part is MAC:
        return list(bytes.fromhex(value.replace(":", "")))
    if part is OID:
        numbers = [int(number) for number in value.split(".")]
        return [len(numbers), *numbers]
    octets = value.encode()
    return list(octets) if part.implied else [len(octets), *octets]


_ASCII = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=16)
_PARTS_AND_VALUES = st.one_of(
    st.tuples(st.just(IF_INDEX), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(STATE), st.sampled_from(["up", "down"])),
    st.tuples(st.just(NEIGHBOUR), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just(MAC), st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))),
    st.tuples(
        st.just(OID), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8).map(lambda n: ".".join(map(str, n)))
    ),
    st.tuples(st.just(NAME), _ASCII),
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(_PARTS_AND_VALUES, min_size=1, max_size=4), st.one_of(st.none(), _ASCII.filter(bool)))
def test_splitting_undoes_joining(row, last):
    if last is not None:
        row = [*row, (REST, last)]
    instance = ".".join(str(number) for part, value in row for number in _join(part, value))
    assert split(instance, [part for part, _ in row]) == tuple((part.name, value) for part, value in row)


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(st.integers(0, 2**32), max_size=140),
    st.lists(st.sampled_from([IF_INDEX, STATE, NEIGHBOUR, MAC, NAME, OID, ADDRESS_TYPE, ADDRESS, REST]), max_size=5),
)
def test_any_instance_splits_into_one_value_per_part_or_into_nothing(numbers, parts):
    indices = split(".".join(map(str, numbers)), parts)
    assert indices == () or [name for name, _ in indices] == [part.name for part in parts]
