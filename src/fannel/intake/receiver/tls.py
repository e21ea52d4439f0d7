"""TLS for syslog (RFC 5425): our certificate, whose certificates are demanded of others, and which names are let in."""

from __future__ import annotations

import ssl
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from fannel.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fannel.config import Syslog


def server_context(syslog: Syslog, *, of_ourselves: bool = False) -> ssl.SSLContext:
    """What handshakes are made by; `of_ourselves` are those that need no client certificate.

    Raises:
        ConfigError: a file cannot be read, or is not what it should be. Names the key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    assert syslog.tls_cert_file is not None  # noqa: S101  (the settings demand it)
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(syslog.tls_cert_file, syslog.tls_key_file, password="")
    except OSError as error:
        keys = "syslog.tls_cert_file" + (", syslog.tls_key_file" if syslog.tls_key_file else "")
        raise ConfigError(f"{keys}: {_reason(error)}") from None
    if syslog.tls_client_ca_file is not None and not of_ourselves:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(syslog.tls_client_ca_file)
        except OSError as error:
            raise ConfigError(f"syslog.tls_client_ca_file: {_reason(error)}") from None
    return context


def files(syslog: Syslog) -> list[Path]:
    """What a handshake depends on, for whoever looks whether it was renewed."""
    named = (syslog.tls_cert_file, syslog.tls_key_file, syslog.tls_client_ca_file)
    return [path for path in named if path is not None]


def is_let_in(certificate: Mapping[str, Any] | None, names: Sequence[str]) -> bool:
    """Whether a client's certificate (as `getpeercert` tells it) has one of these names; all do where none is listed.

    The names of a certificate are its dNSNames, and its common name where it has none of those (RFC 5425 §5.2).
    """
    if not names:
        return True
    found = [name for kind, name in (certificate or {}).get("subjectAltName", ()) if kind == "DNS"] or [
        value for parts in (certificate or {}).get("subject", ()) for kind, value in parts if kind == "commonName"
    ]
    return any(fnmatchcase(name.lower(), allowed.lower()) for name in found for allowed in names)


def _reason(error: OSError) -> str:
    """What is wrong with a file, in words that hold nothing of it."""
    if isinstance(error, ssl.SSLError):
        return f"not what it should be, a key in PEM without a password and its certificate ({error.reason or 'PEM'})"
    return error.strerror or str(error)
