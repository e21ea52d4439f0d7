"""Notifications as octets: what a device would send, for the stand-ins, the demo and the tests.

Strict where the decoder is liberal: what leaves here is as the RFCs want it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.wire import ber
from fannel.wire.ber import EncodeError
from fannel.wire.message import (
    ENTERPRISE_SPECIFIC,
    INFORM,
    SNMP_TRAP_ADDRESS,
    SNMP_TRAP_ENTERPRISE,
    SNMP_TRAP_OID,
    SNMP_TRAPS,
    SYS_UP_TIME,
    TRAP_V1,
    TRAP_V2,
    CommunityVersion,
    Pdu,
)
from fannel.wire.varbind import ValueType, WireVarBind, encode_ip_address, encode_value, encode_varbinds

if TYPE_CHECKING:
    from collections.abc import Sequence


def encode_trap(
    trap_oid: str,
    varbinds: Sequence[WireVarBind] = (),
    *,
    community: bytes,
    version: CommunityVersion = "2c",
    pdu: Pdu = "trap",
    request_id: int = 1,
    uptime_ticks: int = 0,
    agent_address: str | None = None,
    enterprise: str | None = None,
) -> bytes:
    """One trap or inform as a datagram.

    Args:
        trap_oid: What snmpTrapOID.0 says. A v1 trap is made of it by RFC 3584 §3.2: the six standard traps become
            generic ones, any other an enterprise-specific one (`<enterprise>.0.<specific>`).
        varbinds: What follows sysUpTime.0 and snmpTrapOID.0.
        community: The community string.
        version: "1" or "2c".
        pdu: "trap", or "inform" (v2c only).
        request_id: Not in v1.
        uptime_ticks: Hundredths of a second since the sender started, 32 bits.
        agent_address: v1: the PDU's agent-addr (0.0.0.0 if None). v2c: added as snmpTrapAddress.0, as a proxy does.
        enterprise: v1: the enterprise of a standard trap (snmpTraps if None); an enterprise-specific trap takes it
            from `trap_oid`. v2c: added as snmpTrapEnterprise.0.

    Raises:
        EncodeError: Something does not fit its type, or v1 cannot say it.
    """
    if version == "1":
        if pdu != "trap":
            raise EncodeError("SNMPv1 has no informs")
        content = _v1_content(trap_oid, varbinds, uptime_ticks, agent_address, enterprise)
        return encode_message(version, community, TRAP_V1, content)
    content = encode_notification(trap_oid, varbinds, request_id, uptime_ticks, agent_address, enterprise)
    return encode_message(version, community, INFORM if pdu == "inform" else TRAP_V2, content)


def encode_notification(
    trap_oid: str,
    varbinds: Sequence[WireVarBind],
    request_id: int,
    uptime_ticks: int,
    agent_address: str | None = None,
    enterprise: str | None = None,
) -> bytes:
    """The content of a v2 trap's or inform's PDU, which v3 carries as well; parameters as in `encode_trap`."""
    sent = [
        WireVarBind(SYS_UP_TIME, ValueType.TIMETICKS, uptime_ticks),
        WireVarBind(SNMP_TRAP_OID, ValueType.OBJECT_IDENTIFIER, trap_oid),
        *varbinds,
    ]
    if agent_address is not None:
        sent.append(WireVarBind(SNMP_TRAP_ADDRESS, ValueType.IP_ADDRESS, agent_address))
    if enterprise is not None:
        sent.append(WireVarBind(SNMP_TRAP_ENTERPRISE, ValueType.OBJECT_IDENTIFIER, enterprise))
    no_error = ber.encode_integer(0)
    return encode_value(ValueType.INTEGER, request_id) + no_error + no_error + encode_varbinds(sent)


def encode_message(version: CommunityVersion, community: bytes, pdu: int, content: bytes) -> bytes:
    """The message around a PDU of tag `pdu`."""
    number = ber.encode_integer(0 if version == "1" else 1)
    return ber.encode(ber.SEQUENCE, number + ber.encode(ber.OCTET_STRING, community) + ber.encode(pdu, content))


def _v1_content(
    trap_oid: str, varbinds: Sequence[WireVarBind], uptime_ticks: int, agent_address: str | None, enterprise: str | None
) -> bytes:
    if any(varbind.type is ValueType.COUNTER64 for varbind in varbinds):
        raise EncodeError("SNMPv1 has no Counter64")
    origin, generic, specific = _v1_identity(trap_oid, enterprise)
    return (
        ber.encode_oid(origin)
        + encode_ip_address(agent_address or "0.0.0.0")  # noqa: S104  (RFC 3584 §3.2: not known)
        + encode_value(ValueType.INTEGER, generic)
        + encode_value(ValueType.INTEGER, specific)
        + encode_value(ValueType.TIMETICKS, uptime_ticks)
        + encode_varbinds(varbinds)
    )


def _v1_identity(trap_oid: str, enterprise: str | None) -> tuple[str, int, int]:
    """Enterprise, generic-trap and specific-trap of a trap's OID (RFC 3584 §3.2)."""
    ber.encode_oid(trap_oid)  # refuses what is no OID
    parent, _, last = trap_oid.rpartition(".")
    if parent == SNMP_TRAPS and 1 <= int(last) <= ENTERPRISE_SPECIFIC:
        return enterprise or SNMP_TRAPS, int(last) - 1, 0
    return parent.removesuffix(".0"), ENTERPRISE_SPECIFIC, int(last)
