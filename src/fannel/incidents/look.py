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
AGE = "age_s"
WHERE = ("same_device", "far_end")

Where = Literal["same_device", "far_end"]


def look_event(event: Json, problem: str, where: Where, within_s: float | None = None) -> Event | None:
    """The event that asks for a look with the check of `problem`; None where nobody knows the far end.

    `event` is the verdict it follows from. Asked twice about one verdict, it is the same event. What is found and is
    further than `within_s` from the beginning of the fault explains nothing and is not said (`unrelated`).
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
        look=None if within_s is None else {"within_s": within_s},
    )


def unrelated(asked: Json, facts: Json, began_at: datetime, now: datetime) -> str | None:
    """Why what a look found has nothing to do with the fault that began at `began_at`; None where it may.

    A check that knows how old what it found is says so in its fact `age_s`. The device's clock is not compared with
    ours, so whether it is right does not matter.
    """
    within_s, age_s = (asked.get("look") or {}).get("within_s"), facts.get(AGE)
    if within_s is None or isinstance(age_s, bool) or not isinstance(age_s, int | float):
        return None
    apart_s = abs((now - began_at).total_seconds() - age_s)
    if apart_s <= within_s:
        return None
    return f"what was found is {apart_s / 60:.0f} minutes from the beginning of the fault, so it is not said"


def _end(event: Json) -> str | None:
    name = event["subject"].get("name")
    return f"{event['host']['name']} {name}" if name else None


def _id(text: str) -> str:
    return str(ULID(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()))


def _tupled(host: Json) -> Json:
    ambiguous = host.get("ambiguous")
    return host if ambiguous is None else host | {"ambiguous": tuple(ambiguous)}
