"""SNMPv1 and SNMPv2c notifications: octets in, one immutable `Message` out, whatever the version; pure.

What a v1 trap says is translated as RFC 3584 §3.1 does, so that nobody above this module asks for the version.
Devices are sloppy and are read nevertheless where the meaning is certain: `ber` says how numbers and lengths are
treated; here, octets after the message are ignored, error-status and error-index may hold anything, a v1 trap may
carry a Counter64, and sysUpTime.0 may be absent. Everything else that is wrong is a `DecodeError`.

SNMPv3 is refused by name (`UnsupportedVersion`); a v3 decoder that yields a `Message` fits beside this one.
"""

from __future__ import annotations

from typing import NamedTuple

from fannel.wire import ber
from fannel.wire.ber import DecodeError, EncodeError
from fannel.wire.encoder import encode_message, encode_trap
from fannel.wire.message import (
    ENTERPRISE_SPECIFIC,
    INFORM,
    PDU_NAMES,
    RESPONSE,
    SNMP_TRAP_ADDRESS,
    SNMP_TRAP_COMMUNITY,
    SNMP_TRAP_ENTERPRISE,
    SNMP_TRAP_OID,
    SNMP_TRAPS,
    SYS_UP_TIME,
    TRAP_V1,
    TRAP_V2,
    Message,
)
from fannel.wire.varbind import ValueType, WireVarBind, read_ip_address, read_varbinds

__all__ = [
    "DecodeError",
    "EncodeError",
    "Message",
    "NotANotification",
    "UnsupportedVersion",
    "ValueType",
    "WireVarBind",
    "decode",
    "encode_trap",
    "inform_response",
]

_VERSION_NAMES = {2: "SNMPv2u", 3: "SNMPv3"}
_ABOUT_THE_SENDER = frozenset({SNMP_TRAP_ADDRESS, SNMP_TRAP_ENTERPRISE, SNMP_TRAP_COMMUNITY})


class UnsupportedVersion(DecodeError):  # noqa: N818  (says what it is)
    """A message of an SNMP version this decoder does not speak."""


class NotANotification(DecodeError):  # noqa: N818  (says what it is)
    """An SNMP message that is no trap and no inform: a Get, a Set, a Response, a Report."""


def decode(datagram: bytes | memoryview) -> Message:
    """Read one notification.

    Raises:
        UnsupportedVersion: Neither v1 nor v2c.
        NotANotification: Another PDU.
        DecodeError: Anything else that is wrong. No octets make it raise another exception.
    """
    data = bytes(datagram)
    frame = _read_frame(data)
    if frame.version == 0:
        return _read_v1_trap(data, frame)
    request_id, varbind_list = _read_v2_pdu(data, frame)
    varbinds = read_varbinds(data, varbind_list, frame.end)
    uptime_ticks, trap_oid, sent = _split_v2_varbinds(varbinds, varbind_list)
    address, enterprise, shown = _about_the_sender(sent)
    return Message(
        version="2c",
        community=data[frame.community_start : frame.community_end],
        pdu="inform" if frame.pdu == INFORM else "trap",
        request_id=request_id,
        trap_oid=trap_oid,
        uptime_ticks=uptime_ticks,
        agent_address=address,
        enterprise=enterprise,
        varbinds=shown,
    )


def inform_response(datagram: bytes | memoryview) -> bytes:
    """The Response that acknowledges an inform: its request-id and varbinds, octet for octet, error-status 0.

    Reads the frame only (RFC 3416 §4.2.7 leaves out what cannot be parsed: `decode` the inform first).

    Raises:
        NotANotification: A trap, which nobody acknowledges, or another PDU.
        DecodeError: Anything else that is wrong.
    """
    data = bytes(datagram)
    frame = _read_frame(data)
    if frame.pdu != INFORM:
        raise NotANotification(f"{PDU_NAMES[frame.pdu]} is not acknowledged", frame.start)
    _, request_id_end = ber.expect(data, frame.start, frame.end, ber.INTEGER, "request-id")
    _, varbind_list = _read_v2_pdu(data, frame)
    no_error = ber.encode_integer(0)
    varbinds = ber.encode(ber.SEQUENCE, data[varbind_list : frame.end])
    content = data[frame.start : request_id_end] + no_error + no_error + varbinds
    return encode_message("2c", data[frame.community_start : frame.community_end], RESPONSE, content)


# --- reading ----------------------------------------------------------------------------------------------------


class _Frame(NamedTuple):
    """Where a message's parts are: the community's octets, the PDU's tag and its content."""

    version: int
    community_start: int
    community_end: int
    pdu: int
    start: int
    end: int


def _read_frame(data: bytes) -> _Frame:
    start, end = ber.expect(data, 0, len(data), ber.SEQUENCE, "a message")
    version_start, version_end = ber.expect(data, start, end, ber.INTEGER, "the version")
    version = ber.read_signed(data, version_start, version_end)
    if version not in (0, 1):
        name = _VERSION_NAMES.get(version, "an unknown SNMP version")
        raise UnsupportedVersion(f"{name} is not supported, only SNMPv1 and SNMPv2c are", version_start)
    community_start, community_end = ber.expect(data, version_end, end, ber.OCTET_STRING, "the community")
    pdu, pdu_start, pdu_end = ber.read_header(data, community_end, end)
    if pdu not in PDU_NAMES:
        raise DecodeError(f"a PDU of unknown tag 0x{pdu:02x}", community_end)
    if pdu not in (TRAP_V1, INFORM, TRAP_V2):
        raise NotANotification(f"{PDU_NAMES[pdu]} is neither a trap nor an inform", community_end)
    if (pdu == TRAP_V1) != (version == 0):
        raise DecodeError(f"{PDU_NAMES[pdu]} inside an SNMPv{'2c' if version else 1} message", community_end)
    if pdu_end != end:
        raise DecodeError("octets between the PDU and the end of the message", pdu_end)
    return _Frame(version, community_start, community_end, pdu, pdu_start, pdu_end)


def _read_v2_pdu(data: bytes, frame: _Frame) -> tuple[int, int]:
    """The request-id, and where the content of the VarBindList starts; it ends where the PDU does."""
    start, end = ber.expect(data, frame.start, frame.end, ber.INTEGER, "request-id")
    request_id = ber.read_signed(data, start, end)
    for what in ("error-status", "error-index"):
        _, end = ber.expect(data, end, frame.end, ber.INTEGER, what)
    return request_id, _read_varbind_list(data, end, frame.end)


def _read_varbind_list(data: bytes, pos: int, end: int) -> int:
    start, stop = ber.expect(data, pos, end, ber.SEQUENCE, "the list of varbinds")
    if stop != end:
        raise DecodeError("octets after the list of varbinds", stop)
    return start


def _split_v2_varbinds(varbinds: list[WireVarBind], offset: int) -> tuple[int | None, str, list[WireVarBind]]:
    """sysUpTime, the trap's OID, and the rest (RFC 3416 §4.2.6: the first two varbinds are these)."""
    uptime_ticks: int | None = None
    at = 0
    if varbinds and varbinds[0].oid == SYS_UP_TIME:
        if varbinds[0].type is not ValueType.TIMETICKS:
            raise DecodeError(f"sysUpTime.0 is {varbinds[0].type.name}, not TIMETICKS", offset)
        assert isinstance(varbinds[0].value, int)  # noqa: S101  (narrowing for the type checker)
        uptime_ticks = varbinds[0].value
        at = 1
    if len(varbinds) <= at or varbinds[at].oid != SNMP_TRAP_OID:
        places = [place for place, varbind in enumerate(varbinds, 1) if varbind.oid == SNMP_TRAP_OID]
        if places:
            raise DecodeError(f"snmpTrapOID.0 is varbind {places[0]}; it must follow sysUpTime.0", offset)
        raise DecodeError(f"no snmpTrapOID.0 among {len(varbinds)} varbinds", offset)
    trap_oid = varbinds[at].value
    if varbinds[at].type is not ValueType.OBJECT_IDENTIFIER or not isinstance(trap_oid, str):
        raise DecodeError(f"snmpTrapOID.0 is {varbinds[at].type.name}, not OBJECT_IDENTIFIER", offset)
    return uptime_ticks, trap_oid, varbinds[at + 1 :]


def _about_the_sender(varbinds: list[WireVarBind]) -> tuple[str | None, str | None, tuple[WireVarBind, ...]]:
    """What a proxy says of the first sender (RFC 3584 §3.1): address, enterprise; and the varbinds to show."""
    address = enterprise = None
    secret = False
    for varbind in varbinds:
        if varbind.oid in _ABOUT_THE_SENDER:
            if varbind.oid == SNMP_TRAP_COMMUNITY:
                secret = True
            elif varbind.oid == SNMP_TRAP_ADDRESS and varbind.type is ValueType.IP_ADDRESS:
                address = _known_address(str(varbind.value))
            elif varbind.oid == SNMP_TRAP_ENTERPRISE and varbind.type is ValueType.OBJECT_IDENTIFIER:
                enterprise = str(varbind.value)
    if secret:
        varbinds = [varbind for varbind in varbinds if varbind.oid != SNMP_TRAP_COMMUNITY]
    return address, enterprise, tuple(varbinds)


def _known_address(address: str) -> str | None:
    return None if address == "0.0.0.0" else address  # noqa: S104  (a value a device sends, not one to bind to)


def _read_v1_trap(data: bytes, frame: _Frame) -> Message:
    start, pos = ber.expect(data, frame.start, frame.end, ber.OBJECT_IDENTIFIER, "enterprise")
    enterprise = ber.read_oid(data, start, pos)
    start, pos = ber.expect(data, pos, frame.end, ValueType.IP_ADDRESS, "agent-addr")
    agent_address = _known_address(read_ip_address(data, start, pos))
    generic_start, pos = ber.expect(data, pos, frame.end, ber.INTEGER, "generic-trap")
    generic = ber.read_signed(data, generic_start, pos)
    start, pos = ber.expect(data, pos, frame.end, ber.INTEGER, "specific-trap")
    specific = ber.read_unsigned(data, start, pos)
    start, pos = ber.expect(data, pos, frame.end, ValueType.TIMETICKS, "time-stamp")
    uptime_ticks = ber.read_unsigned(data, start, pos)
    if not 0 <= generic <= ENTERPRISE_SPECIFIC:
        raise DecodeError("generic-trap is not 0 to 6", generic_start)
    varbinds = read_varbinds(data, _read_varbind_list(data, pos, frame.end), frame.end)
    proxied_address, proxied_enterprise, shown = _about_the_sender(varbinds)
    return Message(
        version="1",
        community=data[frame.community_start : frame.community_end],
        pdu="trap",
        request_id=None,
        trap_oid=(f"{enterprise}.0.{specific}" if generic == ENTERPRISE_SPECIFIC else f"{SNMP_TRAPS}.{generic + 1}"),
        uptime_ticks=uptime_ticks,
        agent_address=proxied_address or agent_address,
        enterprise=proxied_enterprise or enterprise,
        varbinds=shown,
    )
