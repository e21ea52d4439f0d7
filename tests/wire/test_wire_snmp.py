"""Notifications: what a datagram says, what is refused, and that secrets stay inside."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fannel.wire import ber
from fannel.wire.snmp import (
    DecodeError,
    EncodeError,
    Message,
    NotANotification,
    UnsupportedVersion,
    ValueType,
    WireVarBind,
    decode,
    encode_trap,
    inform_response,
)
from fannel.wire.varbind import encode_varbinds

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
SNMP_TRAP_ENTERPRISE = "1.3.6.1.6.3.1.1.4.3.0"
SNMP_TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
SNMP_TRAP_COMMUNITY = "1.3.6.1.6.3.18.1.4.0"

ONE_OF_EACH_TYPE = (
    WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, -3),
    WireVarBind("1.3.6.1.2.1.2.2.1.2.3", ValueType.OCTET_STRING, b"Gi0/1\x00\xff"),
    WireVarBind("1.3.6.1.4.1.9.1", ValueType.NULL, None),
    WireVarBind("1.3.6.1.4.1.9.2", ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.9"),
    WireVarBind("1.3.6.1.4.1.9.3", ValueType.IP_ADDRESS, "192.0.2.255"),
    WireVarBind("1.3.6.1.4.1.9.4", ValueType.COUNTER32, 2**32 - 1),
    WireVarBind("1.3.6.1.4.1.9.5", ValueType.GAUGE32, 2**31),
    WireVarBind("1.3.6.1.4.1.9.6", ValueType.TIMETICKS, 0),
    WireVarBind("1.3.6.1.4.1.9.7", ValueType.OPAQUE, b"\x9f\x78\x04\x42\xf6\x00\x00"),
    WireVarBind("1.3.6.1.4.1.9.8", ValueType.COUNTER64, 2**64 - 1),
    WireVarBind("1.3.6.1.4.1.9.9", ValueType.NO_SUCH_OBJECT, None),
    WireVarBind("1.3.6.1.4.1.9.10", ValueType.NO_SUCH_INSTANCE, None),
    WireVarBind("1.3.6.1.4.1.9.11", ValueType.END_OF_MIB_VIEW, None),
)


def v2_message(varbind_list: bytes, *, pdu: int = 0xA7, version: bytes = b"\x01", status: bytes = b"\x00") -> bytes:
    """A v2c message with any octets as the content of its varbind list."""
    return ber.encode(
        0x30,
        ber.encode(0x02, version)
        + ber.encode(0x04, b"public")
        + ber.encode(
            pdu,
            ber.encode_integer(7) + ber.encode(0x02, status) + ber.encode_integer(0) + ber.encode(0x30, varbind_list),
        ),
    )


def v1_message(
    *,
    enterprise: str = "1.3.6.1.4.1.9.1.1",
    generic: bytes = b"\x06",
    specific: bytes = b"\x01",
    agent: bytes = b"\xc0\x00\x02\x01",
    varbinds: bytes = b"\x30\x00",
) -> bytes:
    """A v1 trap with any octets as the content of its fields."""
    pdu = (
        ber.encode_oid(enterprise)
        + ber.encode(0x40, agent)
        + ber.encode(0x02, generic)
        + ber.encode(0x02, specific)
        + ber.encode(0x43, b"\x2a")
        + varbinds
    )
    return ber.encode(0x30, b"\x02\x01\x00" + ber.encode(0x04, b"public") + ber.encode(0xA4, pdu))


def names(*varbinds: WireVarBind) -> bytes:
    """The content of a varbind list."""
    listed = encode_varbinds(varbinds)
    _, start, _ = ber.read_header(listed, 0, len(listed))
    return listed[start:]


UPTIME = WireVarBind(SYS_UP_TIME, ValueType.TIMETICKS, 12_345)
TRAP_OID = WireVarBind(SNMP_TRAP_OID, ValueType.OBJECT_IDENTIFIER, LINK_DOWN)
IF_INDEX = WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3)


# --- v2c --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pdu", ["trap", "inform"])
def test_a_v2c_notification_says_all_it_carries(pdu) -> None:
    datagram = encode_trap(
        LINK_DOWN, ONE_OF_EACH_TYPE, community=b"c0mmunity", pdu=pdu, request_id=-5, uptime_ticks=2**32 - 1
    )
    assert decode(datagram) == Message(
        version="2c",
        community=b"c0mmunity",
        pdu=pdu,
        request_id=-5,
        trap_oid=LINK_DOWN,
        uptime_ticks=2**32 - 1,
        agent_address=None,
        enterprise=None,
        varbinds=ONE_OF_EACH_TYPE,
    )


def test_a_memoryview_is_read_as_bytes_are() -> None:
    datagram = encode_trap(LINK_DOWN, ONE_OF_EACH_TYPE, community=b"public")
    assert decode(memoryview(datagram)) == decode(datagram)


def test_a_proxied_v2c_trap_names_its_first_sender_and_keeps_these_varbinds() -> None:
    message = decode(
        encode_trap(
            LINK_DOWN, [IF_INDEX], community=b"public", agent_address="192.0.2.7", enterprise="1.3.6.1.4.1.9.1.1"
        )
    )
    assert (message.agent_address, message.enterprise) == ("192.0.2.7", "1.3.6.1.4.1.9.1.1")
    assert message.varbinds == (
        IF_INDEX,
        WireVarBind(SNMP_TRAP_ADDRESS, ValueType.IP_ADDRESS, "192.0.2.7"),
        WireVarBind(SNMP_TRAP_ENTERPRISE, ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.9.1.1"),
    )


def test_an_snmp_trap_address_of_another_type_is_only_a_varbind() -> None:
    odd = (
        WireVarBind(SNMP_TRAP_ADDRESS, ValueType.OCTET_STRING, b"192.0.2.7"),
        WireVarBind(SNMP_TRAP_ENTERPRISE, ValueType.INTEGER, 9),
    )
    message = decode(encode_trap(LINK_DOWN, odd, community=b"public"))
    assert (message.agent_address, message.enterprise, message.varbinds) == (None, None, odd)


def test_an_unspecified_address_says_nothing() -> None:
    assert decode(encode_trap(LINK_DOWN, community=b"public", agent_address="0.0.0.0")).agent_address is None
    assert decode(v1_message(agent=bytes(4))).agent_address is None


def test_no_varbinds_beyond_the_two_are_needed() -> None:
    assert decode(encode_trap(LINK_DOWN, community=b"")).varbinds == ()


def test_sys_up_time_may_be_absent() -> None:
    message = decode(v2_message(names(TRAP_OID, IF_INDEX)))
    assert (message.uptime_ticks, message.trap_oid, message.varbinds) == (None, LINK_DOWN, (IF_INDEX,))


@pytest.mark.parametrize(
    ("varbinds", "reason"),
    [
        ((), "no snmpTrapOID.0 among 0 varbinds"),
        ((UPTIME,), "no snmpTrapOID.0 among 1 varbinds"),
        ((UPTIME, IF_INDEX), "no snmpTrapOID.0 among 2 varbinds"),
        ((IF_INDEX, TRAP_OID), "snmpTrapOID.0 is varbind 2; it must follow sysUpTime.0"),
        ((UPTIME, IF_INDEX, TRAP_OID), "snmpTrapOID.0 is varbind 3"),
        ((TRAP_OID, UPTIME, IF_INDEX), None),
        ((UPTIME, TRAP_OID._replace(type=ValueType.INTEGER, value=3)), "snmpTrapOID.0 is INTEGER"),
        ((UPTIME._replace(type=ValueType.GAUGE32), TRAP_OID), "sysUpTime.0 is GAUGE32, not TIMETICKS"),
    ],
)
def test_snmp_trap_oid_must_stand_in_its_place(varbinds, reason) -> None:
    datagram = v2_message(names(*varbinds))
    if reason is None:
        assert decode(datagram).uptime_ticks is None
        return
    with pytest.raises(DecodeError) as caught:
        decode(datagram)
    assert reason in str(caught.value)


def test_60_kb_of_varbinds_are_read() -> None:
    many = tuple(WireVarBind(f"1.3.6.1.4.1.9.{n}.{n * 77}", ValueType.OCTET_STRING, bytes(20)) for n in range(1, 1700))
    datagram = encode_trap(LINK_DOWN, many, community=b"public")
    assert 60_000 < len(datagram) < 65_507
    assert decode(datagram).varbinds == many
    one = (WireVarBind("1.3.6.1.4.1.9.1", ValueType.OCTET_STRING, bytes(65_000)),)
    assert decode(encode_trap(LINK_DOWN, one, community=b"public")).varbinds == one


def test_the_most_varbinds_a_datagram_can_hold_are_read() -> None:
    smallest = bytes.fromhex("300406000500")
    message = decode(v2_message(names(UPTIME, TRAP_OID) + smallest * 10_800))
    assert len(message.varbinds) == 10_800
    assert set(message.varbinds) == {WireVarBind("0.0", ValueType.NULL, None)}


def test_a_long_length_that_looks_like_a_short_varbind_is_a_long_length() -> None:
    # 30 82 06 40 …: a SEQUENCE of 0x0640 octets, or one of 0x82 octets that starts with an OID of 0x40 octets?
    value = b"\x01" * 57 + b"\x04\x3e" + bytes(62)
    value += b"\x00" * (0x0640 - 7 - len(value))
    odd = WireVarBind("1.3", ValueType.OCTET_STRING, value)
    assert encode_varbinds([odd])[4:8] == bytes.fromhex("30 82 06 40")
    assert decode(v2_message(names(UPTIME, TRAP_OID, odd))).varbinds == (odd,)


# --- v1 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generic", "specific", "trap_oid"),
    [
        (0, 0, "1.3.6.1.6.3.1.1.5.1"),  # coldStart
        (1, 0, "1.3.6.1.6.3.1.1.5.2"),  # warmStart
        (2, 0, "1.3.6.1.6.3.1.1.5.3"),  # linkDown
        (3, 9, "1.3.6.1.6.3.1.1.5.4"),  # linkUp, with a specific-trap that means nothing
        (4, 0, "1.3.6.1.6.3.1.1.5.5"),  # authenticationFailure
        (5, 0, "1.3.6.1.6.3.1.1.5.6"),  # egpNeighborLoss
        (6, 0, "1.3.6.1.4.1.9.9.41.2.0.0"),
        (6, 17, "1.3.6.1.4.1.9.9.41.2.0.17"),
        (6, 2**31 - 1, "1.3.6.1.4.1.9.9.41.2.0.2147483647"),
    ],
)
def test_a_v1_trap_is_translated_as_rfc_3584_says(generic: int, specific: int, trap_oid: str) -> None:
    message = decode(
        v1_message(
            enterprise="1.3.6.1.4.1.9.9.41.2",
            generic=bytes([generic]),
            specific=specific.to_bytes(4, "big"),
            varbinds=encode_varbinds([IF_INDEX]),
        )
    )
    assert message == Message(
        version="1",
        community=b"public",
        pdu="trap",
        request_id=None,
        trap_oid=trap_oid,
        uptime_ticks=42,
        agent_address="192.0.2.1",
        enterprise="1.3.6.1.4.1.9.9.41.2",
        varbinds=(IF_INDEX,),
    )


def test_a_specific_trap_without_its_leading_zero_octet_is_unsigned() -> None:
    assert decode(v1_message(specific=b"\xff\xff\xff\xfe")).trap_oid.endswith(".0.4294967294")


@pytest.mark.parametrize("generic", [b"\x07", b"\xff", b"\x7f\xff\xff\xff"])
def test_a_generic_trap_that_does_not_exist_is_refused(generic: bytes) -> None:
    with pytest.raises(DecodeError, match="generic-trap is not 0 to 6"):
        decode(v1_message(generic=generic))


def test_in_a_proxied_v1_trap_what_the_proxy_says_goes_first() -> None:
    said = (
        WireVarBind(SNMP_TRAP_ADDRESS, ValueType.IP_ADDRESS, "198.51.100.9"),
        WireVarBind(SNMP_TRAP_ENTERPRISE, ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.2636"),
    )
    message = decode(v1_message(varbinds=encode_varbinds(said)))
    assert (message.agent_address, message.enterprise) == ("198.51.100.9", "1.3.6.1.4.1.2636")
    assert message.trap_oid == "1.3.6.1.4.1.9.1.1.0.1"
    assert message.varbinds == said


def test_a_v1_trap_may_carry_a_counter64() -> None:
    counter = WireVarBind("1.3.6.1.4.1.9.8", ValueType.COUNTER64, 2**40)
    assert decode(v1_message(varbinds=encode_varbinds([counter]))).varbinds == (counter,)


@pytest.mark.parametrize("size", [0, 3, 5, 16])
def test_an_ip_address_has_four_octets(size: int) -> None:
    with pytest.raises(DecodeError, match=f"an IpAddress of {size} octets"):
        decode(v1_message(agent=bytes(size)))


# --- sloppy, and wrong ------------------------------------------------------------------------------------------


def test_octets_after_the_message_are_ignored() -> None:
    datagram = encode_trap(LINK_DOWN, ONE_OF_EACH_TYPE, community=b"public", pdu="inform")
    assert decode(datagram + bytes(300)) == decode(datagram)
    assert inform_response(datagram + bytes(300)) == inform_response(datagram)


def test_error_status_and_error_index_may_hold_anything() -> None:
    assert decode(v2_message(names(UPTIME, TRAP_OID), status=bytes.fromhex("7fffffffffffffffffff"))).request_id == 7


@pytest.mark.parametrize(
    ("varbind", "reason"),
    [
        ("310406000500", "a varbind should be SEQUENCE, not tag 0x31"),
        ("300404000500", "a varbind's name should be OBJECT IDENTIFIER, not tag 0x04"),
        ("3006060005000500", "octets after a varbind's value"),
        ("300506000501", "does not fit"),
        ("30050600050100", "a NULL or exception that has a value"),
        ("300406004700", "unknown type 0x47"),
        ("300406002400", "unknown type 0x24"),
        ("300406000200", "without octets"),
        ("300406004100", "without octets"),
        ("3002", "does not fit"),
        ("30020600", "should start here"),
        ("300306012b", "should start here"),
        ("30", "should start here"),
        ("300006012b0500", "should start here"),
        ("3080060005000000", "indefinite"),
        ("30060602808005 00", "padded"),
    ],
)
def test_a_broken_varbind_is_refused_and_its_place_named(varbind: str, reason: str) -> None:
    good = names(UPTIME, TRAP_OID)
    datagram = v2_message(good + bytes.fromhex(varbind))
    with pytest.raises(DecodeError, match=reason) as caught:
        decode(datagram)
    first = datagram.index(good) + len(good)
    assert first <= caught.value.offset <= len(datagram)


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "should start here"),
        (b"\x30", "should start here"),
        (b"\x30\x00", "should start here"),
        (b"<34>Oct 11 22:14:15 mymachine su: failed", "a message should be SEQUENCE"),
        (bytes.fromhex("30030401 00"), "the version should be INTEGER"),
        (bytes.fromhex("3006020101020100"), "the community should be OCTET STRING"),
        (bytes.fromhex("300702010104 00a900"), "a PDU of unknown tag 0xa9"),
        (v2_message(names(UPTIME, TRAP_OID), version=b"\x00"), "SNMPv2-Trap inside an SNMPv1 message"),
        (v2_message(names(UPTIME, TRAP_OID), pdu=0xA4), "SNMPv1 Trap inside an SNMPv2c message"),
    ],
)
def test_what_is_no_message_is_refused(datagram: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode(datagram)


def test_octets_between_the_parts_are_refused() -> None:
    varbinds = ber.encode(0x30, names(UPTIME, TRAP_OID))
    numbers = ber.encode_integer(7) + ber.encode_integer(0) + ber.encode_integer(0)
    head = ber.encode_integer(1) + ber.encode(0x04, b"public")
    good = ber.encode(0x30, head + ber.encode(0xA7, numbers + varbinds))
    assert decode(good).trap_oid == LINK_DOWN
    with pytest.raises(DecodeError, match="octets after the list of varbinds"):
        decode(ber.encode(0x30, head + ber.encode(0xA7, numbers + varbinds + b"\x05\x00")))
    with pytest.raises(DecodeError, match="octets between the PDU and the end of the message"):
        decode(ber.encode(0x30, head + ber.encode(0xA7, numbers + varbinds) + b"\x05\x00"))


@pytest.mark.parametrize(("version", "name"), [(3, "SNMPv3"), (2, "SNMPv2u"), (4, "unknown"), (200, "unknown")])
def test_another_version_is_refused_by_name(version: int, name: str) -> None:
    with pytest.raises(UnsupportedVersion, match=name):
        decode(v2_message(b"", version=version.to_bytes(2, "big")))


@pytest.mark.parametrize(
    ("pdu", "name"),
    [
        (0xA0, "GetRequest"),
        (0xA1, "GetNextRequest"),
        (0xA2, "Response"),
        (0xA3, "SetRequest"),
        (0xA5, "GetBulkRequest"),
        (0xA8, "Report"),
    ],
)
def test_another_pdu_is_no_notification(pdu: int, name: str) -> None:
    with pytest.raises(NotANotification, match=f"^{name} "):
        decode(v2_message(names(UPTIME, TRAP_OID), pdu=pdu))


# --- informs ----------------------------------------------------------------------------------------------------


def test_the_response_to_an_inform_repeats_it_octet_for_octet() -> None:
    odd_numbers = bytes.fromhex("02 05 00 80 00 00 00") + bytes.fromhex("02 01 12") + bytes.fromhex("02 02 00 07")
    long_lengths = bytes.fromhex("30 81 06  06 01 2b  05 81 00")
    varbinds = ber.encode(0x30, names(UPTIME, TRAP_OID) + long_lengths)
    head = ber.encode_integer(1) + ber.encode(0x04, b"public")
    inform = ber.encode(0x30, head + ber.encode(0xA6, odd_numbers + varbinds))
    clean_numbers = bytes.fromhex("02 05 00 80 00 00 00") + bytes.fromhex("02 01 00 02 01 00")
    assert inform_response(inform) == ber.encode(0x30, head + ber.encode(0xA2, clean_numbers + varbinds))


def test_only_informs_are_acknowledged() -> None:
    for datagram in (encode_trap(LINK_DOWN, community=b"public"), v1_message(), v2_message(b"", pdu=0xA2)):
        with pytest.raises(NotANotification):
            inform_response(datagram)


# --- secrets ----------------------------------------------------------------------------------------------------

SECRET = b"c0rrect-h0rse"


def shows_secret(text: str) -> bool:
    dotted = ".".join(map(str, SECRET))
    parts = (SECRET.decode(), SECRET.hex(), dotted, dotted[4:20], str(int.from_bytes(SECRET, "big")), "h0rse", "c0rr")
    return any(part in text for part in parts)


def test_the_community_is_not_in_the_repr() -> None:
    for version in ("1", "2c"):
        message = decode(encode_trap(LINK_DOWN, community=SECRET, version=version))
        assert message.community == SECRET
        assert not shows_secret(repr(message))


def test_a_forwarded_community_is_left_out() -> None:
    forwarded = WireVarBind(SNMP_TRAP_COMMUNITY, ValueType.OCTET_STRING, SECRET)
    for version in ("1", "2c"):
        message = decode(encode_trap(LINK_DOWN, [forwarded, IF_INDEX], community=b"public", version=version))
        assert message.varbinds == (IF_INDEX,)
        assert not shows_secret(repr(message))


def test_no_damage_brings_the_community_into_an_error() -> None:
    datagram = encode_trap(LINK_DOWN, [IF_INDEX], community=SECRET, pdu="inform")
    errors = []
    for place, octet in itertools.product(range(len(datagram)), (0x00, 0x02, 0x04, 0x06, 0x0F, 0x30, 0x7F, 0x81, 0xFF)):
        damaged = datagram[:place] + bytes([octet]) + datagram[place + 1 :]
        for read in (decode, inform_response):
            try:
                read(damaged)
            except DecodeError as error:
                errors.append(f"{error} {error!r} {error.args} {error.__cause__!r} {error.__context__!r}")
    assert len(errors) > 100
    assert [error for error in errors if shows_secret(error)] == []


# --- any octets -------------------------------------------------------------------------------------------------


def read_or_refuse(datagram: bytes) -> None:
    for read in (decode, inform_response):
        try:
            read(datagram)
        except DecodeError as error:
            assert 0 <= error.offset <= len(datagram)  # noqa: PT017  (a success is as good)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200))
@example(b"\x30\x84\xff\xff\xff\xff")
@example(b"\x30\xfe" + b"\xff" * 126)
@example(b"\x30\x80" * 5000)
@example(b"\x30\x82\xff\xff" * 5000)
@example(b"\x30\x83\x01\x00\x00\x02\x83\x00\xff\xf0" + b"\xff" * 70_000)
def test_no_octets_raise_anything_but_a_decode_error(datagram: bytes) -> None:
    read_or_refuse(datagram)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_raises_anything_but_a_decode_error(data: st.DataObject) -> None:
    base = data.draw(
        st.sampled_from(
            [
                encode_trap(LINK_DOWN, ONE_OF_EACH_TYPE, community=b"public", pdu="inform"),
                v1_message(varbinds=encode_varbinds(ONE_OF_EACH_TYPE)),
            ]
        )
    )
    damaged = bytearray(base)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged)))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read_or_refuse(bytes(damaged))


def test_every_truncation_is_refused() -> None:
    for datagram in (
        encode_trap(LINK_DOWN, ONE_OF_EACH_TYPE, community=b"public", pdu="inform"),
        v1_message(varbinds=encode_varbinds(ONE_OF_EACH_TYPE)),
    ):
        for size in range(len(datagram)):
            with pytest.raises(DecodeError):
                decode(datagram[:size])


# --- round trip -------------------------------------------------------------------------------------------------

oids = st.lists(st.integers(0, 2**32 - 1), max_size=20).map(lambda rest: ".".join(map(str, (1, 3, *rest))))
VALUES: dict[ValueType, st.SearchStrategy] = {
    ValueType.INTEGER: st.integers(-(2**31), 2**31 - 1),
    ValueType.OCTET_STRING: st.binary(max_size=300),
    ValueType.NULL: st.none(),
    ValueType.OBJECT_IDENTIFIER: oids,
    ValueType.IP_ADDRESS: st.ip_addresses(v=4).map(str),
    ValueType.COUNTER32: st.integers(0, 2**32 - 1),
    ValueType.GAUGE32: st.integers(0, 2**32 - 1),
    ValueType.TIMETICKS: st.integers(0, 2**32 - 1),
    ValueType.OPAQUE: st.binary(max_size=20),
    ValueType.COUNTER64: st.integers(0, 2**64 - 1),
    ValueType.NO_SUCH_OBJECT: st.none(),
    ValueType.NO_SUCH_INSTANCE: st.none(),
    ValueType.END_OF_MIB_VIEW: st.none(),
}
wire_varbinds = st.sampled_from(ValueType).flatmap(
    lambda value_type: st.builds(WireVarBind, oids, st.just(value_type), VALUES[value_type])
)


@settings(deadline=None)  # the machine may be busy
@given(
    trap_oid=oids,
    varbinds=st.lists(wire_varbinds, max_size=6),
    community=st.binary(max_size=140),
    pdu=st.sampled_from(["trap", "inform"]),
    request_id=st.integers(-(2**31), 2**31 - 1),
    uptime_ticks=st.integers(0, 2**32 - 1),
)
def test_a_v2c_notification_comes_back_as_it_was_sent(
    trap_oid, varbinds, community, pdu, request_id, uptime_ticks
) -> None:
    sent = {"community": community, "pdu": pdu, "request_id": request_id, "uptime_ticks": uptime_ticks}
    message = decode(encode_trap(trap_oid, varbinds, **sent))
    assert {name: getattr(message, name) for name in sent} == sent
    assert (message.trap_oid, list(message.varbinds)) == (trap_oid, varbinds)


@settings(deadline=None)  # the machine may be busy
@given(
    trap_oid=st.one_of(
        st.integers(1, 6).map("1.3.6.1.6.3.1.1.5.{}".format),
        st.tuples(oids, st.integers(0, 2**31 - 1)).map(lambda parts: f"{parts[0]}.0.{parts[1]}"),
    ),
    varbinds=st.lists(wire_varbinds.filter(lambda varbind: varbind.type is not ValueType.COUNTER64), max_size=4),
    address=st.none() | st.ip_addresses(v=4).map(str).filter(lambda address: address != "0.0.0.0"),
    uptime_ticks=st.integers(0, 2**32 - 1),
)
def test_a_v1_trap_comes_back_as_it_was_sent(trap_oid, varbinds, address, uptime_ticks) -> None:
    message = decode(
        encode_trap(
            trap_oid, varbinds, version="1", community=b"public", agent_address=address, uptime_ticks=uptime_ticks
        )
    )
    assert (message.trap_oid, list(message.varbinds)) == (trap_oid, varbinds)
    assert (message.agent_address, message.uptime_ticks) == (address, uptime_ticks)


def test_a_standard_trap_keeps_the_enterprise_it_is_given_in_v1() -> None:
    given_enterprise = encode_trap(LINK_DOWN, community=b"", version="1", enterprise="1.3.6.1.4.1.9.1.1")
    assert decode(given_enterprise).enterprise == "1.3.6.1.4.1.9.1.1"
    assert decode(encode_trap(LINK_DOWN, community=b"", version="1")).enterprise == "1.3.6.1.6.3.1.1.5"


@pytest.mark.parametrize(
    "varbind",
    [
        WireVarBind("1.3", ValueType.INTEGER, 2**31),
        WireVarBind("1.3", ValueType.INTEGER, b"3"),
        WireVarBind("1.3", ValueType.COUNTER32, -1),
        WireVarBind("1.3", ValueType.GAUGE32, 2**32),
        WireVarBind("1.3", ValueType.COUNTER64, 2**64),
        WireVarBind("1.3", ValueType.OCTET_STRING, "text"),
        WireVarBind("1.3", ValueType.OCTET_STRING, None),
        WireVarBind("1.3", ValueType.NULL, 0),
        WireVarBind("1.3", ValueType.IP_ADDRESS, "192.0.2.256"),
        WireVarBind("1.3", ValueType.IP_ADDRESS, b"\xc0\x00\x02\x01"),
        WireVarBind("1.3", ValueType.OBJECT_IDENTIFIER, "ifIndex"),
        WireVarBind("ifIndex", ValueType.NULL, None),
    ],
)
def test_a_value_that_is_not_of_its_type_is_not_sent(varbind: WireVarBind) -> None:
    with pytest.raises(EncodeError):
        encode_trap(LINK_DOWN, [varbind], community=b"public")


def test_v1_cannot_say_everything() -> None:
    counter = WireVarBind("1.3.6.1.4.1.9.8", ValueType.COUNTER64, 1)
    with pytest.raises(EncodeError, match="Counter64"):
        encode_trap(LINK_DOWN, [counter], community=b"public", version="1")
    with pytest.raises(EncodeError, match="informs"):
        encode_trap(LINK_DOWN, community=b"public", version="1", pdu="inform")
