"""What USM does with keys: authenticate (HMAC, cut) and encrypt (AES in CFB mode, DES in CBC mode); pure.

Every object here is keyed once and used for every message of its user and engine, because setting up a cipher costs
ten times what using it for one trap costs. OpenSSL's CFB and CBC contexts cannot be given a new IV, so each cipher
keeps a context of the bare block function (ECB without chaining state) and chains the blocks itself, as NIST SP
800-38A §6.2 and §6.3 define it: deciphering is then one call for all blocks and one XOR. None of it may be shared
by threads: each context is busy while it is used.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA224, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

from fannel.wire.usm_keys import AuthProtocol, PrivProtocol

SALT_OCTETS = 8  # msgPrivacyParameters of both ciphers

_AES_BLOCK = 16
_DES_BLOCK = 8
_MASK32 = 2**32 - 1

_HASHES: dict[AuthProtocol, HashAlgorithm] = {
    AuthProtocol.MD5: MD5(),  # noqa: S303  (RFC 3414 §6; a user's configuration asks for it)
    AuthProtocol.SHA1: SHA1(),  # noqa: S303  (RFC 3414 §7)
    AuthProtocol.SHA224: SHA224(),
    AuthProtocol.SHA256: SHA256(),
    AuthProtocol.SHA384: SHA384(),
    AuthProtocol.SHA512: SHA512(),
}


class DecryptionError(ValueError):
    """Octets that this cipher cannot have made: says the lengths that are wrong, never a content."""


class Authenticator:
    """Makes and checks msgAuthenticationParameters for one localised key (RFC 3414 §6.3, §7.3; RFC 7860 §4.2)."""

    __slots__ = ("_keyed", "code_octets")

    def __init__(self, protocol: AuthProtocol, key: bytes) -> None:
        self._keyed = HMAC(key, _HASHES[protocol])
        self.code_octets = protocol.code_octets

    def code(self, message: bytes) -> bytes:
        """The authentication code of a whole message whose own code is zeros."""
        run = self._keyed.copy()
        run.update(message)
        return run.finalize()[: self.code_octets]

    def verifies(self, message: bytes, start: int, stop: int) -> bool:
        """Whether the code that stands from `start` to `stop` is the one of `message`; takes the same time either way.

        A code of another length than the protocol's is wrong, however well it begins.
        """
        size = self.code_octets
        if stop - start != size:
            return False
        expected = self.code(message[:start] + bytes(size) + message[stop:])
        return hmac.compare_digest(expected, message[start:stop])


class MessageCipher(Protocol):
    """Encrypts and decrypts a scopedPDU; the IV comes from boots and time of the engine, and the message's salt."""

    def encrypt(self, plain: bytes, boots: int, engine_time: int, salt: bytes) -> bytes:
        """The encryptedPDU of `plain`. `salt` has eight octets and is never used twice with one boots and time."""
        ...

    def decrypt(self, secret: bytes, boots: int, engine_time: int, salt: bytes) -> bytes:
        """What was encrypted, padding included. Raises DecryptionError where lengths are impossible."""
        ...


class AesCfb:
    """AES-128, -192 or -256 in CFB128 mode. IV: boots, time, salt (RFC 3826 §3.1.2.1)."""

    __slots__ = ("_blocks",)

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  (the block function; chained below)
        self._blocks = cipher.encryptor().update

    def encrypt(self, plain: bytes, boots: int, engine_time: int, salt: bytes) -> bytes:
        """Encrypt; as long as what went in."""
        previous = _aes_iv(boots, engine_time, salt)
        secret = bytearray()
        for at in range(0, len(plain), _AES_BLOCK):
            part = plain[at : at + _AES_BLOCK]
            previous = _xor(self._blocks(previous)[: len(part)], part)
            secret += previous
        return bytes(secret)

    def decrypt(self, secret: bytes, boots: int, engine_time: int, salt: bytes) -> bytes:
        """Decrypt; as long as what went in."""
        size = len(secret)
        # Only whole blocks may go in, or the context would keep the rest for the next message.
        shifted = _aes_iv(boots, engine_time, salt) + secret[: size // _AES_BLOCK * _AES_BLOCK]
        return _xor(self._blocks(shifted)[:size], secret)


class DesCbc:
    """DES in CBC mode (RFC 3414 §8). Salt: boots and a counter; IV: the key's second half XOR the salt.

    DES is Triple-DES with one key three times: no library that is kept up offers it alone.
    """

    __slots__ = ("_decipher", "_encipher", "_pre_iv")

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(TripleDES(key[:8] * 3), modes.ECB())  # noqa: S305  (the block function; chained below)
        self._encipher = cipher.encryptor().update
        self._decipher = cipher.decryptor().update
        self._pre_iv = key[8:16]

    def encrypt(self, plain: bytes, boots: int, engine_time: int, salt: bytes) -> bytes:
        """Encrypt; filled up with zeros to whole blocks."""
        del boots, engine_time  # the salt says all
        previous = _xor(self._pre_iv, _checked(salt))
        padded = plain + bytes(-len(plain) % _DES_BLOCK)
        secret = bytearray()
        for at in range(0, len(padded), _DES_BLOCK):
            previous = self._encipher(_xor(padded[at : at + _DES_BLOCK], previous))
            secret += previous
        return bytes(secret)

    def decrypt(self, secret: bytes, boots: int, engine_time: int, salt: bytes) -> bytes:
        """Decrypt whole blocks."""
        del boots, engine_time
        if len(secret) % _DES_BLOCK:
            raise DecryptionError(f"{len(secret)} octets are no whole number of DES blocks")
        shifted = (_xor(self._pre_iv, _checked(salt)) + secret)[: len(secret)]
        return _xor(self._decipher(secret), shifted)


def message_cipher(protocol: PrivProtocol, key: bytes) -> MessageCipher:
    """The cipher of `protocol` with a key of `protocol.key_octets`."""
    return DesCbc(key) if protocol is PrivProtocol.DES else AesCfb(key)


@functools.cache
def is_available(protocol: AuthProtocol | PrivProtocol) -> bool:
    """Whether this machine's OpenSSL lets it be used: in FIPS mode there is no MD5 and no DES."""
    try:
        if isinstance(protocol, AuthProtocol):
            hashlib.new(protocol.hash_name)
            Authenticator(protocol, bytes(protocol.key_octets)).code(b"")
        else:
            message_cipher(protocol, bytes(range(protocol.key_octets)))
    except (UnsupportedAlgorithm, ValueError):  # cryptography's word for it, and hashlib's
        return False
    return True


def salt_of(protocol: PrivProtocol, boots: int, counter: int) -> bytes:
    """The salt for the `counter`th encryption since the engine started (RFC 3414 §8.1.1.1, RFC 3826 §3.1.2.1)."""
    if protocol is PrivProtocol.DES:
        return (boots & _MASK32).to_bytes(4, "big") + (counter & _MASK32).to_bytes(4, "big")
    return (counter % 2**64).to_bytes(SALT_OCTETS, "big")


def _aes_iv(boots: int, engine_time: int, salt: bytes) -> bytes:
    return ((boots & _MASK32) << 32 | engine_time & _MASK32).to_bytes(8, "big") + _checked(salt)


def _checked(salt: bytes) -> bytes:
    if len(salt) != SALT_OCTETS:
        raise DecryptionError(f"a salt of {len(salt)} octets, not {SALT_OCTETS}")
    return salt


def _xor(one: bytes, other: bytes) -> bytes:
    """XOR of two strings of the same length: as two big numbers, which is one operation of the interpreter."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(other), "big")
