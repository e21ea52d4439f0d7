"""The last step of understanding: a message with its meaning becomes the normalised record, the Event. Pure.

Trap and syslog meet here, in one shape. Every text is foreign and is kept as it came, but never longer than its
limit: rules pay for every byte of an event, and the bytes as they were sent are in the event log.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ulid import ULID

from fannel.event import Event, Host, Source, Subject, fingerprint
from fannel.intake.refusals import AUTH_FAILURES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fannel.event import Json
    from fannel.intake.refusals import Refusal
    from fannel.kinds.classify import Classification
    from fannel.naming.catalogue import Notification
    from fannel.wire.message import Message
    from fannel.wire.syslog import SyslogMessage

MAX_VARBINDS = 40
MAX_VALUE_CHARS = 256
MAX_VARBINDS_CHARS = 4096
MAX_MESSAGE_CHARS = 2048  # what RFC 5424 §6.1 asks every receiver to take

NOTIFICATIONS_LOST = "notifications_lost"
_THIS_MACHINE = "127.0.0.1"
CANARY = "canary"

_SYSLOG_FACTS = (
    *("facility", "severity", "timestamp", "skew_s", "clock_unsynchronised", "hostname", "relay", "app_name"),
    *("procid", "msgid", "tag", "sequence", "message"),
)


def trap_event(
    message: Message,
    notification: Notification,
    found: Classification,
    *,
    received_at: datetime,
    source: Source,
    host: Host,
    called: str | None = None,
    event_id: str | None = None,
) -> Event:
    """The event of a named and classified notification. `called` is what its host is called while it is unknown."""
    return Event(
        id=event_id or _id(received_at),
        received_at=received_at,
        via="snmp_trap",
        kind=found.kind,
        problem=found.problem,
        phase=found.phase,
        severity=found.severity,
        host=host,
        subject=found.subject,
        source=source,
        trap={
            "version": message.version,
            "type": message.pdu,
            "name": notification.name,
            "oid": notification.oid,
            **({} if message.uptime_ticks is None else {"uptime_s": message.uptime_ticks / 100}),
            **_varbinds(notification),
        },
        aliases=_aliases(host.name, called or source.address, found),
    )


def syslog_event(
    message: SyslogMessage,
    found: Classification,
    *,
    received_at: datetime,
    source: Source,
    host: Host,
    called: str | None = None,
    event_id: str | None = None,
) -> Event:
    """The event of a classified syslog message. `called` is what its host is called while it is unknown."""
    said = message.to_json() | _clock(message, received_at)
    return Event(
        id=event_id or _id(received_at),
        received_at=received_at,
        via="syslog",
        kind=found.kind,
        problem=found.problem,
        phase=found.phase,
        severity=found.severity,
        host=host,
        subject=found.subject,
        source=source,
        syslog={
            name: _cut(said[name], MAX_MESSAGE_CHARS if name == "message" else MAX_VALUE_CHARS)
            for name in _SYSLOG_FACTS
            if name in said
        },
        aliases=_aliases(host.name, called or source.address, found),
    )


def _clock(message: SyslogMessage, received_at: datetime) -> Json:
    """How far the device's clock was from ours, and whether the device doubts it itself."""
    out: Json = {}
    if message.timestamp is not None:
        out["skew_s"] = round((received_at - message.timestamp).total_seconds(), 3)
    if message.clock_unsynchronised:
        out["clock_unsynchronised"] = True
    return out


def refusal_event(refusal: Refusal, *, received_at: datetime, host: Host, event_id: str | None = None) -> Event:
    """What was not accepted is still something that happened; rules may act on it."""
    kind = "snmp_auth_failure" if refusal.reason in AUTH_FAILURES else "datagram_refused"
    return Event(
        id=event_id or _id(received_at),
        received_at=received_at,
        via=refusal.via,
        kind=kind,
        problem=kind,
        phase="info",
        severity="warning",
        host=host,
        subject=Subject(type="sender", name=refusal.source),
        source=Source(refusal.source, proxy=refusal.proxy),
        refusal={"reason": refusal.reason, "detail": refusal.detail, "unsaid": refusal.unsaid},
    )


def lost_event(lost: Mapping[str, int], *, received_at: datetime, receiver: str, event_id: str | None = None) -> Event:
    """What FANNEL lost, by reason, is something that happened, too: to the machine `receiver`, which is no device."""
    return Event(
        id=event_id or _id(received_at),
        received_at=received_at,
        via="snmp_trap",
        kind=NOTIFICATIONS_LOST,
        problem=NOTIFICATIONS_LOST,
        phase="info",
        severity="major",
        host=Host(receiver or "fannel", known=False),
        subject=Subject(type="receiver"),
        source=Source(_THIS_MACHINE),
        lost={reason: count for reason, count in lost.items() if count > 0},
    )


def canary_event(*, received_at: datetime, source: Source, event_id: str) -> Event:
    """What the receiver sent to itself, on its last stage: it proves that the rule engine takes events."""
    return Event(
        id=event_id,
        received_at=received_at,
        via="snmp_trap",
        kind=CANARY,
        problem=CANARY,
        phase="info",
        severity="info",
        host=Host(source.address, known=False),
        subject=Subject(type="receiver"),
        source=source,
    )


def spooled_id(received_at: datetime, identity: bytes) -> str:
    """The id of the event of a spooled datagram: the same each time it is read, and sorted as they came.

    `identity` are the ten octets of its `SpoolId`, where other ULIDs have random ones.
    """
    milliseconds = min(max(0, int(received_at.timestamp() * 1000)), 2**48 - 1)
    return str(ULID(milliseconds.to_bytes(6) + identity))


def _id(received_at: datetime) -> str:
    """A ULID of that moment: ids sort by time. A capture may claim any year; a ULID begins with 1970."""
    return str(ULID.from_timestamp(max(0.0, received_at.timestamp())))


def _aliases(host: str, called: str, found: Classification) -> tuple[str, ...]:
    """What else this fault may have been called while less was known: by address, by index.

    `called` is the address that named its host. The packet's own (what is taken without) belongs to a relay at times,
    and by that the faults of all devices behind it would be one.
    """
    index, key = found.subject.ifindex, found.subject.key
    hosts = (host,) if called == host else (host, called)
    keys = (key,) if index is None or (by_index := f"ifindex-{index}") == key else (key, by_index)
    return tuple([fingerprint(name, found.problem, key) for name in hosts for key in keys][1:])


def _varbinds(notification: Notification) -> Json:
    """The varbinds by name, within bounds; a name that repeats carries its instance. What has no place is counted."""
    shown: Json = {}
    room = MAX_VARBINDS_CHARS
    left_out = 0
    for varbind in notification.varbinds:
        name = varbind.name if varbind.name not in shown else f"{varbind.name}.{varbind.instance}"
        value = _cut(varbind.value, MAX_VALUE_CHARS)
        cost = len(name) + len(str(value))
        if len(shown) >= MAX_VARBINDS or cost > room or name in shown:
            left_out += 1
            continue
        room -= cost
        shown[name] = value
    return {"varbinds": shown} | ({"varbinds_left_out": left_out} if left_out else {})


def _cut(value: float | str | None, most: int) -> float | str | None:
    """`value` as JSON can hold it: a text within its limit, and no number that JSON has no form for."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return f"{value[:most]}…" if isinstance(value, str) and len(value) > most else value
