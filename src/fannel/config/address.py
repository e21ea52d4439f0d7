"""Addresses to listen on, as people write them: `0.0.0.0:162`, `[::]:162`, `:9162` (every address of this machine)."""

from __future__ import annotations

import ipaddress
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, PlainSerializer


class Address(NamedTuple):
    """Where to listen. `host` is an address without brackets, or empty: every address of this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(text: object) -> Address:
    """The address that `text` spells.

    Raises:
        ValueError: it spells none; the text says what is meant.
    """
    if isinstance(text, Address):
        return text
    host, colon, port = str(text).strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError("an address is written ADDRESS:PORT, [IPV6]:PORT or :PORT, with a port from 1 to 65535")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") and host.endswith("]") else host
    if bare:
        try:
            version = ipaddress.ip_address(bare.partition("%")[0]).version
        except ValueError:
            raise ValueError(f"{host} is not an IP address") from None
        if (version == 6) is (bare == host):
            raise ValueError("an IPv6 address, and no other, is written in brackets: [2001:db8::1]:162")
    return Address(bare, int(port))


ListenAddress = Annotated[Address, BeforeValidator(parse), PlainSerializer(str, when_used="json")]
