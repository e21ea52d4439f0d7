"""The shape of a notification, and the numbers SNMP gives its parts; shared by the decoder and the encoder.

Message ::= SEQUENCE { version INTEGER, community OCTET STRING, data PDU }        RFC 1157 §4, RFC 1901 §3
Trap-PDU [4]        { enterprise, agent-addr, generic-trap, specific-trap, time-stamp, VarBindList }   v1
SNMPv2-Trap-PDU [7] { request-id, error-status, error-index, VarBindList }        RFC 3416 §4.2.6
InformRequest [6]   the same fields, and wants a Response [2]                     RFC 3416 §4.2.7
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from fannel.wire.varbind import WireVarBind

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
SNMP_TRAP_ENTERPRISE = "1.3.6.1.6.3.1.1.4.3.0"
SNMP_TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
SNMP_TRAP_COMMUNITY = "1.3.6.1.6.3.18.1.4.0"
SNMP_TRAPS = "1.3.6.1.6.3.1.1.5"  # coldStart is its .1, authenticationFailure .5, egpNeighborLoss .6
ENTERPRISE_SPECIFIC = 6

RESPONSE, TRAP_V1, INFORM, TRAP_V2, REPORT = 0xA2, 0xA4, 0xA6, 0xA7, 0xA8  # PDU tags
PDU_NAMES = {
    0xA0: "GetRequest",
    0xA1: "GetNextRequest",
    RESPONSE: "Response",
    0xA3: "SetRequest",
    TRAP_V1: "SNMPv1 Trap",
    0xA5: "GetBulkRequest",
    INFORM: "InformRequest",
    TRAP_V2: "SNMPv2-Trap",
    REPORT: "Report",
}

Pdu = Literal["trap", "inform"]
CommunityVersion = Literal["1", "2c"]
Version = Literal["1", "2c", "3"]


class Message(NamedTuple):
    """One notification as it was on the wire, whatever the version.

    `varbinds` are those the sender sent, in its order, without three: the leading sysUpTime.0 (`uptime_ticks`, in
    hundredths of a second; None if the sender left it out), snmpTrapOID.0 (`trap_oid`), and any
    snmpTrapCommunity.0, which is a secret. The varbinds that RFC 3584 §3.1 adds to a v1 trap exist as fields only:
    `agent_address` is the PDU's agent-addr, `enterprise` its enterprise. A varbind snmpTrapAddress.0 or
    snmpTrapEnterprise.0, which a proxy adds, fills the same fields, goes before the v1 PDU's own (ibid.), and
    stays in `varbinds`. An address of 0.0.0.0 says nothing and is None.

    `request_id` is None in v1. `community` stays out of the repr; it is empty in v3.

    The last four are v3's alone and None elsewhere: `user` is the msgUserName; `engine_id`, in hexadecimal, names
    the engine the notification comes from (None where an inform does not say it); `context` is the contextName.
    `authenticated` says whether the sender proved to be that user (authNoPriv, authPriv); without it, both are claims.

    A tuple, which is made in a third of the time: every datagram makes one.
    """

    version: Version
    community: bytes
    pdu: Pdu
    request_id: int | None
    trap_oid: str
    uptime_ticks: int | None
    agent_address: str | None
    enterprise: str | None
    varbinds: tuple[WireVarBind, ...]
    user: str | None = None
    engine_id: str | None = None
    context: str | None = None
    authenticated: bool | None = None

    def __repr__(self) -> str:
        """All but the community."""
        shown = (f"{name}={value!r}" for name, value in self._asdict().items() if name != "community")
        return f"Message({', '.join(shown)})"
