"""A datagram as it came off the wire, and what the receiver noted of it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Note(IntEnum):
    """What the receiver has to say of a datagram. The spool keeps it as one octet: numbers are never given anew."""

    NONE = 0
    ACKNOWLEDGED = 1  # an inform that was judged when it came, and is answered once it is on disk
    CANARY = 2  # sent by the receiver to itself, to prove the path
    NOTICE = 3  # never on the wire: what the receiver itself has to say, as JSON (receiver/notice.py)


class Transport(IntEnum):
    """What a datagram came by. The spool keeps it as half an octet: numbers are never given anew."""

    SNMP_UDP = 0
    SYSLOG_UDP = 1
    SYSLOG_TCP = 2  # a line of a connection, here and below
    SYSLOG_TLS = 3


STREAMS = frozenset({Transport.SYSLOG_TCP, Transport.SYSLOG_TLS})
SYSLOG = frozenset({Transport.SYSLOG_UDP, Transport.SYSLOG_TCP, Transport.SYSLOG_TLS})


class Datagram(NamedTuple):
    """One datagram. `received_at` is aware; `source` is an address without zone or brackets.

    A tuple and no dataclass, because a hundred thousand are made in a second: a quarter of the time.
    """

    payload: bytes
    source: str
    source_port: int
    received_at: datetime
    note: Note = Note.NONE
    transport: Transport = Transport.SNMP_UDP
