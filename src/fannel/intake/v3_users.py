"""SNMPv3 users of the settings as the wire knows them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from fannel.wire.usm import SecurityLevel, UsmUser
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol

if TYPE_CHECKING:
    from fannel.config import TrapUser

_AUTH = {
    "md5": AuthProtocol.MD5,
    "sha": AuthProtocol.SHA1,
    "sha224": AuthProtocol.SHA224,
    "sha256": AuthProtocol.SHA256,
    "sha384": AuthProtocol.SHA384,
    "sha512": AuthProtocol.SHA512,
}
_PRIV = {
    "des": PrivProtocol.DES,
    "aes128": PrivProtocol.AES128,
    "aes192": PrivProtocol.AES192,
    "aes256": PrivProtocol.AES256,
}
_LEVELS = {
    "noAuthNoPriv": SecurityLevel.NO_AUTH_NO_PRIV,
    "authNoPriv": SecurityLevel.AUTH_NO_PRIV,
    "authPriv": SecurityLevel.AUTH_PRIV,
}


def usm_user(user: TrapUser) -> UsmUser:
    """A user of the settings as the receiver knows it."""
    return UsmUser(
        name=user.name,
        auth_protocol=_AUTH[user.auth] if user.auth else None,
        auth_password=user.auth_password.get_secret_value() if user.auth_password else None,
        priv_protocol=_PRIV[user.priv] if user.priv else None,
        priv_password=user.priv_password.get_secret_value() if user.priv_password else None,
        engine_id=bytes.fromhex(user.engine_id) if user.engine_id else None,
        sources=tuple(ipaddress.ip_network(str(network)) for network in user.sources),
        key_extension=KeyExtension(user.key_extension),
        minimum_level=_LEVELS[user.level] if user.level else None,
    )
