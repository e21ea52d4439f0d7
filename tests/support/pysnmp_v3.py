"""pysnmp as an SNMPv3 engine without sockets: what it would send, and what it makes of what it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.proto import error
from pysnmp.proto.api import v2c

from fannel.wire.usm import SecurityLevel, UsmUser
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol
from fannel.wire.varbind import ValueType, WireVarBind

AUTH = {
    None: config.USM_AUTH_NONE,
    AuthProtocol.MD5: config.USM_AUTH_HMAC96_MD5,
    AuthProtocol.SHA1: config.USM_AUTH_HMAC96_SHA,
    AuthProtocol.SHA224: config.USM_AUTH_HMAC128_SHA224,
    AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256,
    AuthProtocol.SHA384: config.USM_AUTH_HMAC256_SHA384,
    AuthProtocol.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
PRIV = {
    (None, KeyExtension.BLUMENTHAL): config.USM_PRIV_NONE,
    (PrivProtocol.DES, KeyExtension.BLUMENTHAL): config.USM_PRIV_CBC56_DES,
    (PrivProtocol.AES128, KeyExtension.BLUMENTHAL): config.USM_PRIV_CFB128_AES,
    (PrivProtocol.AES192, KeyExtension.BLUMENTHAL): config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    (PrivProtocol.AES256, KeyExtension.BLUMENTHAL): config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    (PrivProtocol.AES192, KeyExtension.REEDER): config.USM_PRIV_CFB192_AES,
    (PrivProtocol.AES256, KeyExtension.REEDER): config.USM_PRIV_CFB256_AES,
}
LEVELS = {SecurityLevel.NO_AUTH_NO_PRIV: 1, SecurityLevel.AUTH_NO_PRIV: 2, SecurityLevel.AUTH_PRIV: 3}
VALUES = {
    ValueType.INTEGER: v2c.Integer32,
    ValueType.OCTET_STRING: v2c.OctetString,
    ValueType.TIMETICKS: v2c.TimeTicks,
    ValueType.OBJECT_IDENTIFIER: v2c.ObjectIdentifier,
}
HERE = ("127.0.0.1", 162)


class NoSockets:
    """What pysnmp asks its transport for although nothing is sent."""

    def get_timer_resolution(self) -> float:
        return 1.0


@dataclass(frozen=True)
class Read:
    """A PDU as pysnmp read it, or the name of the error it found or was told."""

    pdu: str | None
    error: str | None = None
    context: bytes = b""
    request_id: int = 0
    varbinds: list[tuple[str, str]] = field(default_factory=list)


class PysnmpEngine:
    """One pysnmp engine that knows `user`, and `user` at `peers` (engines whose traps it is to read)."""

    def __init__(self, engine_id: bytes, user: UsmUser, *peers: bytes) -> None:
        self.engine = engine.SnmpEngine(v2c.OctetString(engine_id))
        self.engine.transport_dispatcher = NoSockets()
        for security_engine_id in (None, *peers):
            config.add_v3_user(
                self.engine,
                user.name,
                AUTH[user.auth_protocol],
                user.auth_password,
                PRIV[user.priv_protocol, user.key_extension],
                user.priv_password,
                securityEngineId=v2c.OctetString(security_engine_id) if security_engine_id else None,
            )
        self.user = user
        self.model = self.engine.message_processing_subsystems[3]

    @property
    def boots(self) -> int:
        return self._framework("snmpEngineBoots")

    @property
    def time(self) -> int:
        return self._framework("snmpEngineTime")

    def _framework(self, name: str) -> int:
        (scalar,) = self.engine.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", name)
        return int(scalar.syntax.clone())

    def build(
        self,
        trap_oid: str,
        varbinds: list[WireVarBind],
        *,
        inform: bool = False,
        uptime_ticks: int = 0,
        request_id: int = 1,
        context: bytes = b"",
        level: SecurityLevel | None = None,
    ) -> bytes:
        """The datagram it would send; for an inform to an engine it has not discovered, the discovery."""
        pdu = (v2c.InformRequestPDU if inform else v2c.SNMPv2TrapPDU)()
        v2c.apiPDU.set_defaults(pdu)
        v2c.apiPDU.set_request_id(pdu, request_id)
        head = [
            ("1.3.6.1.2.1.1.3.0", v2c.TimeTicks(uptime_ticks)),
            ("1.3.6.1.6.3.1.1.4.1.0", v2c.ObjectIdentifier(trap_oid)),
        ]
        v2c.apiPDU.set_varbinds(pdu, head + [(bind.oid, VALUES[bind.type](bind.value)) for bind in varbinds])
        security_level = LEVELS[self.user.level if level is None else level]
        _, _, datagram = self.model.prepare_outgoing_message(
            *(self.engine, udp.DOMAIN_NAME, HERE, 3, 3, v2c.OctetString(self.user.name), security_level),
            *(None, v2c.OctetString(context), 1, pdu, inform, 1),
        )
        return bytes(datagram)

    def read(self, datagram: bytes) -> Read:
        """What it makes of a datagram that comes to it."""
        try:
            elements = self.model.prepare_data_elements(self.engine, udp.DOMAIN_NAME, HERE, datagram)
        except error.StatusInformation as failure:
            return Read(None, error=type(failure["errorIndication"]).__name__)
        if elements[11]:  # what a Report says
            return Read("Report", error=type(elements[11]["errorIndication"]).__name__)
        pdu = elements[7]
        return Read(
            type(pdu).__name__,
            context=bytes(elements[5]),
            request_id=int(v2c.apiPDU.get_request_id(pdu)),
            varbinds=[(str(oid), value.prettyPrint()) for oid, value in v2c.apiPDU.get_varbinds(pdu)],
        )
