"""Whose datagrams are let in: by address, and in SNMPv1 and v2c by community. Pure.

The receiver asks before it acknowledges, the observer asks before it understands: one place, so that they never differ.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from fannel.intake.datagram import SYSLOG
from fannel.intake.networks import within
from fannel.intake.refusals import Refusal
from fannel.wire.ber import DecodeError
from fannel.wire.snmp import NotANotification, UnsupportedVersion, decode

if TYPE_CHECKING:
    from fannel.config import Syslog, Trap
    from fannel.intake.datagram import Datagram
    from fannel.wire.message import Message


def refuse_source(datagram: Datagram, section: Trap | Syslog) -> Refusal | None:
    """Why nothing is heard from where a datagram came from, or None; `section` is of what it came as."""
    if within(datagram.source, section.allowed_sources):
        return None
    name = "syslog" if datagram.transport in SYSLOG else "trap"
    return Refusal("source_not_allowed", datagram.source, f"its address is in none of {name}.allowed_sources")


def read(datagram: Datagram, trap: Trap) -> Message | Refusal:
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
    if not any(hmac.compare_digest(message.community, c.get_secret_value().encode()) for c in trap.communities):
        what = f"an SNMP v{message.version} {message.pdu}"
        return Refusal("bad_community", source, f"{what} with a community not configured")
    return message
