"""A fault that nobody cleared: when somebody looks whether it is still true, and the event that asks for it. Pure.

A clear may be lost on its way, or a device may never send one. `store/rechecks.py` says which incidents are due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Event, Source
    from fannel.incidents.incident import Incident

KIND = "recheck"


@dataclass(frozen=True, slots=True)
class RecheckPolicy:
    """`after` its last raise a fault is looked at, then `every` so often; None: only when a person asks.

    What was asked and not answered is asked again after `retry`: whoever was to answer may have died. `at_once` bounds
    what is asked and not answered yet, so that looking again never takes the turn of what is new.
    """

    after: timedelta | None = timedelta(hours=1)
    every: timedelta = timedelta(hours=1)
    retry: timedelta = timedelta(minutes=10)
    at_once: int = 4


def recheck_event(incident: Incident, source: Source, *, event_id: str, now: datetime) -> Event:
    """The event of kind `recheck` about an unresolved incident; `source` is that of the event that opened it.

    A rule that acts on it runs the check; its verdict resolves the incident, or says that the fault is still there.
    `incident.asked_by` is there when a person wants to know, whatever is silenced.
    """
    asked_by = {"asked_by": incident.recheck_for} if incident.recheck_for else {}
    known = {"id": incident.id, "state": incident.state} | asked_by
    return incident.own_event(KIND, source, event_id=event_id, now=now, incident=known)
