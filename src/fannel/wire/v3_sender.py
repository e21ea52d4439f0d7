"""SNMPv3 notifications as octets: what a device would send, for the stand-ins, the benchmarks and the tests.

Strict where the receiver is liberal, as `encoder` is for v1 and v2c. A sender keeps the keys of its user, so that
making one notification does not cost the hashing of a password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.wire.ber import EncodeError
from fannel.wire.encoder import encode_notification
from fannel.wire.message import INFORM, TRAP_V2, Pdu
from fannel.wire.snmpv3 import encode_envelope, encode_scoped_pdu
from fannel.wire.usm import SecurityLevel, UserBook, UsmUser
from fannel.wire.usm_crypto import salt_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.wire.varbind import WireVarBind


class V3Sender:
    """One user at one authoritative engine: the sender's own for traps, the receiver's for informs."""

    def __init__(self, user: UsmUser, engine_id: bytes) -> None:
        self._user = user
        self._engine_id = engine_id
        book = UserBook([user])
        self._authenticator = book.authenticator(user, engine_id)
        self._cipher = book.cipher(user, engine_id)
        self._encrypted = 0

    def encode(
        self,
        trap_oid: str,
        varbinds: Sequence[WireVarBind] = (),
        *,
        boots: int,
        engine_time: int,
        level: SecurityLevel | None = None,
        pdu: Pdu = "trap",
        message_id: int = 1,
        request_id: int = 1,
        uptime_ticks: int = 0,
        context_engine_id: bytes | None = None,
        context: str = "",
        reportable: bool | None = None,
    ) -> bytes:
        """One trap or inform as a datagram.

        Args:
            trap_oid: What snmpTrapOID.0 says.
            varbinds: What follows sysUpTime.0 and snmpTrapOID.0.
            boots: How often the authoritative engine was started.
            engine_time: Seconds since it was started.
            level: The protection; the highest of the user if None.
            pdu: "trap" or "inform".
            message_id: msgID, which the answer to an inform repeats.
            request_id: The PDU's, which the Response repeats.
            uptime_ticks: Hundredths of a second since the sender started, 32 bits.
            context_engine_id: The engine whose MIB this is of; the authoritative one if None.
            context: contextName.
            reportable: Whether Reports are wanted; for informs only if None.

        Raises:
            EncodeError: Something does not fit its type, or the user has no key for the level.
        """
        level = self._user.level if level is None else level
        content = encode_notification(trap_oid, varbinds, request_id, uptime_ticks)
        context_engine = self._engine_id if context_engine_id is None else context_engine_id
        tag = INFORM if pdu == "inform" else TRAP_V2
        payload = encode_scoped_pdu(context_engine, context.encode(), tag, content)
        salt = b""
        if level is SecurityLevel.AUTH_PRIV:
            if self._cipher is None or self._user.priv_protocol is None:
                raise EncodeError(f"user {self._user.name!r} has no privacy")
            salt = salt_of(self._user.priv_protocol, boots, self._encrypted)
            self._encrypted += 1
            payload = self._cipher.encrypt(payload, boots, engine_time, salt)
        return encode_envelope(
            payload,
            message_id=message_id,
            level=level,
            reportable=pdu == "inform" if reportable is None else reportable,
            engine_id=self._engine_id,
            boots=boots,
            engine_time=engine_time,
            user=self._user.name.encode(),
            salt=salt,
            authenticator=self._authenticator,
        )
