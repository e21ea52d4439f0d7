"""Our decoder beside pysnmp's: the same messages in, the same facts out.

Where one reads what the other refuses, the difference must be on one of two short lists: `lenient` (we read it,
because devices send it) and STRICT (we refuse it, because SNMP forbids it).
"""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v1, v2c
from pysnmp.proto.proxy.rfc2576 import v1_to_v2

from fannel.wire import ber
from fannel.wire.snmp import DecodeError, Message, ValueType, WireVarBind, decode, encode_trap

# --- what pysnmp says -------------------------------------------------------------------------------------------


class Refused(Exception):  # noqa: N818  (no error: an answer)
    """pysnmp did not read it."""


def pysnmp_decode(datagram: bytes) -> Message:
    """The message as pysnmp's specifications, pyasn1's decoder and pysnmp's proxy (v1 to v2) understand it."""
    for spec in (v2c, v1):
        try:
            message, _ = decoder.decode(datagram, asn1Spec=spec.Message())
            # Values are checked when they are used, so using them is a part of decoding.
            return _as_message(spec, message)
        except (PyAsn1Error, IndexError, TypeError, OverflowError):  # the latter are pyasn1 on broken messages
            continue
        except KeyError:  # v1_to_v2 of a generic-trap that does not exist
            raise Refused from None
    raise Refused


def _as_message(spec, message) -> Message:
    pdu = spec.apiMessage.get_pdu(message)
    version = int(spec.apiMessage.get_version(message))
    kind = type(pdu).__name__
    if (spec, version, kind) not in ((v1, 0, "TrapPDU"), (v2c, 1, "SNMPv2TrapPDU"), (v2c, 1, "InformRequestPDU")):
        raise Refused
    request_id = address = enterprise = None
    if spec is v1:
        varbinds = _varbinds(v1_to_v2(pdu))
        uptime, trap_oid, (_, _, address), _, (_, _, enterprise), *rest = varbinds
    else:
        request_id = int(spec.apiPDU.get_request_id(pdu))
        varbinds = _varbinds(pdu)
        if [varbind[:2] for varbind in varbinds[:2]] != [
            ("1.3.6.1.2.1.1.3.0", ValueType.TIMETICKS),
            ("1.3.6.1.6.3.1.1.4.1.0", ValueType.OBJECT_IDENTIFIER),
        ]:
            raise Refused  # pysnmp leaves this to its users
        uptime, trap_oid, *rest = varbinds
    return Message(
        version="1" if spec is v1 else "2c",
        community=bytes(spec.apiMessage.get_community(message)),
        pdu="inform" if kind == "InformRequestPDU" else "trap",
        request_id=request_id,
        trap_oid=trap_oid[2],
        uptime_ticks=uptime[2],
        agent_address=None if address == "0.0.0.0" else address,
        enterprise=enterprise,
        varbinds=tuple(WireVarBind(*varbind) for varbind in rest),
    )


def _varbinds(pdu) -> list[tuple[str, ValueType, int | bytes | str | None]]:
    found = []
    for oid, value in v2c.apiPDU.get_varbinds(pdu):
        (tag,) = value.tagSet.superTags[-1:]
        value_type = ValueType(tag.tagClass | tag.tagId)
        found.append((str(oid), value_type, READ[value_type](value)))
    return found


READ = {
    ValueType.INTEGER: int,
    ValueType.OCTET_STRING: bytes,
    ValueType.NULL: lambda value: None,
    ValueType.OBJECT_IDENTIFIER: str,
    ValueType.IP_ADDRESS: lambda value: ".".join(map(str, value.asNumbers())),
    ValueType.COUNTER32: int,
    ValueType.GAUGE32: int,
    ValueType.TIMETICKS: int,
    ValueType.OPAQUE: bytes,
    ValueType.COUNTER64: int,
    ValueType.NO_SUCH_OBJECT: lambda value: None,
    ValueType.NO_SUCH_INSTANCE: lambda value: None,
    ValueType.END_OF_MIB_VIEW: lambda value: None,
}

# --- messages ---------------------------------------------------------------------------------------------------

arcs = st.sampled_from([0, 1, 6, 127, 128, 129, 255, 16_383, 16_384, 2**21, 2**31 - 1, 2**31, 2**32 - 1])
oids = st.lists(arcs, min_size=1, max_size=6).map(lambda rest: ".".join(map(str, (1, 3, *rest))))
unsigned32 = st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1))
V1_VALUES = {
    ValueType.INTEGER: (st.integers(-(2**31), 2**31 - 1), v1.Integer),
    ValueType.OCTET_STRING: (st.binary(max_size=140), v1.OctetString),
    ValueType.NULL: (st.none(), lambda _: v1.Null("")),
    ValueType.OBJECT_IDENTIFIER: (oids, v1.ObjectIdentifier),
    ValueType.IP_ADDRESS: (st.ip_addresses(v=4).map(str), v1.IpAddress),
    ValueType.COUNTER32: (unsigned32, v1.Counter),
    ValueType.GAUGE32: (unsigned32, v1.Gauge),
    ValueType.TIMETICKS: (unsigned32, v1.TimeTicks),
    ValueType.OPAQUE: (st.binary(max_size=20), v1.Opaque),
}
V2_VALUES = {
    **V1_VALUES,
    ValueType.INTEGER: (V1_VALUES[ValueType.INTEGER][0], v2c.Integer32),
    ValueType.COUNTER32: (unsigned32, v2c.Counter32),
    ValueType.GAUGE32: (unsigned32, v2c.Gauge32),
    ValueType.COUNTER64: (st.integers(0, 2**64 - 1), v2c.Counter64),
    ValueType.NO_SUCH_OBJECT: (st.none(), lambda _: rfc1905.noSuchObject),
    ValueType.NO_SUCH_INSTANCE: (st.none(), lambda _: rfc1905.noSuchInstance),
    ValueType.END_OF_MIB_VIEW: (st.none(), lambda _: rfc1905.endOfMibView),
}


# X.690 §8.3.2: the first nine bits are not all alike. pyasn1 writes these, of so many octets, with one more.
PYASN1_LONGER = {-(2**7): 1, -(2**15): 2, -(2**23): 3, -(2**31): 4}


def varbind_lists(values) -> st.SearchStrategy[list[WireVarBind]]:
    one = st.sampled_from(sorted(values)).flatmap(
        lambda value_type: st.builds(WireVarBind, oids, st.just(value_type), values[value_type][0])
    )
    return st.lists(one, max_size=5)


def pysnmp_values(varbinds: list[WireVarBind], values) -> list:
    return [(varbind.oid, values[varbind.type][1](varbind.value)) for varbind in varbinds]


def pysnmp_message(spec, community: bytes, pdu) -> bytes:
    message = spec.Message()
    spec.apiMessage.set_defaults(message)
    spec.apiMessage.set_community(message, community)
    spec.apiMessage.set_pdu(message, pdu)
    return encoder.encode(message)


@st.composite
def v2c_datagrams(draw) -> bytes:
    pdu = draw(st.sampled_from([v2c.SNMPv2TrapPDU, v2c.InformRequestPDU]))()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, draw(st.integers(-(2**31), 2**31 - 1)))
    head = [
        ("1.3.6.1.2.1.1.3.0", v2c.TimeTicks(draw(unsigned32))),
        ("1.3.6.1.6.3.1.1.4.1.0", v2c.ObjectIdentifier(draw(oids))),
    ]
    v2c.apiPDU.set_varbinds(pdu, head + pysnmp_values(draw(varbind_lists(V2_VALUES)), V2_VALUES))
    return pysnmp_message(v2c, draw(st.binary(max_size=140)), pdu)


@st.composite
def v1_datagrams(draw) -> bytes:
    pdu = v1.TrapPDU()
    v1.apiTrapPDU.set_defaults(pdu)
    v1.apiTrapPDU.set_enterprise(pdu, draw(oids))
    v1.apiTrapPDU.set_agent_address(pdu, draw(st.ip_addresses(v=4).map(str)))
    v1.apiTrapPDU.set_generic_trap(pdu, draw(st.integers(0, 6)))
    v1.apiTrapPDU.set_specific_trap(pdu, draw(st.integers(0, 2**31 - 1)))
    v1.apiTrapPDU.set_timestamp(pdu, draw(unsigned32))
    v1.apiTrapPDU.set_varbinds(pdu, pysnmp_values(draw(varbind_lists(V1_VALUES)), V1_VALUES))
    return pysnmp_message(v1, draw(st.binary(max_size=140)), pdu)


# --- the same facts ---------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.one_of(v2c_datagrams(), v1_datagrams()))
def test_every_message_pysnmp_builds_is_read_as_pysnmp_reads_it(datagram: bytes) -> None:
    assert decode(datagram) == pysnmp_decode(datagram)


@settings(max_examples=60, deadline=None)
@given(varbinds=varbind_lists(V2_VALUES), trap_oid=oids, uptime=unsigned32, request_id=st.integers(0, 2**31 - 1))
def test_what_we_encode_is_octet_for_octet_what_pysnmp_encodes(varbinds, trap_oid, uptime, request_id) -> None:
    pdu = v2c.SNMPv2TrapPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    head = [
        ("1.3.6.1.2.1.1.3.0", v2c.TimeTicks(uptime)),
        ("1.3.6.1.6.3.1.1.4.1.0", v2c.ObjectIdentifier(trap_oid)),
    ]
    v2c.apiPDU.set_varbinds(pdu, head + pysnmp_values(varbinds, V2_VALUES))
    assume(not any(one.type is ValueType.INTEGER and one.value in PYASN1_LONGER for one in varbinds))
    ours = encode_trap(trap_oid, varbinds, community=b"public", uptime_ticks=uptime, request_id=request_id)
    assert ours == pysnmp_message(v2c, b"public", pdu)


@pytest.mark.parametrize(("value", "octets"), [*PYASN1_LONGER.items()])
def test_an_integer_has_no_needless_octet(value, octets) -> None:
    trap = encode_trap("1.3.0", [WireVarBind("1.3.0", ValueType.INTEGER, value)], community=b"", uptime_ticks=0)
    assert trap.endswith(bytes([0x02, octets, 0x80, *[0] * (octets - 1)]))
    assert decode(trap).varbinds[0].value == value


# --- the differences we mean ------------------------------------------------------------------------------------

# We refuse, pysnmp reads: reason → why.
STRICT = {
    r"indefinite or reserved length": "RFC 3417 §8 forbids indefinite lengths",
    r"without octets": "X.690 §8.3.1; pyasn1 reads an integer without octets as 0",
    r"not tag 0x|unknown type 0x|unknown tag 0x": "constructed strings (RFC 3417 §8) and tags written the long way",
    r"above 2\^32-1 in an OID|more than 128 sub-identifiers": "RFC 2578 §7.1.3",
}


def lenient(datagram: bytes) -> set[str]:
    """What we read and pysnmp does not, as far as it occurs in a datagram that `decode` accepts."""
    data = datagram
    found: set[str] = set()
    _, start, end = ber.read_header(data, 0, len(data))
    _, version_start, pos = ber.read_header(data, start, end)
    is_v1 = data[pos - 1] == 0
    if pos - version_start > 4:
        found.add("an INTEGER beyond 32 bits")
    _, _, pos = ber.read_header(data, pos, end)  # community
    _, pos, end = ber.read_header(data, pos, end)
    elements = list(_leaves(data, pos, end))
    for tag, content in elements:
        number = int.from_bytes(content, "big", signed=True)
        if tag in (0x41, 0x42, 0x43, 0x46) and number < 0:
            found.add("a negative encoding of an unsigned integer")
        if tag == 0x02 and not -(2**31) <= number < 2**31:
            found.add("an INTEGER beyond 32 bits")
        if tag == 0x06 and not content:
            found.add("an OID without octets")
        if is_v1 and tag in (0x46, 0x80, 0x81, 0x82):
            found.add("an SMIv2 type in a v1 trap")
    if is_v1 and elements[3][1][0] >= 0x80:
        found.add("a negative encoding of an unsigned integer")  # specific-trap
    if not is_v1 and int.from_bytes(elements[2][1], "big", signed=True) < 0:
        found.add("an error-index nobody needs")
    if not is_v1 and _first_name(elements) != b"\x2b\x06\x01\x02\x01\x01\x03\x00":
        found.add("no sysUpTime.0")
    return found


def _leaves(data: bytes, pos: int, end: int):
    while pos < end:
        tag, start, pos = ber.read_header(data, pos, end)
        if tag == ber.SEQUENCE:
            yield from _leaves(data, start, pos)
        else:
            yield tag, data[start:pos]


def _first_name(elements: list[tuple[int, bytes]]) -> bytes:
    return next((content for tag, content in elements if tag == 0x06), b"")


def compare(datagram: bytes) -> str:
    """Read it with both; returns what happened, fails if they differ in a way that is on no list."""
    try:
        ours = decode(datagram)
    except DecodeError as error:
        try:
            pysnmp_decode(datagram)
        except Refused:
            return "both refuse"
        assert any(re.search(reason, error.reason) for reason in STRICT), (  # noqa: PT017  (agreeing is as good)
            f"only we refuse {datagram.hex()}: {error}"
        )
        return "only we refuse"
    try:
        theirs = pysnmp_decode(datagram)
    except Refused:
        assert lenient(datagram), f"only we read {datagram.hex()}: {ours}"
        return "only we read"
    assert ours == theirs
    return "both read"


def long_length(element: bytes) -> bytes:
    tag, start, _ = ber.read_header(element, 0, len(element))
    content = element[start:]
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


NAME = ber.encode_oid("1.3.6.1.4.1.9.9")
ODD_VALUES = {
    # name: (encoded value, who reads it)
    "INTEGER with needless zeros": ("0206000000000003", "both read"),
    "INTEGER with needless ones": ("0206fffffffffffd", "both read"),
    "INTEGER of 33 bits": ("02050080000000", "only we read"),
    "INTEGER of 65 bits": ("0209008000000000000000", "both refuse"),
    "INTEGER without octets": ("0200", "only we refuse"),
    "Counter32 without its leading zero": ("4104ffffffff", "only we read"),
    "Counter32 with needless zeros": ("4106000000000003", "both read"),
    "Counter32 of 33 bits": ("41050100000000", "both refuse"),
    "Counter32 without octets": ("4100", "only we refuse"),
    "Gauge32 -1": ("4201ff", "only we read"),
    "TimeTicks without its leading zero": ("430480000000", "only we read"),
    "Counter64 without its leading zero": ("4608ffffffffffffffff", "only we read"),
    "Counter64 of 65 bits": ("4609010000000000000000", "both refuse"),
    "OID without octets": ("0600", "only we read"),
    "OID with a sub-identifier of 33 bits": ("06062b9080808000", "only we refuse"),
    "OID of 129 sub-identifiers": ("0681802b" + "01" * 127, "only we refuse"),
    "OID that is padded": ("06032b8001", "both refuse"),
    "OID that is unfinished": ("06022b81", "both refuse"),
    "OCTET STRING in parts": ("240404026162", "only we refuse"),
    "OCTET STRING of indefinite length": ("2480040261620000", "only we refuse"),
    "OCTET STRING with a long length": ("048200026162", "both read"),
    "IpAddress of 3 octets": ("4003c00002", "both refuse"),
    "IpAddress of 16 octets": ("4010" + "00" * 16, "both refuse"),
    "NULL with a value": ("050100", "both refuse"),
    "noSuchObject with a value": ("800100", "both refuse"),
    "Opaque float": ("44079f780442f60000", "both read"),
    "UInteger32 (historic)": ("470101", "both refuse"),
    "NsapAddress (historic)": ("450101", "both refuse"),
    "BOOLEAN": ("0101ff", "both refuse"),
    "INTEGER whose tag is written the long way": ("1f020103", "only we refuse"),
}


@pytest.mark.parametrize("odd", ODD_VALUES)
@pytest.mark.parametrize("around", [bytes, long_length], ids=["short", "long"])
def test_an_odd_value_is_read_by_whom_the_list_says(odd: str, around) -> None:
    encoded, who = ODD_VALUES[odd]
    names = [ber.encode_oid(oid) for oid in ("1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0")]
    values = [ber.encode_integer(5, ValueType.TIMETICKS), ber.encode_oid("1.3.6.1.6.3.1.1.5.3"), bytes.fromhex(encoded)]
    varbinds = [around(ber.encode(0x30, name + value)) for name, value in zip([*names, NAME], values, strict=True)]
    pdu = ber.encode_integer(9) + ber.encode_integer(0) * 2 + around(ber.encode(0x30, b"".join(varbinds)))
    datagram = around(
        ber.encode(0x30, ber.encode_integer(1) + ber.encode(4, b"public") + around(ber.encode(0xA7, pdu)))
    )
    assert compare(datagram) == who


OCTETS_THAT_MATTER = [0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x24, 0x30, 0x40, 0x41, 0x43, 0x46, 0x7F, 0x80, 0x81, 0xFF]
octets = st.one_of(st.sampled_from(OCTETS_THAT_MATTER), st.integers(0, 255))


# Fixed messages, so that hypothesis spends its choices on the damage.
TO_DAMAGE = [
    encode_trap(
        "1.3.6.1.6.3.1.1.5.3",
        [
            WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 300),
            WireVarBind("1.3.6.1.2.1.2.2.1.2.3", ValueType.OCTET_STRING, b"Gi0/1"),
            WireVarBind("1.3.6.1.4.1.9.1.300", ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.9"),
            WireVarBind("1.3.6.1.4.1.9.2", ValueType.IP_ADDRESS, "192.0.2.1"),
        ],
        community=b"public",
        agent_address="192.0.2.1" if version == "1" else None,
        version=version,
        pdu=pdu,
    )
    for version, pdu in (("1", "trap"), ("2c", "trap"), ("2c", "inform"))
] + [
    encode_trap(
        "1.3.6.1.4.1.9.0.3",
        [
            WireVarBind("1.3.6.1.4.1.9.1", ValueType.COUNTER32, 2**32 - 1),
            WireVarBind("1.3.6.1.4.1.9.2", ValueType.GAUGE32, 200),
            WireVarBind("1.3.6.1.4.1.9.3", ValueType.TIMETICKS, 70_000),
            WireVarBind("1.3.6.1.4.1.9.4", ValueType.OPAQUE, bytes.fromhex("9f780442f60000")),
            WireVarBind("1.3.6.1.4.1.9.5", ValueType.NULL, None),
            *([WireVarBind("1.3.6.1.4.1.9.6", ValueType.COUNTER64, 2**40)] if version == "2c" else []),
            *([WireVarBind("1.3.6.1.4.1.9.7", ValueType.NO_SUCH_OBJECT, None)] if version == "2c" else []),
        ],
        community=b"",
        version=version,
        uptime_ticks=2**31,
    )
    for version in ("1", "2c")
]


def test_what_is_going_to_be_damaged_is_read_by_both() -> None:
    assert {compare(datagram) for datagram in TO_DAMAGE} == {"both read"}


@st.composite
def damaged_datagrams(draw) -> bytes:
    damaged = bytearray(draw(st.sampled_from(TO_DAMAGE)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(damaged) - 1, 0)))
        match draw(st.sampled_from(["set", "flip", "insert", "delete", "cut", "grow"])):
            case "set":
                damaged[place : place + 1] = bytes([draw(octets)])
            case "flip" if damaged:
                damaged[place] ^= 1 << draw(st.integers(0, 7))
            case "insert":
                damaged[place:place] = draw(st.binary(min_size=1, max_size=4))
            case "delete":
                del damaged[place : place + draw(st.integers(1, 4))]
            case "cut":
                del damaged[place:]
            case _:
                damaged += draw(st.binary(max_size=4))
    return bytes(damaged)


@settings(max_examples=300, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(damaged_datagrams())
def test_a_damaged_message_is_read_alike_or_the_difference_is_on_a_list(datagram: bytes) -> None:
    event(compare(datagram))


@pytest.mark.parametrize("number", range(len(TO_DAMAGE)))
def test_a_message_with_one_wrong_octet_is_read_alike_or_the_difference_is_on_a_list(number: int) -> None:
    datagram = TO_DAMAGE[number]
    # Every place meets two of the octets that matter and one that is a bit off.
    for place, octet in enumerate(datagram):
        wrong = {OCTETS_THAT_MATTER[(place + step) % len(OCTETS_THAT_MATTER)] for step in (0, 7)}
        for other in (wrong | {octet ^ 1 << place % 8}) - {octet}:
            compare(datagram[:place] + bytes([other]) + datagram[place + 1 :])
