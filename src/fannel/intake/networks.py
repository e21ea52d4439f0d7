"""Whether an address is in one of the networks that the settings list."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def within(address: str, networks: Sequence[Any]) -> bool:
    """Whether `address` is in one of `networks` (of either IP version, as pydantic's IPvAnyNetwork reads them)."""
    if not networks:
        return False
    parsed = _parsed(address)
    return any(parsed.version == network.version and parsed in network for network in networks)


# The same devices send all day, and reading an address costs more than all the rest of the question.
_parsed = lru_cache(maxsize=4096)(ipaddress.ip_address)
