"""What happened to an incident, as lines for who asks for details: events, history, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.event import Event
from fannel.incidents.silences import Silences
from fannel.incidents.store.reading import Span
from fannel.slack.layout.clicking import LINES, Line, change_line, details, event_line

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.incidents.incident import Incident
    from fannel.incidents.store import Store
    from fannel.slack.layout.message import Message
    from fannel.slack.words import Reader

# Of what was done, a post and a command's output have their own place in the thread.
_DONE = ("decision", "run", "click")


def told(store: Store, incident: Incident, to: Reader, now: datetime) -> Message:
    """All that is known of an incident, and the last of what happened."""
    events = store.log.events(Span(), incident_id=incident.id, limit=LINES)
    lines = [Line(one.received_at, event_line(one.event, to)) for one in events]
    history = store.history(incident.id)
    lines += [Line(one.at, change_line(one.what, one.who, one.why, to)) for one in history]
    done = store.activities.of_incident(incident.id)
    lines += [Line(one.at, one.summary) for one in done if one.kind in _DONE]
    lines.sort(key=lambda line: line.at)
    earlier = store.log.count_events(incident.id) - len(events)
    opening = store.event_json(incident.opened_by)
    silences = Silences(store.silences.current(now))
    silence = None if opening is None else silences.of(Event.from_json(opening), now)
    return details(incident, store.aside(incident.id, now), silence, lines, earlier, to)
