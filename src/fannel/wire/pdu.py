"""The PDU of a notification, which SNMPv2c and SNMPv3 carry alike (RFC 3416 §3, §4.2.6); pure.

SNMPv2-Trap-PDU [7], InformRequest-PDU [6] ::= { request-id, error-status, error-index, VarBindList }
VarBindList ::= sysUpTime.0, snmpTrapOID.0, what the sender adds

error-status and error-index may hold anything, and sysUpTime.0 may be absent: devices do that.
"""

from __future__ import annotations

from typing import NamedTuple

from fannel.wire import ber
from fannel.wire.ber import DecodeError
from fannel.wire.message import SNMP_TRAP_ADDRESS, SNMP_TRAP_COMMUNITY, SNMP_TRAP_ENTERPRISE, SNMP_TRAP_OID, SYS_UP_TIME
from fannel.wire.varbind import ValueType, WireVarBind, read_varbinds

# Python 3.11 finds a member through its class by a call of 0.4 µs, and this is compared for every message.
_TIMETICKS, _OBJECT_IDENTIFIER, _IP_ADDRESS = ValueType.TIMETICKS, ValueType.OBJECT_IDENTIFIER, ValueType.IP_ADDRESS
_ABOUT_THE_SENDER = frozenset({SNMP_TRAP_ADDRESS, SNMP_TRAP_ENTERPRISE, SNMP_TRAP_COMMUNITY})

_BEFORE_THE_VARBINDS = ((ber.INTEGER, "request-id"), (ber.INTEGER, "error-status"), (ber.INTEGER, "error-index"))


class UnsupportedVersion(DecodeError):  # noqa: N818  (says what it is)
    """A message of an SNMP version this decoder does not speak."""


class NotANotification(DecodeError):  # noqa: N818  (says what it is)
    """An SNMP message that is no trap and no inform: a Get, a Set, a Response, a Report."""


class Notification(NamedTuple):
    """What the PDU of a trap or inform says, in `Message`'s words."""

    request_id: int
    trap_oid: str
    uptime_ticks: int | None
    agent_address: str | None
    enterprise: str | None
    varbinds: tuple[WireVarBind, ...]


def read_notification(data: bytes, start: int, end: int) -> Notification:
    """Read the content of a trap's or an inform's PDU, which fills `start` to `end`.

    Raises:
        DecodeError: Something is wrong with it.
    """
    request_id, varbind_list = read_request_id(data, start, end)
    uptime_ticks, trap_oid, sent = _split(read_varbinds(data, varbind_list, end), varbind_list)
    address, enterprise, shown = about_the_sender(sent)
    return Notification(request_id, trap_oid, uptime_ticks, address, enterprise, shown)


def read_request_id(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The request-id, and where the content of the VarBindList starts; it ends where the PDU does."""
    request_id_start, request_id_end, _, _, _, pos = ber.expect_all(data, start, end, _BEFORE_THE_VARBINDS)
    return ber.read_signed(data, request_id_start, request_id_end), read_varbind_list(data, pos, end)


def read_varbind_list(data: bytes, pos: int, end: int) -> int:
    """Where the content of a VarBindList starts that must end where its PDU does."""
    start, stop = ber.expect(data, pos, end, ber.SEQUENCE, "the list of varbinds")
    if stop != end:
        raise DecodeError("octets after the list of varbinds", stop)
    return start


def acknowledgement(data: bytes, start: int, end: int) -> bytes:
    """The content of the Response to an inform's PDU: its request-id and varbinds, octet for octet, no error."""
    _, request_id_end = ber.expect(data, start, end, ber.INTEGER, "request-id")
    _, varbind_list = read_request_id(data, start, end)
    no_error = ber.encode_integer(0)
    return data[start:request_id_end] + no_error + no_error + ber.encode(ber.SEQUENCE, data[varbind_list:end])


def _split(varbinds: list[WireVarBind], offset: int) -> tuple[int | None, str, list[WireVarBind]]:
    """sysUpTime, the trap's OID, and the rest (RFC 3416 §4.2.6: the first two varbinds are these)."""
    uptime_ticks: int | None = None
    at = 0
    if varbinds and varbinds[0].oid == SYS_UP_TIME:
        if varbinds[0].type is not _TIMETICKS:
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
    if varbinds[at].type is not _OBJECT_IDENTIFIER or not isinstance(trap_oid, str):
        raise DecodeError(f"snmpTrapOID.0 is {varbinds[at].type.name}, not OBJECT_IDENTIFIER", offset)
    return uptime_ticks, trap_oid, varbinds[at + 1 :]


def about_the_sender(varbinds: list[WireVarBind]) -> tuple[str | None, str | None, tuple[WireVarBind, ...]]:
    """What a proxy says of the first sender (RFC 3584 §3.1): address, enterprise; and the varbinds to show."""
    address = enterprise = None
    secret = False
    for varbind in varbinds:
        if varbind.oid in _ABOUT_THE_SENDER:
            if varbind.oid == SNMP_TRAP_COMMUNITY:
                secret = True
            elif varbind.oid == SNMP_TRAP_ADDRESS and varbind.type is _IP_ADDRESS:
                address = known_address(str(varbind.value))
            elif varbind.oid == SNMP_TRAP_ENTERPRISE and varbind.type is _OBJECT_IDENTIFIER:
                enterprise = str(varbind.value)
    if secret:
        varbinds = [varbind for varbind in varbinds if varbind.oid != SNMP_TRAP_COMMUNITY]
    return address, enterprise, tuple(varbinds)


def known_address(address: str) -> str | None:
    """The address, or None for 0.0.0.0, which says nothing."""
    return None if address == "0.0.0.0" else address  # noqa: S104  (a value a device sends, not one to bind to)
