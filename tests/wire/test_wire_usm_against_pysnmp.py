"""SNMPv3 beside pysnmp: what it builds we read, what we build it reads, and informs from discovery to Response."""

import ipaddress

import pytest
from pysnmp_v3 import PysnmpEngine

from fannel.wire.engine import LocalEngine
from fannel.wire.usm import SecurityLevel, UsmUser
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol
from fannel.wire.v3_receiver import Accepted, Report, V3Receiver
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
VARBINDS = [
    WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3),
    WireVarBind("1.3.6.1.2.1.2.2.1.2.3", ValueType.OCTET_STRING, b"Gi0/1"),
]
READ_BY_PYSNMP = [
    ("1.3.6.1.2.1.1.3.0", "4711"),
    ("1.3.6.1.6.3.1.1.4.1.0", LINK_DOWN),
    ("1.3.6.1.2.1.2.2.1.1.3", "3"),
    ("1.3.6.1.2.1.2.2.1.2.3", "Gi0/1"),
]
OURS, THEIRS, THIRD = (bytes.fromhex("8000000004") + name for name in (b"fannel", b"pysnmp", b"device"))
SOURCE = "192.0.2.1"

BLUMENTHAL, REEDER = KeyExtension
PROTECTIONS = [(None, None, BLUMENTHAL)] + [
    (auth, priv, extension)
    for auth in AuthProtocol
    for priv, extension in (
        *((priv, BLUMENTHAL) for priv in (None, *PrivProtocol)),
        *((priv, REEDER) for priv in (PrivProtocol.AES192, PrivProtocol.AES256)),
    )
]


def name_of(protection) -> str:
    auth, priv, extension = protection
    return "-".join(str(part.value) if part else "none" for part in (auth, priv, extension))


@pytest.fixture(scope="module", params=PROTECTIONS, ids=name_of)
def user(request) -> UsmUser:
    auth, priv, extension = request.param
    return UsmUser(
        name="lab",
        auth_protocol=auth,
        auth_password="auth-pass-123" if auth else None,
        priv_protocol=priv,
        priv_password="priv-pass-456" if priv else None,
        sources=(ipaddress.ip_network("192.0.2.0/24"),),
        key_extension=extension,
    )


@pytest.fixture(scope="module")
def theirs(user) -> PysnmpEngine:
    """pysnmp, which also knows the user at a third engine. Setting it up takes longer than all it is asked here."""
    return PysnmpEngine(THEIRS, user, THIRD)


def receiver(user: UsmUser) -> V3Receiver:
    return V3Receiver([user], LocalEngine(OURS, boots=7, started=0.0))


def test_a_trap_of_pysnmp_is_read(user, theirs):
    datagram = theirs.build(LINK_DOWN, VARBINDS, uptime_ticks=4711, request_id=42, context=b"vrf-red")
    outcome = receiver(user).receive(datagram, SOURCE, 0.0)
    assert isinstance(outcome, Accepted), outcome
    message = outcome.message
    assert (message.version, message.pdu, message.community) == ("3", "trap", b"")
    assert (message.user, message.engine_id, message.context) == ("lab", THEIRS.hex(), "vrf-red")
    assert (message.request_id, message.trap_oid, message.uptime_ticks) == (42, LINK_DOWN, 4711)
    assert message.varbinds == tuple(VARBINDS)
    assert outcome.respond is None


def test_a_trap_of_ours_is_read_by_pysnmp(user, theirs):
    datagram = V3Sender(user, THIRD).encode(
        LINK_DOWN, VARBINDS, boots=3, engine_time=1000, request_id=42, uptime_ticks=4711, context="vrf-red"
    )
    read = theirs.read(datagram)
    assert (read.error, read.pdu, read.request_id, read.context) == (None, "SNMPv2TrapPDU", 42, b"vrf-red")
    assert read.varbinds == READ_BY_PYSNMP


def test_pysnmp_discovers_us_and_takes_our_response(user, theirs):
    ours = receiver(user)
    discovery = ours.receive(theirs.build(LINK_DOWN, VARBINDS, inform=True), SOURCE, 100.0)
    assert isinstance(discovery, Report)
    assert discovery.reason == "unknown_engine"
    assert theirs.read(discovery.reply).error == "UnknownEngineID"
    inform = theirs.build(LINK_DOWN, VARBINDS, inform=True, uptime_ticks=4711, request_id=43)
    outcome = ours.receive(inform, SOURCE, 100.0)
    assert isinstance(outcome, Accepted), outcome
    assert (outcome.message.pdu, outcome.message.varbinds) == ("inform", tuple(VARBINDS))
    response = theirs.read(outcome.respond(101.0))
    assert (response.error, response.pdu, response.request_id) == (None, "ResponsePDU", 43)
    assert response.varbinds == READ_BY_PYSNMP


def test_pysnmp_synchronises_its_clock_by_our_report():
    user = UsmUser(*("lab", AuthProtocol.SHA256, "auth-pass-123"), sources=(ipaddress.ip_network("192.0.2.0/24"),))
    ours, theirs = receiver(user), PysnmpEngine(THEIRS, user)
    theirs.read(ours.receive(theirs.build(LINK_DOWN, [], inform=True), SOURCE, 0.0).reply)
    late = ours.receive(theirs.build(LINK_DOWN, [], inform=True), SOURCE, 10_000.0)
    assert isinstance(late, Report)
    assert late.reason == "not_in_time_window"
    assert theirs.read(late.reply).error == "NotInTimeWindow"
    assert isinstance(ours.receive(theirs.build(LINK_DOWN, [], inform=True), SOURCE, 10_000.0), Accepted)


@pytest.mark.parametrize("level", list(SecurityLevel))
def test_a_user_may_send_at_a_lower_level_where_it_is_allowed(level):
    user = UsmUser(
        name="lab",
        auth_protocol=AuthProtocol.SHA1,
        auth_password="auth-pass-123",
        priv_protocol=PrivProtocol.AES128,
        priv_password="priv-pass-456",
        sources=(ipaddress.ip_network("192.0.2.0/24"),),
        minimum_level=SecurityLevel.NO_AUTH_NO_PRIV,
    )
    datagram = PysnmpEngine(THEIRS, user).build(LINK_DOWN, VARBINDS, level=level)
    outcome = receiver(user).receive(datagram, SOURCE, 0.0)
    assert isinstance(outcome, Accepted), outcome
    assert outcome.message.varbinds == tuple(VARBINDS)
