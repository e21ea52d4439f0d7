"""SNMPv1 and SNMPv2c notifications: octets in, one immutable `Message` out, whatever the version; pure.

What a v1 trap says is translated as RFC 3584 §3.1 does, so that nobody above this module asks for the version.
Devices are sloppy and are read nevertheless where the meaning is certain: `ber` says how numbers and lengths are
treated; here, octets after the message are ignored, error-status and error-index may hold anything, a v1 trap may
carry a Counter64, and sysUpTime.0 may be absent. Everything else that is wrong is a `DecodeError`.

SNMPv3 is refused by name (`UnsupportedVersion`): it needs users, keys and a clock, and `v3_receiver` has them.
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
    SNMP_TRAPS,
    TRAP_V1,
    TRAP_V2,
    Message,
)
from fannel.wire.pdu import (
    NotANotification,
    UnsupportedVersion,
    about_the_sender,
    acknowledgement,
    known_address,
    read_notification,
    read_varbind_list,
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
    return Message(
        "2c",
        data[frame.community_start : frame.community_end],
        "inform" if frame.pdu == INFORM else "trap",
        *read_notification(data, frame.start, frame.end),
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
    content = acknowledgement(data, frame.start, frame.end)
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
        why = "needs the keys of its user" if version == 3 else "is not supported"
        raise UnsupportedVersion(f"{name} {why}: only SNMPv1 and SNMPv2c are read here", version_start)
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


def _read_v1_trap(data: bytes, frame: _Frame) -> Message:
    start, pos = ber.expect(data, frame.start, frame.end, ber.OBJECT_IDENTIFIER, "enterprise")
    enterprise = ber.read_oid(data, start, pos)
    start, pos = ber.expect(data, pos, frame.end, ValueType.IP_ADDRESS, "agent-addr")
    agent_address = known_address(read_ip_address(data, start, pos))
    generic_start, pos = ber.expect(data, pos, frame.end, ber.INTEGER, "generic-trap")
    generic = ber.read_signed(data, generic_start, pos)
    start, pos = ber.expect(data, pos, frame.end, ber.INTEGER, "specific-trap")
    specific = ber.read_unsigned(data, start, pos)
    start, pos = ber.expect(data, pos, frame.end, ValueType.TIMETICKS, "time-stamp")
    uptime_ticks = ber.read_unsigned(data, start, pos)
    if not 0 <= generic <= ENTERPRISE_SPECIFIC:
        raise DecodeError("generic-trap is not 0 to 6", generic_start)
    varbinds = read_varbinds(data, read_varbind_list(data, pos, frame.end), frame.end)
    proxied_address, proxied_enterprise, shown = about_the_sender(varbinds)
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
