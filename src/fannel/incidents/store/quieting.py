"""That an event came under a silence, as a decision on record: who keeps it quiet, why and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from fannel.incidents.silence import quieted
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.tables import silence_revisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from fannel.event import Event, Json

_AUTHOR = select(silence_revisions.c.author).where(
    silence_revisions.c.silence_id == bindparam("asked"), silence_revisions.c.revision == 1
)


def decisions(connection: Connection, decided: Sequence[tuple[str, Event]]) -> list[Activity]:
    """One for each event, with the id of its incident, that a silence covers."""
    said: list[tuple[str, Event, Json]] = [(to, event, event.silence) for to, event in decided if event.silence]
    if not said:
        return []
    # An event says which silence it is, and not whose; a batch comes under very few.
    numbers = {silence["id"] for _, _, silence in said}
    authors = {number: connection.execute(_AUTHOR, {"asked": number}).scalar() or "somebody" for number in numbers}
    return [
        Activity(event.received_at, "decision", quieted(silence, authors[silence["id"]]), to, event.id)
        for to, event, silence in said
    ]
