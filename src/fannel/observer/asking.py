"""What is put to the rules again after a restart, told once: the record and the spool may both hold it. Pure.

The record gives every incident that nobody answered to the end (`Store.unfinished`): its opening event, or the clear
that came last. The spool gives what was recorded and not yet acknowledged. Where both speak of one incident, the
record's word is the one that asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fannel.intake.passing import asks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from fannel.event import Event, Json


class _Asked(NamedTuple):
    event_id: str
    phase: str


class AskedAgain:
    """Remembers, for each incident asked again at `started_at`, by which event."""

    def __init__(self, events: Iterable[Json], started_at: datetime) -> None:
        self._asked = {e["incident"]["id"]: _Asked(e["id"], e["phase"]) for e in events}
        self._started_at = started_at

    def __len__(self) -> int:
        return len(self._asked)

    def left_of(self, event: Event) -> Event | None:
        """What the rules are still to hear of an event that is on record: it, or None if they are told already."""
        asked = self._asked.get(event.incident["id"]) if event.incident else None
        if asked is None or event.incident is None or event.received_at > self._started_at:
            return event
        if event.id == asked.event_id or (asked.phase == "clear" and event.id < asked.event_id):
            return None
        if asks(event):
            return replace(event, incident=event.incident | {"state": "open"})
        return event
