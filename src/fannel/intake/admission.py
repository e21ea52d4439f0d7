"""Whose datagrams are let in: by address, and in SNMPv1 and v2c by community. Pure.

The receiver asks before it acknowledges, the observer asks before it understands: one place, so that they never differ.
"""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from fannel.intake.refusals import Refusal
from fannel.wire.ber import DecodeError
from fannel.wire.snmp import NotANotification, UnsupportedVersion, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import IPvAnyNetwork, SecretStr

    from fannel.intake.datagram import Datagram
    from fannel.wire.message import Message

# Senders whose address was compared with the networks; a flood of forged ones only pushes the oldest out.
_REMEMBERED = 4096


class Admission:
    """`allowed_sources` and `communities` of the settings."""

    def __init__(self, allowed_sources: Sequence[IPvAnyNetwork], communities: Sequence[SecretStr]) -> None:
        self._networks = tuple(ipaddress.ip_network(str(network)) for network in allowed_sources)
        self._communities = tuple(community.get_secret_value().encode() for community in communities)
        self._allowed = lru_cache(_REMEMBERED)(self._look)

    def refuses_source(self, datagram: Datagram) -> Refusal | None:
        """Why nothing is heard from where a datagram came from, or None."""
        if self._allowed(datagram.source):
            return None
        return Refusal("source_not_allowed", datagram.source, "its address is in none of trap.allowed_sources")

    def read(self, datagram: Datagram) -> Message | Refusal:
        """The notification of a datagram that is not SNMPv3, if it may come in."""
        source = datagram.source
        try:
            message = decode(datagram.payload)
        except UnsupportedVersion as error:
            return Refusal("unsupported_version", source, str(error))
        except NotANotification as error:
            return Refusal("not_a_notification", source, str(error))
        except DecodeError as error:
            return Refusal("undecodable", source, str(error))
        if not any(hmac.compare_digest(message.community, community) for community in self._communities):
            what = f"an SNMP v{message.version} {message.pdu}"
            return Refusal("bad_community", source, f"{what} with a community not configured")
        return message

    def _look(self, source: str) -> bool:
        address = ipaddress.ip_address(source)
        return any(address.version == network.version and address in network for network in self._networks)
