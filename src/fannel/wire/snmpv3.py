"""The SNMPv3 message around a PDU: header, security parameters, scopedPDU (RFC 3412 §6, RFC 3414 §2.4); pure.

SNMPv3Message ::= SEQUENCE {
    msgVersion            INTEGER (3),
    msgGlobalData         SEQUENCE {
        msgID INTEGER, msgMaxSize INTEGER, msgFlags OCTET STRING, msgSecurityModel INTEGER },
    msgSecurityParameters OCTET STRING holding SEQUENCE {
        msgAuthoritativeEngineID OCTET STRING, msgAuthoritativeEngineBoots INTEGER, msgAuthoritativeEngineTime INTEGER,
        msgUserName OCTET STRING, msgAuthenticationParameters OCTET STRING, msgPrivacyParameters OCTET STRING },
    msgData               ScopedPDU, or OCTET STRING holding it encrypted }
ScopedPDU ::= SEQUENCE { contextEngineID OCTET STRING, contextName OCTET STRING, data PDU }

Reading says where things are and judges nothing but form; octets after the message are ignored, as in v1 and v2c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fannel.wire import ber
from fannel.wire.ber import DecodeError, EncodeError
from fannel.wire.message import INFORM, PDU_NAMES, TRAP_V2
from fannel.wire.pdu import NotANotification, UnsupportedVersion
from fannel.wire.usm import AUTH_NO_PRIV, AUTH_PRIV, MAX_NAME_OCTETS, NO_AUTH_NO_PRIV, SecurityLevel

if TYPE_CHECKING:
    from fannel.wire.usm_crypto import Authenticator

VERSION = 3
USER_SECURITY_MODEL = 3  # RFC 3411 §5, SnmpSecurityModel
REPORTABLE = 4  # in msgFlags: the sender wants a Report if something is wrong
MAX_MESSAGE_OCTETS = 65_507  # what fits in a UDP datagram over IPv4: our own msgMaxSize
MAX_ENGINE_ID_OCTETS = 32

_LEVELS = (NO_AUTH_NO_PRIV, AUTH_NO_PRIV, None, AUTH_PRIV)
_MAX_INTEGER = 2**31 - 1

_FRAME = ((ber.SEQUENCE, "msgGlobalData"), (ber.OCTET_STRING, "msgSecurityParameters"))
_HEADER = (
    (ber.INTEGER, "msgID"),
    (ber.INTEGER, "msgMaxSize"),
    (ber.OCTET_STRING, "msgFlags"),
    (ber.INTEGER, "msgSecurityModel"),
)
_PARAMETERS = (
    (ber.OCTET_STRING, "msgAuthoritativeEngineID"),
    (ber.INTEGER, "msgAuthoritativeEngineBoots"),
    (ber.INTEGER, "msgAuthoritativeEngineTime"),
    (ber.OCTET_STRING, "msgUserName"),
    (ber.OCTET_STRING, "msgAuthenticationParameters"),
    (ber.OCTET_STRING, "msgPrivacyParameters"),
)
_CONTEXT = ((ber.OCTET_STRING, "contextEngineID"), (ber.OCTET_STRING, "contextName"))


class UnsupportedSecurityModel(DecodeError):  # noqa: N818  (says what it is)
    """A message that is secured in another way than by USM."""


class Envelope(NamedTuple):
    """A message's header and security parameters, and where in `data` the code and the payload stand.

    `payload_start` to `payload_end` is the whole ScopedPDU element, or the content of the encryptedPDU.
    """

    data: bytes
    message_id: int
    max_size: int
    level: SecurityLevel
    reportable: bool
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    code_start: int
    code_end: int
    salt: bytes
    payload_start: int
    payload_end: int


class ScopedPdu(NamedTuple):
    """A PDU with its context; its content stands in `data` from `start` to `end`."""

    data: bytes
    engine_id: bytes
    context: bytes
    pdu: int
    start: int
    end: int


def is_v3(datagram: bytes) -> bool:
    """Whether a datagram says it is SNMPv3; it may still be anything."""
    try:
        start, end = ber.expect(datagram, 0, len(datagram), ber.SEQUENCE, "a message")
        start, end = ber.expect(datagram, start, end, ber.INTEGER, "the version")
        return ber.read_signed(datagram, start, end) == VERSION
    except DecodeError:
        return False


def read_envelope(data: bytes) -> Envelope:
    """Read all of a message but its payload.

    Raises:
        UnsupportedVersion: Not SNMPv3.
        UnsupportedSecurityModel: Not USM.
        DecodeError: Anything else that is wrong. No octets make it raise another exception.
    """
    start, end = ber.expect(data, 0, len(data), ber.SEQUENCE, "a message")
    start, stop = ber.expect(data, start, end, ber.INTEGER, "the version")
    if ber.read_signed(data, start, stop) != VERSION:
        raise UnsupportedVersion("not SNMPv3", start)
    header, header_end, start, stop = ber.expect_all(data, stop, end, _FRAME)
    message_id, max_size, flags = _read_header(data, header, header_end)
    level = _LEVELS[flags & 3]
    if level is None:
        raise DecodeError("msgFlags want encryption without authentication", header)
    payload_start, payload_end = _find_payload(data, stop, end, level)
    start, stop = ber.expect(data, start, stop, ber.SEQUENCE, "UsmSecurityParameters")
    (
        engine,
        engine_end,
        boots,
        boots_end,
        time,
        time_end,
        user,
        user_end,
        code,
        code_end,
        salt,
        salt_end,
    ) = ber.expect_all(data, start, stop, _PARAMETERS)
    if engine_end - engine > MAX_ENGINE_ID_OCTETS or user_end - user > MAX_NAME_OCTETS:
        raise DecodeError("an engine id or a msgUserName of more than 32 octets", start)
    return Envelope(  # by position, which is read for every message and twice as fast as by name
        data if end == len(data) else data[:end],
        message_id,
        max_size,
        level,
        flags & REPORTABLE != 0,
        data[engine:engine_end],
        _read_integer(data, boots, boots_end, "msgAuthoritativeEngineBoots"),
        _read_integer(data, time, time_end, "msgAuthoritativeEngineTime"),
        data[user:user_end],
        code,
        code_end,
        data[salt:salt_end],
        payload_start,
        payload_end,
    )


def _find_payload(data: bytes, pos: int, end: int, level: SecurityLevel) -> tuple[int, int]:
    """Where msgData's payload stands: the content of the encryptedPDU, or the whole scopedPDU."""
    if level is AUTH_PRIV:
        start, stop = ber.expect(data, pos, end, ber.OCTET_STRING, "the encryptedPDU")
    else:
        start = pos
        _, stop = ber.expect(data, pos, end, ber.SEQUENCE, "the scopedPDU")
    if stop != end:
        raise DecodeError("octets between msgData and the end of the message", stop)
    return start, stop


def _read_header(data: bytes, pos: int, end: int) -> tuple[int, int, int]:
    """msgID, msgMaxSize and msgFlags, from the content of msgGlobalData."""
    bounds = ber.expect_all(data, pos, end, _HEADER)
    id_start, id_end, size_start, size_end, flags_start, flags_end, model_start, model_end = bounds
    if flags_end - flags_start != 1:
        raise DecodeError(f"msgFlags of {flags_end - flags_start} octets", flags_start)
    if _read_integer(data, model_start, model_end, "msgSecurityModel") != USER_SECURITY_MODEL:
        raise UnsupportedSecurityModel("msgSecurityModel is not USM's", model_start)
    message_id = _read_integer(data, id_start, id_end, "msgID")
    return message_id, _read_integer(data, size_start, size_end, "msgMaxSize"), data[flags_start]


def _read_integer(data: bytes, start: int, end: int, what: str) -> int:
    """The content of an INTEGER from 0 to 2^31-1, as all of v3's own are."""
    value = int.from_bytes(data[start:end], "big")
    if start == end or data[start] >= 0x80 or value > _MAX_INTEGER:
        raise DecodeError(f"{what} is not 0 to 2^31-1", start)
    return value


def read_scoped_pdu(data: bytes, pos: int, end: int) -> ScopedPdu:
    """Read a ScopedPDU. Octets after it are padding, which DES needs and nobody else minds.

    Raises:
        DecodeError: It is none; after decryption that may mean a wrong key.
    """
    pos, end = ber.expect(data, pos, end, ber.SEQUENCE, "the scopedPDU")
    engine_start, engine_end, name_start, name_end = ber.expect_all(data, pos, end, _CONTEXT)
    pdu, start, stop = ber.read_header(data, name_end, end)
    if pdu not in PDU_NAMES:
        raise DecodeError(f"a PDU of unknown tag 0x{pdu:02x}", name_end)
    if stop != end:
        raise DecodeError("octets between the PDU and the end of the scopedPDU", stop)
    return ScopedPdu(data, data[engine_start:engine_end], data[name_start:name_end], pdu, start, stop)


def check_notification(scoped: ScopedPdu) -> None:
    """Refuse every other PDU.

    Raises:
        NotANotification: It is no trap and no inform.
    """
    if scoped.pdu not in (TRAP_V2, INFORM):
        raise NotANotification(f"{PDU_NAMES[scoped.pdu]} is neither a trap nor an inform", scoped.start)


# --- writing ----------------------------------------------------------------------------------------------------


def encode_scoped_pdu(engine_id: bytes, context: bytes, pdu: int, content: bytes) -> bytes:
    """A ScopedPDU."""
    head = ber.encode(ber.OCTET_STRING, engine_id) + ber.encode(ber.OCTET_STRING, context)
    return ber.encode(ber.SEQUENCE, head + ber.encode(pdu, content))


def encode_envelope(
    payload: bytes,
    *,
    message_id: int,
    level: SecurityLevel,
    reportable: bool,
    engine_id: bytes,
    boots: int,
    engine_time: int,
    user: bytes,
    salt: bytes = b"",
    authenticator: Authenticator | None = None,
) -> bytes:
    """A whole message, authenticated if `level` says so.

    Args:
        payload: The ScopedPDU; with AUTH_PRIV, the same encrypted with `salt`.
        message_id: What a Response or Report repeats.
        level: Its protection.
        reportable: True for informs, False for traps, Responses and Reports (RFC 3412 §6.4).
        engine_id: The authoritative engine: the sender of a trap, the receiver of an inform.
        boots: Of that engine.
        engine_time: Of that engine, in seconds.
        user: msgUserName.
        salt: msgPrivacyParameters.
        authenticator: The user's at that engine.

    Raises:
        EncodeError: A number is out of range, or an authenticator is missing.
    """
    if not all(0 <= number <= _MAX_INTEGER for number in (message_id, boots, engine_time)):
        raise EncodeError("msgID, boots and time are 0 to 2^31-1")
    authenticated = level is not NO_AUTH_NO_PRIV
    if authenticated and authenticator is None:
        raise EncodeError(f"{level.name} needs an authenticator")
    code = bytes(authenticator.code_octets if authenticated and authenticator else 0)
    flags = bytes((level | (REPORTABLE if reportable else 0),))
    header = (
        ber.encode_integer(message_id)
        + ber.encode_integer(MAX_MESSAGE_OCTETS)
        + ber.encode(ber.OCTET_STRING, flags)
        + ber.encode_integer(USER_SECURITY_MODEL)
    )
    privacy = ber.encode(ber.OCTET_STRING, salt)
    parameters = (
        ber.encode(ber.OCTET_STRING, engine_id)
        + ber.encode_integer(boots)
        + ber.encode_integer(engine_time)
        + ber.encode(ber.OCTET_STRING, user)
        + ber.encode(ber.OCTET_STRING, code)
        + privacy
    )
    data = ber.encode(ber.OCTET_STRING, payload) if level is AUTH_PRIV else payload
    message = ber.encode(
        ber.SEQUENCE,
        ber.encode_integer(VERSION)
        + ber.encode(ber.SEQUENCE, header)
        + ber.encode(ber.OCTET_STRING, ber.encode(ber.SEQUENCE, parameters))
        + data,
    )
    if not code or authenticator is None:
        return message
    code_end = len(message) - len(data) - len(privacy)
    return message[: code_end - len(code)] + authenticator.code(message) + message[code_end:]
