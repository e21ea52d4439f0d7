"""A fault that nobody cleared: what asks the rules to look whether it is still true. Pure.

`Store.take_rechecks` says which are due; whoever puts events to the rules (the observer) records and puts these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.event import Event

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Source
    from fannel.incidents.incident import Incident


def recheck_event(incident: Incident, source: Source, *, event_id: str, now: datetime) -> Event:
    """The event of kind `recheck` about an unresolved incident; `source` is that of the event that opened it.

    It only informs: it raises nothing and clears nothing, so recording it changes no incident. A rule that acts on it
    runs the check; its verdict resolves the incident, or says that the fault is still there.
    """
    return Event(
        id=event_id,
        received_at=now,
        via="check",
        kind="recheck",
        problem=incident.problem,
        phase="info",
        severity=incident.severity,
        host=incident.host,
        subject=incident.subject,
        source=source,
        incident={"id": incident.id, "state": incident.state},
    )
