"""From what a person has in hand (hex, a capture file, a log line) to events as JSON, without settings or network.

What cannot be decoded is `{"error": …, "offset": …}` in its place, where `offset` is the octet (from 0) that was wrong,
or None. Who sent it, pagoda is not asked: the host is the sender's address, or the name a log line gives.
"""

from __future__ import annotations

import functools
import re
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from fannel.event import Host, Source
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.normalise import syslog_event, trap_event
from fannel.wire import capture, snmp, syslog
from fannel.wire.ber import DecodeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fannel.event import Json

# Where nothing says who sent it.
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  (an address to show, not one to bind to)
MAX_DATAGRAM = 65_535

_BETWEEN_OCTETS = re.compile(r"(?<![0-9a-f])0x|[\s:]", re.IGNORECASE)
_NOT_HEX = re.compile(r"[^0-9a-f]", re.IGNORECASE)


class UnreadableError(Exception):
    """The input itself cannot be read. The text names it and says why."""


def from_hex(text: str, os: str | None = None) -> Json:
    """The event of a datagram of a device with that OS, in hex; spaces, colons and 0x between octets are fine."""
    digits = _BETWEEN_OCTETS.sub("", text)
    if (odd := _NOT_HEX.search(digits)) is not None:
        return _error(f"not hexadecimal: {odd[0]!r}")
    if len(digits) % 2:
        return _error(f"{len(digits)} hexadecimal digits do not make whole octets")
    if len(digits) > 2 * MAX_DATAGRAM:
        return _error(f"longer than a UDP datagram can be ({MAX_DATAGRAM} octets)")
    return from_datagram(bytes.fromhex(digits), UNKNOWN_ADDRESS, datetime.now(UTC), os)


def from_capture(path: Path, ports: Collection[int], os: str | None = None) -> Iterator[Json]:
    """The events of the UDP datagrams to any of `ports` in a capture file (`-`: on standard input), one by one.

    Raises:
        UnreadableError: There is no such file, or no capture in it; after the events before that place.
    """
    try:
        with _binary(path) as file:
            for datagram in capture.datagrams(file, *ports):
                if datagram.error is not None or datagram.source is None:
                    yield _error(datagram.error or "no source address")
                else:
                    yield from_datagram(datagram.payload, datagram.source, datagram.time or datetime.now(UTC), os)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from None
    except capture.CaptureError as error:
        raise UnreadableError(f"{path}: {error}") from None


def _binary(path: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb")


def from_datagram(payload: bytes, source: str, received_at: datetime, os: str | None = None) -> Json:
    """The event of one datagram of a device with that OS."""
    try:
        message = snmp.decode(payload)
    except DecodeError as error:
        return _error(error.reason, error.offset)
    notification = Catalogue.load().name(message)
    event = trap_event(
        message,
        notification,
        _kinds().classify(notification, os),
        received_at=received_at,
        source=Source(source, agent_address=message.agent_address),
        host=Host(source, known=False, os=os),
    )
    return event.to_json()


def from_syslog(line: str, os: str | None = None) -> Json:
    """The event of one syslog line of a device with that OS. Its host is the name in it: nobody knows who sent it."""
    received_at = datetime.now(UTC)
    # Nothing says in which zone the device lives: a time without one is taken as UTC.
    message = syslog.parse(line, received_at=received_at, zone=UTC)
    name = message.hostname or UNKNOWN_ADDRESS
    event = syslog_event(
        message,
        _kinds().classify_syslog(message, os),
        received_at=received_at,
        source=Source(UNKNOWN_ADDRESS),
        host=Host(name, known=False, os=os),
        called=name,
    )
    return event.to_json()


def _error(reason: str, offset: int | None = None) -> Json:
    return {"error": reason, "offset": offset}


@functools.cache
def _kinds() -> Kinds:
    return Kinds.load()
