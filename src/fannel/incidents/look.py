"""A look at something else that may explain a fault, and the event that asks for it. Pure.

Light that arrives too weak is a question to the far end; a port that somebody shut down, one to the configuration's
log. Rules ask (rulebooks/network_alerts.yml); what is found goes into the fault's own thread and changes no incident.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ulid import ULID

from fannel.event import Event, Host, Subject

if TYPE_CHECKING:
    from fannel.event import Json

KIND = "look"
LOOKED = "looked"
WHERE = ("same_device", "far_end")

Where = Literal["same_device", "far_end"]


def look_event(event: Json, problem: str, where: Where) -> Event | None:
    """The event that asks for a look with the check of `problem`; None where nobody knows the far end.

    `event` is the verdict it follows from. Asked twice about one verdict, it is the same event.
    """
    host, subject = Host(**_tupled(event["host"])), Subject(**event["subject"])
    if where == "far_end":
        device, _, interface = (subject.peer or "").partition(" ")
        if subject.type != "interface" or not device or not interface.strip():
            return None
        # Its operating system is the inventory's to know.
        host, subject = Host(device, known=True), Subject("interface", name=interface.strip(), peer=_end(event))
    asked_at = datetime.fromisoformat(event["received_at"])
    return Event(
        id=_id(f"{event['id']}/{problem}/{where}"),
        received_at=asked_at,
        via="check",
        kind=KIND,
        problem=problem,
        phase="info",
        severity="info",
        host=host,
        subject=subject,
        source=Event.from_json(event).source,
        incident=event["incident"],
    )


def _end(event: Json) -> str | None:
    name = event["subject"].get("name")
    return f"{event['host']['name']} {name}" if name else None


def _id(text: str) -> str:
    return str(ULID(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()))


def _tupled(host: Json) -> Json:
    ambiguous = host.get("ambiguous")
    return host if ambiguous is None else host | {"ambiguous": tuple(ambiguous)}
