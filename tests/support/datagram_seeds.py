"""Datagrams to begin with: what devices sent (tests/corpus), every kind of SNMPv3 message, and headers around them.

`wrapped()` makes a whole message of any octets, so that a fuzzer reaches what lies behind a digest or a header.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datagram_road import OPEN, PRIVATE, SIGNED

from fannel.intake.v3_users import usm_user
from fannel.wire import ber
from fannel.wire.capture import datagrams
from fannel.wire.encoder import encode_notification, encode_trap
from fannel.wire.message import INFORM, TRAP_V2
from fannel.wire.proxy import SIGNATURE
from fannel.wire.snmpv3 import encode_envelope, encode_scoped_pdu
from fannel.wire.usm import SecurityLevel, UserBook, UsmUser
from fannel.wire.usm_crypto import salt_of
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[1] / "corpus"
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
DEVICE_ENGINE = bytes.fromhex("80001f8804") + b"device"
# An engine that was started this often and runs this long; ours has boots 1 and time 0 when the road begins.
DEVICE_BOOTS, DEVICE_TIME = 3, 1000


def recorded() -> Iterator[bytes]:
    """What devices sent."""
    for path in sorted(CORPUS.rglob("*.hex")):
        yield bytes.fromhex(path.read_text())
    for path in sorted((CORPUS / "captures").glob("*.pcap")):
        with path.open("rb") as file:
            yield from (found.payload for found in datagrams(file, 162, 10162) if found.payload)


class Wrapping(NamedTuple):
    """How octets become a message: the user who signs and encrypts them, for which engine, behind which header."""

    user: UsmUser | None
    inform: bool = False
    proxied: bool = False


WRAPPINGS = (
    Wrapping(None),
    Wrapping(None, proxied=True),
    *(Wrapping(usm_user(user), inform) for user in (OPEN, SIGNED, PRIVATE) for inform in (False, True)),
    Wrapping(usm_user(PRIVATE), inform=True, proxied=True),
)


class Wrapper:
    """Wraps for one road; keys are made once."""

    def __init__(self, engine_id: bytes) -> None:
        self._ours = engine_id
        self._books = {id(w.user): UserBook([w.user]) for w in WRAPPINGS if w.user}

    def wrap(self, wrapping: Wrapping, octets: bytes) -> bytes:
        """`octets` as the datagram, or as the ScopedPDU of one."""
        message = octets if wrapping.user is None else self._v3(wrapping.user, wrapping.inform, octets)
        return proxy_header() + message if wrapping.proxied else message

    def seeds(self) -> Iterator[tuple[int, bytes]]:
        """Pairs of a wrapping's number and octets to wrap."""
        for octets in (*recorded(), *plain(), *self.discoveries()):
            yield 0, octets
            yield 1, octets
        content = encode_notification(LINK_DOWN, (), 1, 42)
        for number, wrapping in enumerate(WRAPPINGS):
            if wrapping.user is not None:
                tag, engine = (INFORM, self._ours) if wrapping.inform else (TRAP_V2, DEVICE_ENGINE)
                yield number, encode_scoped_pdu(engine, b"", tag, content)

    def discoveries(self) -> Iterator[bytes]:
        """How a sender of informs finds our engine, and how a whole message of each level looks from outside."""
        probe = encode_scoped_pdu(b"", b"", 0xA0, ber.encode(0x02, b"\x01") * 3 + b"\x30\x00")
        yield encode_envelope(
            probe,
            message_id=1,
            level=SecurityLevel.NO_AUTH_NO_PRIV,
            reportable=True,
            engine_id=b"",
            boots=0,
            engine_time=0,
            user=b"",
        )
        for user in map(usm_user, (OPEN, SIGNED, PRIVATE)):
            yield V3Sender(user, DEVICE_ENGINE).encode(LINK_DOWN, boots=DEVICE_BOOTS, engine_time=DEVICE_TIME)
            yield V3Sender(user, self._ours).encode(LINK_DOWN, boots=1, engine_time=0, pdu="inform")

    def _v3(self, user: UsmUser, inform: bool, scoped_pdu: bytes) -> bytes:
        engine, boots, seconds = (self._ours, 1, 0) if inform else (DEVICE_ENGINE, DEVICE_BOOTS, DEVICE_TIME)
        book, salt = self._books[id(user)], b""
        cipher = book.cipher(user, engine)
        if user.level is SecurityLevel.AUTH_PRIV:
            salt = salt_of(user.priv_protocol, boots, 1)
            scoped_pdu = cipher.encrypt(scoped_pdu, boots, seconds, salt)
        return encode_envelope(
            scoped_pdu,
            message_id=1,
            level=user.level,
            reportable=inform,
            engine_id=engine,
            boots=boots,
            engine_time=seconds,
            user=user.name.encode(),
            salt=salt,
            authenticator=book.authenticator(user, engine),
        )


def plain() -> Iterator[bytes]:
    """What needs no keys."""
    yield encode_trap(LINK_DOWN, community=b"public", version="1", agent_address="192.0.2.9")
    yield encode_trap(LINK_DOWN, community=b"public", agent_address="192.0.2.9", enterprise="1.3.6.1.4.1.9.1")
    yield encode_trap(LINK_DOWN, community=b"public", pdu="inform")
    yield encode_trap(LINK_DOWN, community=b"wrong", pdu="inform")
    for text in (
        b"{{ lookup('pipe', 'id') }}",
        b"#jinja2:variable_start_string:'[['\n[[ 1 ]]",
        b"\xff\xfe{%\x00\x1b[31m",
    ):
        named = WireVarBind("1.3.6.1.2.1.2.2.1.2.3", ValueType.OCTET_STRING, text)
        yield encode_trap(LINK_DOWN, (named,), community=b"public")


def proxy_header(source: str = "192.0.2.7", port: int = 50_000) -> bytes:
    """What a load balancer writes in front of the datagram of `source`."""
    addresses = socket.inet_aton(source) + socket.inet_aton("192.0.2.254") + struct.pack("!HH", port, 162)
    return SIGNATURE + bytes([0x21, 0x12]) + struct.pack("!H", len(addresses)) + addresses
