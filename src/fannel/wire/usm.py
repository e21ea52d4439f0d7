"""The users of SNMPv3: who may send, from where, with which keys (RFC 3414 §2.1); pure.

A user is either bound to one engine id, or serves whatever engines appear within its source networks: those that
send traps (each has its own localised keys) and those that send informs (which use our engine's). Passwords and
keys are in no repr and in no error text.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from fannel.wire.usm_crypto import Authenticator, MessageCipher, is_available, message_cipher
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol, cipher_key, localise, password_to_key

if TYPE_CHECKING:
    from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MIN_PASSWORD_OCTETS = 8  # RFC 3414 §11.2
MAX_NAME_OCTETS = 32  # RFC 3414 §2.4
ENGINE_ID_OCTETS = range(5, 33)  # RFC 3411 §5, SnmpEngineID


class SecurityLevel(IntEnum):
    """How a message is protected; the numbers are those of msgFlags (RFC 3412 §6.4)."""

    NO_AUTH_NO_PRIV = 0
    AUTH_NO_PRIV = 1
    AUTH_PRIV = 3


# For comparisons on the way of every message: Python 3.11 finds a member through its class by a call of 0.4 µs.
NO_AUTH_NO_PRIV, AUTH_NO_PRIV, AUTH_PRIV = SecurityLevel


class UserError(ValueError):
    """A user that cannot be: names the user and the field, never a secret."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"SNMPv3 user {name!r:.40}: {problem}")


@dataclass(frozen=True, slots=True)
class UsmUser:
    """One user. Each secret is given as a password or as a key that is already localised, which binds to an engine.

    Attributes:
        name: msgUserName, 1 to 32 octets of UTF-8.
        auth_protocol: None for a user that does not authenticate.
        auth_password: At least eight octets.
        auth_key: Instead of the password: the localised key, as long as the protocol's hash.
        priv_protocol: None for a user that does not encrypt; needs `auth_protocol`.
        priv_password: At least eight octets.
        priv_key: Instead of the password: the localised key, as long as the cipher's key or as the hash.
        engine_id: The engine this user is bound to. None: engines are learned within `sources`.
        sources: Networks that messages of this user come from. Empty, which only a bound user may: any.
        key_extension: For AES-192 and AES-256, where the hash is too short for the key.
        minimum_level: Messages below it are refused. None: what the user's protocols allow at most.

    Raises:
        UserError: A field is wrong, missing or of no use.
    """

    name: str
    auth_protocol: AuthProtocol | None = None
    auth_password: str | None = field(default=None, repr=False)
    auth_key: bytes | None = field(default=None, repr=False)
    priv_protocol: PrivProtocol | None = None
    priv_password: str | None = field(default=None, repr=False)
    priv_key: bytes | None = field(default=None, repr=False)
    engine_id: bytes | None = None
    sources: tuple[Network, ...] = ()
    key_extension: KeyExtension = KeyExtension.BLUMENTHAL
    minimum_level: SecurityLevel | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.encode()) <= MAX_NAME_OCTETS:
            raise UserError(self.name, f"a name has 1 to {MAX_NAME_OCTETS} octets")
        if self.priv_protocol and not self.auth_protocol:
            raise UserError(self.name, "USM encrypts only what it authenticates: priv_protocol needs auth_protocol")
        self._check_secret("auth", self.auth_protocol, self.auth_password, self.auth_key)
        self._check_secret("priv", self.priv_protocol, self.priv_password, self.priv_key)
        if self.engine_id is None:
            if self.auth_key or self.priv_key:
                raise UserError(self.name, "a localised key is of use at one engine only: engine_id is missing")
            if not self.sources:
                raise UserError(self.name, "needs an engine_id, or sources within which engines may be learned")
        elif len(self.engine_id) not in ENGINE_ID_OCTETS:
            raise UserError(self.name, "an engine id has 5 to 32 octets")
        if self.level < self.least_level:
            raise UserError(self.name, f"minimum_level {self.least_level.name} needs protocols the user does not have")

    @property
    def level(self) -> SecurityLevel:
        """The highest level this user's protocols allow."""
        if self.priv_protocol:
            return SecurityLevel.AUTH_PRIV
        return SecurityLevel.AUTH_NO_PRIV if self.auth_protocol else SecurityLevel.NO_AUTH_NO_PRIV

    @property
    def least_level(self) -> SecurityLevel:
        """The lowest level a message of this user may have."""
        return self.level if self.minimum_level is None else self.minimum_level

    def _check_secret(
        self, which: str, protocol: AuthProtocol | PrivProtocol | None, password: str | None, key: bytes | None
    ) -> None:
        if protocol is None:
            if password or key:
                raise UserError(self.name, f"a secret without {which}_protocol")
            return
        if (password is None) == (key is None):
            raise UserError(self.name, f"{which}_protocol needs {which}_password or {which}_key, one of them")
        if password is not None and len(password.encode()) < MIN_PASSWORD_OCTETS:
            raise UserError(self.name, f"{which}_password has less than {MIN_PASSWORD_OCTETS} octets")
        assert self.auth_protocol is not None  # noqa: S101  (checked before; narrowing for the type checker)
        lengths = {self.auth_protocol.key_octets, protocol.key_octets}
        if key is not None and len(key) not in lengths:
            wanted = " or ".join(str(length) for length in sorted(lengths))
            raise UserError(self.name, f"{which}_key has {len(key)} octets, not {wanted}")


class UserBook:
    """All users: finds the one a message names, and makes its keys.

    The costly step from a password is taken once per user and kept, so that the engine ids of strangers cost
    microseconds. Reeder's key extension is costly per engine, so `cipher` is to be asked for only after a message of
    that engine was authenticated.
    """

    def __init__(self, users: Iterable[UsmUser]) -> None:
        self._bound: dict[tuple[bytes, bytes], UsmUser] = {}
        self._roaming: dict[bytes, list[tuple[Network, UsmUser]]] = {}
        self._master_keys: dict[tuple[AuthProtocol, str], bytes] = {}
        for user in users:
            self._add(user)
        for entries in self._roaming.values():
            entries.sort(key=lambda entry: entry[0].prefixlen, reverse=True)

    def _add(self, user: UsmUser) -> None:
        name = user.name.encode()
        for protocol in (user.auth_protocol, user.priv_protocol):
            if protocol is not None and not is_available(protocol):
                raise UserError(user.name, f"the OpenSSL of this machine does not allow {protocol.value} (FIPS mode?)")
        if user.engine_id is not None:
            if (user.engine_id, name) in self._bound:
                raise UserError(user.name, f"is there twice for engine {user.engine_id.hex()}")
            self._bound[user.engine_id, name] = user
            return
        entries = self._roaming.setdefault(name, [])
        for network in user.sources:
            if any(network == taken for taken, _ in entries):
                raise UserError(user.name, f"is there twice for source {network}")
            entries.append((network, user))

    @property
    def bound_engine_ids(self) -> frozenset[bytes]:
        """The engines that users are bound to."""
        return frozenset(engine_id for engine_id, _ in self._bound)

    def find(self, name: bytes, engine_id: bytes, source: str) -> UsmUser | None:
        """The user `name` at `engine_id` for messages from `source`, an IP address in text form.

        A user bound to the engine goes first; among the others the one with the narrowest network around `source`.
        """
        user = self._bound.get((engine_id, name))
        candidates = self._roaming.get(name, ())
        if user is None and not candidates:
            return None
        address = _address(source)
        if user is not None and (not user.sources or any(address in network for network in user.sources)):
            return user
        return next((user for network, user in candidates if address in network), None)

    def authenticator(self, user: UsmUser, engine_id: bytes) -> Authenticator | None:
        """The user's authentication at an engine, or None if it has none. Cheap but for the user's first."""
        if user.auth_protocol is None:
            return None
        key = user.auth_key or self._localised(user.auth_protocol, user.auth_password, engine_id)
        return Authenticator(user.auth_protocol, key)

    def cipher(self, user: UsmUser, engine_id: bytes) -> MessageCipher | None:
        """The user's cipher at an engine, or None if it has none. Reeder's key extension costs milliseconds."""
        if user.auth_protocol is None or user.priv_protocol is None:
            return None
        key = user.priv_key or self._localised(user.auth_protocol, user.priv_password, engine_id)
        if user.priv_key is None or len(key) != user.priv_protocol.key_octets:
            key = cipher_key(user.auth_protocol, user.priv_protocol, key, engine_id, user.key_extension)
        return message_cipher(user.priv_protocol, key)

    def _localised(self, protocol: AuthProtocol, password: str | None, engine_id: bytes) -> bytes:
        assert password is not None  # noqa: S101  (UsmUser has a password where it has no key)
        master = self._master_keys.get((protocol, password))
        if master is None:
            master = self._master_keys[protocol, password] = password_to_key(protocol, password.encode())
        return localise(protocol, master, engine_id)


def _address(source: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address; an IPv4 sender on an IPv6 socket is an IPv4 sender."""
    address = ipaddress.ip_address(source)
    return getattr(address, "ipv4_mapped", None) or address
