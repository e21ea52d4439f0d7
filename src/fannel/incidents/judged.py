"""A verdict as an event of its own, about the same host and subject, so that rules can go on from it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.event import Event

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Json
    from fannel.incidents.incident import Incident

KIND = "verdict"


def verdict_event(asked: Json, incident: Incident, said: Json, *, event_id: str, now: datetime) -> Event:
    """The answer to the event `asked`; `said` is the verdict."""
    source = Event.from_json(asked).source
    known = {"id": incident.id, "state": "resolved" if incident.over else incident.state}
    return incident.own_event(KIND, source, event_id=event_id, now=now, verdict=said, incident=known)
