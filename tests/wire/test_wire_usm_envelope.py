"""The SNMPv3 message around the PDU: what its form must be, and where reading says it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.wire import ber
from fannel.wire.ber import DecodeError, EncodeError
from fannel.wire.pdu import UnsupportedVersion
from fannel.wire.snmpv3 import (
    UnsupportedSecurityModel,
    encode_envelope,
    encode_scoped_pdu,
    read_envelope,
    read_scoped_pdu,
)
from fannel.wire.usm import SecurityLevel
from fannel.wire.usm_crypto import Authenticator
from fannel.wire.usm_keys import AuthProtocol

PLAIN, AUTHENTIC, ENCRYPTED = SecurityLevel
AUTHENTICATOR = Authenticator(AuthProtocol.MD5, bytes(16))
PDU_CONTENT = bytes.fromhex("0201010201000201003000")


def integer(value: int) -> bytes:
    return ber.encode_integer(value)


def octets(value: bytes) -> bytes:
    return ber.encode(ber.OCTET_STRING, value)


def sequence(*parts: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, b"".join(parts))


def message(**parts: bytes) -> bytes:
    """A plain message, part by part; each part may be replaced by octets."""
    part = {
        "version": integer(3),
        "message_id": integer(1),
        "max_size": integer(65507),
        "flags": octets(b"\x00"),
        "model": integer(3),
        "engine_id": octets(b"engine-1"),
        "boots": integer(2),
        "time": integer(3),
        "user": octets(b"lab"),
        "code": octets(b""),
        "salt": octets(b""),
        "data": encode_scoped_pdu(b"engine-1", b"", 0xA7, PDU_CONTENT),
        "behind": b"",
    } | parts
    parameters = sequence(*(part[name] for name in ("engine_id", "boots", "time", "user", "code", "salt")))
    return sequence(
        part["version"],
        sequence(*(part[name] for name in ("message_id", "max_size", "flags", "model"))),
        octets(parameters),
        part["data"],
        part["behind"],
    )


def test_every_part_is_found():
    envelope = read_envelope(message(flags=octets(b"\x04"), code=octets(b"c" * 12), salt=octets(b"s" * 8)))
    assert (envelope.message_id, envelope.max_size, envelope.level, envelope.reportable) == (1, 65507, PLAIN, True)
    assert (envelope.engine_id, envelope.boots, envelope.time, envelope.user) == (b"engine-1", 2, 3, b"lab")
    assert envelope.data[envelope.code_start : envelope.code_end] == b"c" * 12
    assert envelope.salt == b"s" * 8
    scoped = read_scoped_pdu(envelope.data, envelope.payload_start, envelope.payload_end)
    assert (scoped.engine_id, scoped.context, scoped.pdu) == (b"engine-1", b"", 0xA7)
    assert scoped.data[scoped.start : scoped.end] == PDU_CONTENT


@pytest.mark.parametrize("flags", [0x01, 0x03, 0x05, 0x07, 0xF9])
def test_flags_of_no_meaning_yet_are_ignored(flags):
    data = octets(b"secret") if flags & 2 else encode_scoped_pdu(b"", b"", 0xA7, PDU_CONTENT)
    envelope = read_envelope(message(flags=octets(bytes((flags,))), data=data))
    assert (envelope.level, envelope.reportable) == (SecurityLevel(flags & 3), flags & 4 != 0)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"message_id": integer(-1)}, "msgID is not 0 to"),
        ({"message_id": integer(2**31)}, "msgID is not 0 to"),
        ({"message_id": b"\x02\x00"}, "msgID is not 0 to"),
        ({"max_size": integer(-1)}, "msgMaxSize is not 0 to"),
        ({"flags": octets(b"")}, "msgFlags of 0 octets"),
        ({"flags": octets(b"\x00\x00")}, "msgFlags of 2 octets"),
        ({"flags": octets(b"\x02")}, "encryption without authentication"),
        ({"engine_id": octets(b"e" * 33)}, "more than 32 octets"),
        ({"user": octets(b"u" * 33)}, "more than 32 octets"),
        ({"boots": integer(-1)}, "msgAuthoritativeEngineBoots is not 0 to"),
        ({"time": integer(2**31)}, "msgAuthoritativeEngineTime is not 0 to"),
        ({"user": integer(1)}, "msgUserName should be OCTET STRING"),
        ({"data": octets(b"secret")}, "the scopedPDU should be SEQUENCE"),
        ({"flags": octets(b"\x03")}, "the encryptedPDU should be OCTET STRING"),
        ({"behind": integer(1)}, "octets between msgData and the end"),
    ],
)
def test_what_is_wrong_is_named(parts, complaint):
    with pytest.raises(DecodeError, match=complaint):
        read_envelope(message(**parts))


def test_other_versions_and_models_are_told_apart():
    with pytest.raises(UnsupportedVersion):
        read_envelope(message(version=integer(1)))
    with pytest.raises(UnsupportedSecurityModel):
        read_envelope(message(model=integer(4)))


def test_a_scoped_pdu_may_be_padded_behind_but_not_inside():
    scoped = encode_scoped_pdu(b"engine-1", b"", 0xA7, PDU_CONTENT)
    assert read_scoped_pdu(scoped + bytes(7), 0, len(scoped) + 7).pdu == 0xA7
    inside = sequence(octets(b"engine-1"), octets(b""), ber.encode(0xA7, PDU_CONTENT), b"\x00")
    with pytest.raises(DecodeError, match="octets between the PDU and the end"):
        read_scoped_pdu(inside, 0, len(inside))
    with pytest.raises(DecodeError, match="unknown tag 0x99"):
        read_scoped_pdu(sequence(octets(b""), octets(b""), ber.encode(0x99, b"")), 0, 8)


@given(
    st.sampled_from([PLAIN, AUTHENTIC, ENCRYPTED]),
    *(st.integers(0, 2**31 - 1) for _ in range(3)),
    *(st.binary(max_size=32) for _ in range(2)),
    st.binary(max_size=300),
    st.booleans(),
)
def test_what_is_written_is_read(level, message_id, boots, engine_time, engine_id, user, payload, reportable):
    data = payload if level is ENCRYPTED else sequence(octets(payload))
    written = encode_envelope(
        data,
        message_id=message_id,
        level=level,
        reportable=reportable,
        engine_id=engine_id,
        boots=boots,
        engine_time=engine_time,
        user=user,
        salt=b"s" * 8 if level is ENCRYPTED else b"",
        authenticator=AUTHENTICATOR,
    )
    read = read_envelope(written)
    assert (read.message_id, read.level, read.reportable) == (message_id, level, reportable)
    assert (read.engine_id, read.boots, read.time, read.user) == (engine_id, boots, engine_time, user)
    assert read.data[read.payload_start : read.payload_end] == data
    if level is not PLAIN:
        assert AUTHENTICATOR.verifies(read.data, read.code_start, read.code_end)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"boots": -1}, "0 to 2"),
        ({"engine_time": 2**31}, "0 to 2"),
        ({"level": AUTHENTIC}, "AUTH_NO_PRIV needs an authenticator"),
    ],
)
def test_what_has_no_encoding_is_refused(changes, complaint):
    fields = {"message_id": 1, "level": PLAIN, "reportable": False, "engine_id": b"", "boots": 1, "engine_time": 1}
    with pytest.raises(EncodeError, match=complaint):
        encode_envelope(b"", **fields | {"user": b""} | changes)
