"""What a look at a device leaves in the log of activities: what was waited for, run, and printed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.incidents.store.activities import Activity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fannel.checks.verdict import Verdict
    from fannel.event import Json


def activities(event: Json, verdict: Verdict, now: datetime, incident_id: str | None = None) -> Iterator[Activity]:
    """Of a look about `event`; nothing where nobody looked."""
    if verdict.waited:
        yield Activity(now, "decision", f"lease: {verdict.waited}", incident_id=incident_id, event_id=event["id"])
    if not (verdict.outputs or verdict.took_s):
        return
    said = f"check of {event['problem']}: {verdict.outcome}: {verdict.reason}"
    how = {"took_s": verdict.took_s, "commands": [output.command for output in verdict.outputs]}
    yield Activity(now, "run", said, incident_id=incident_id, event_id=event["id"], detail=how)
    for output in verdict.outputs:
        yield Activity(
            now,
            "output",
            output.command,
            incident_id=incident_id,
            event_id=event["id"],
            detail={"took_s": output.took_s},
            body=output.text,
        )
