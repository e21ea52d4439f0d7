"""Whether the files of work windows can be used. Calendars are not fetched here: `fannel silence planned` does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.kinds.document import KindsError
from fannel.ops.doctor.finding import ok, wrong
from fannel.windows.plan import read_plan

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.ops.doctor.finding import Finding


def windows(settings: Settings) -> Finding:
    """The files of `silences.folder`."""
    name, silences = "work windows", settings.silences
    if not silences.folder.is_dir():
        if silences.calendars:
            remedy = "make it, with rules under 'titles': without them no calendar silences anything"
            return wrong(name, f"{silences.folder}: no such folder", remedy)
        return ok(name, f"none (there is no {silences.folder}, and no calendar)")
    longest = timedelta(days=silences.longest_days)
    try:
        plan = read_plan(silences.folder, settings.site.zone, longest, silences.calendars.keys())
    except (KindsError, OSError) as error:
        return wrong(name, str(error), "mend it; until then what was planned before holds")
    rules = f"{len(plan.titles)} rules for titles of {len(silences.calendars)} calendars"
    return ok(name, f"{len(plan.planned)} in {silences.folder}, {rules}")
