"""What may be asked to be kept quiet (静観), and what needs a second look."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, Field

from fannel.config.section import Section


def _of_the_day(moment: time) -> time:
    if moment.tzinfo is not None:
        raise ValueError("must not name a zone: it is in the zone of who reads (slack.time_zone, site.timezone)")
    return moment


class Silences(Section):
    """Where silences are asked for, and how long and how broad one may be."""

    # Channels (C…) where every request is heard; none named: slack.channel. Elsewhere it takes a mention.
    channels: tuple[Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")], ...] = ()

    # No silence lasts longer: what should never call has a rule of its own.
    longest_days: Annotated[float, Field(gt=0, le=366)] = 7.0
    # About more devices, or for longer, it is broad: whoever asks for it is asked back.
    broad_hosts: Annotated[int, Field(ge=1, le=100_000)] = 5
    broad_hours: Annotated[float, Field(gt=0, le=8_784)] = 24.0
    # Roles of devices (as pagoda calls them) so critical that a silence of one as a whole is broad.
    broad_roles: tuple[str, ...] = ()
    # How long a broad one waits in Slack for somebody else to confirm it.
    confirm_within_s: Annotated[float, Field(ge=60, le=86_400)] = 3600.0
    # Until when an alert is silenced "until morning", in the readers' zone (slack.time_zone, else site.timezone).
    morning: Annotated[time, AfterValidator(_of_the_day)] = time(9)
