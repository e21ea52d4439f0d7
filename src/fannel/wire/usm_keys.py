"""From passwords to the keys of one engine (RFC 3414 §2.6 and A.2, RFC 7860 §9.3, RFC 3826 §1.2); pure.

    password ── 1 MiB of hashing ──▶ Ku ── H(Ku ‖ engine id ‖ Ku) ──▶ Kul ── cut or extended ──▶ key of the cipher

The first step costs a millisecond and depends on the password alone; the second costs a microsecond. AES-192 and
AES-256 want more octets than most hashes give, and no RFC says where from: see `KeyExtension`.
"""

from __future__ import annotations

import hashlib
from enum import Enum

EXPANDED_PASSWORD = 2**20  # octets of repeated password that are hashed (RFC 3414 A.2)


class AuthProtocol(Enum):
    """How messages are authenticated (RFC 3414 §6, §7; RFC 7860 §4.2)."""

    MD5 = "MD5"
    SHA1 = "SHA"
    SHA224 = "SHA-224"
    SHA256 = "SHA-256"
    SHA384 = "SHA-384"
    SHA512 = "SHA-512"

    @property
    def hash_name(self) -> str:
        """The hash's name in hashlib."""
        return _AUTH[self][0]

    @property
    def key_octets(self) -> int:
        """Length of the hash, and so of a localised key."""
        return _AUTH[self][1]

    @property
    def code_octets(self) -> int:
        """Length of msgAuthenticationParameters: the HMAC is cut to it."""
        return _AUTH[self][2]


_AUTH = {
    AuthProtocol.MD5: ("md5", 16, 12),
    AuthProtocol.SHA1: ("sha1", 20, 12),
    AuthProtocol.SHA224: ("sha224", 28, 16),
    AuthProtocol.SHA256: ("sha256", 32, 24),
    AuthProtocol.SHA384: ("sha384", 48, 32),
    AuthProtocol.SHA512: ("sha512", 64, 48),
}


class PrivProtocol(Enum):
    """How messages are encrypted (RFC 3414 §8; RFC 3826; for the longer keys draft-blumenthal-aes-usm-04)."""

    DES = "DES"
    AES128 = "AES-128"
    AES192 = "AES-192"
    AES256 = "AES-256"

    @property
    def key_octets(self) -> int:
        """Length of the key; DES counts the eight octets of its pre-IV in (RFC 3414 §8.1.1.1)."""
        return _PRIV_KEY_OCTETS[self]


_PRIV_KEY_OCTETS = {PrivProtocol.DES: 16, PrivProtocol.AES128: 16, PrivProtocol.AES192: 24, PrivProtocol.AES256: 32}


class KeyExtension(Enum):
    """Where the octets come from that a hash is too short for: two drafts, and vendors ship one or the other.

    Only AES-192 and AES-256 with a shorter hash are touched. BLUMENTHAL (draft-blumenthal-aes-usm-04 §3.1.2.1) is
    net-snmp's AES-192 and AES-256 and Juniper's; REEDER (draft-reeder-snmpv3-usm-3desede-00 §2.1) is Cisco's.
    """

    BLUMENTHAL = "blumenthal"
    REEDER = "reeder"


def password_to_key(protocol: AuthProtocol, password: bytes) -> bytes:
    """The user's key Ku (RFC 3414 A.2). Costs the hashing of one MiB; `password` must not be empty."""
    times, rest = divmod(EXPANDED_PASSWORD, len(password))
    return hashlib.new(protocol.hash_name, password * times + password[:rest]).digest()


def localise(protocol: AuthProtocol, key: bytes, engine_id: bytes) -> bytes:
    """The key Kul that the user of `key` has at one engine (RFC 3414 §2.6)."""
    return hashlib.new(protocol.hash_name, key + engine_id + key).digest()


def cipher_key(
    auth: AuthProtocol, priv: PrivProtocol, localised: bytes, engine_id: bytes, extension: KeyExtension
) -> bytes:
    """The cipher's key: a localised key cut to its length, or extended. Reeder's extension hashes one MiB more."""
    key = localised
    while len(key) < priv.key_octets:
        if extension is KeyExtension.REEDER:
            key += localise(auth, password_to_key(auth, key), engine_id)
        else:
            key += hashlib.new(auth.hash_name, key).digest()
    return key[: priv.key_octets]
