"""What a receiver of SNMPv3 informs says back: Responses to what it accepted, Reports to what it did not; pure.

Both come from our own engine, so they carry its boots and time. Neither wants an answer itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fannel.wire import ber
from fannel.wire.ber import DecodeError
from fannel.wire.engine import LocalEngine, OwnClock
from fannel.wire.message import REPORT, RESPONSE
from fannel.wire.pdu import acknowledgement, read_request_id
from fannel.wire.snmpv3 import Envelope, ScopedPdu, encode_envelope, encode_scoped_pdu, read_scoped_pdu
from fannel.wire.usm import SecurityLevel
from fannel.wire.usm_crypto import Authenticator, MessageCipher, salt_of
from fannel.wire.varbind import ValueType, WireVarBind, encode_varbinds

if TYPE_CHECKING:
    from fannel.wire.usm_keys import PrivProtocol

_USM_STATS = "1.3.6.1.6.3.15.1.1"  # RFC 3414 §5, usmStats
COUNTERS: dict[str, str] = {
    "unsupported_level": f"{_USM_STATS}.1.0",
    "not_in_time_window": f"{_USM_STATS}.2.0",
    "unknown_user": f"{_USM_STATS}.3.0",
    "unknown_engine": f"{_USM_STATS}.4.0",
    "wrong_digest": f"{_USM_STATS}.5.0",
    "decryption_error": f"{_USM_STATS}.6.0",
}
"""Reason → the usmStats counter that a Report names."""


class Keys(NamedTuple):
    """A user's keys at our engine; what it cannot do is None. A repr shows none of them."""

    authenticator: Authenticator | None
    protocol: PrivProtocol | None
    cipher: MessageCipher | None


class Answers:
    """Makes the answers of one local engine, and counts what its Reports tell (RFC 3414 §5)."""

    def __init__(self, engine: LocalEngine, first_salt: int) -> None:
        self.clock = OwnClock(engine)
        self._engine_id = engine.engine_id
        self._salt = first_salt
        self._counts = dict.fromkeys(COUNTERS, 0)

    def count(self, reason: str) -> None:
        """Count one message that was turned away for a reason in COUNTERS."""
        self._counts[reason] = (self._counts[reason] + 1) % 2**32

    def response(self, envelope: Envelope, scoped: ScopedPdu, keys: Keys, now: float) -> bytes:
        """The Response of RFC 3416 §4.2.7 to an inform, by the same user at the same level (RFC 3412 §7.1)."""
        content = acknowledgement(scoped.data, scoped.start, scoped.end)
        payload = encode_scoped_pdu(scoped.engine_id, scoped.context, RESPONSE, content)
        engine_time = self.clock.time(now)
        salt = b""
        if envelope.level is SecurityLevel.AUTH_PRIV and keys.cipher is not None and keys.protocol is not None:
            salt = salt_of(keys.protocol, self.clock.boots, self._salt)
            self._salt += 1
            payload = keys.cipher.encrypt(payload, self.clock.boots, engine_time, salt)
        return self._enclose(envelope, payload, envelope.level, keys.authenticator, engine_time, salt)

    def report(self, envelope: Envelope, reason: str, authenticator: Authenticator | None, now: float) -> bytes:
        """The Report that tells the sender `reason`, one of COUNTERS.

        Authenticated if it can be: a sender believes our clock only then (RFC 3414 §3.2 7b).
        """
        counter = WireVarBind(COUNTERS[reason], ValueType.COUNTER32, self._counts[reason])
        no_error = ber.encode_integer(0)
        content = ber.encode_integer(_request_id(envelope)) + no_error + no_error + encode_varbinds([counter])
        payload = encode_scoped_pdu(self._engine_id, b"", REPORT, content)
        level = SecurityLevel.AUTH_NO_PRIV if authenticator else SecurityLevel.NO_AUTH_NO_PRIV
        return self._enclose(envelope, payload, level, authenticator, self.clock.time(now))

    def _enclose(
        self,
        envelope: Envelope,
        payload: bytes,
        level: SecurityLevel,
        authenticator: Authenticator | None,
        engine_time: int,
        salt: bytes = b"",
    ) -> bytes:
        return encode_envelope(
            payload,
            message_id=envelope.message_id,
            level=level,
            reportable=False,
            engine_id=self._engine_id,
            boots=self.clock.boots,
            engine_time=engine_time,
            user=envelope.user,
            salt=salt,
            authenticator=authenticator,
        )


def _request_id(envelope: Envelope) -> int:
    """The request-id of a message in clear; 0 if it cannot be known (RFC 3412 §7.1 3)."""
    if envelope.level is SecurityLevel.AUTH_PRIV:
        return 0
    try:
        scoped = read_scoped_pdu(envelope.data, envelope.payload_start, envelope.payload_end)
        return read_request_id(scoped.data, scoped.start, scoped.end)[0]
    except DecodeError:
        return 0
