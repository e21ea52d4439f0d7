"""The verdict on an event that nobody logs in for, and why nobody does. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.checks.verdict import Verdict
from fannel.intake.source_notice import SOURCE_QUIET, SOURCE_STORM

if TYPE_CHECKING:
    from fannel.checks.verdict import Outcome
    from fannel.event import Json


def unseen(event: Json) -> Verdict:
    """What FANNEL saw itself (that a source storms or is quiet) needs nobody's look; of all else nobody can tell."""
    if event["problem"] not in (SOURCE_STORM, SOURCE_QUIET):
        return Verdict("inconclusive", (_why_nobody_looked(event),))
    outcome: Outcome = "cleared" if event["phase"] == "clear" else "confirmed"
    return Verdict(outcome, (event["subject"].get("description") or "seen by FANNEL itself",))


def _why_nobody_looked(event: Json) -> str:
    host = event["host"]
    if ambiguous := host.get("ambiguous"):
        return f"pagoda gives this address to several devices: {', '.join(ambiguous)}; nobody logged in"
    if not host["known"]:
        return "pagoda does not know this device; nobody logged in"
    if not host.get("os"):
        return "pagoda names no platform for this device; nobody logged in"
    return f"no rule looks at {event['problem']} on {host['os']}; nobody logged in"
