"""In which time zone a device writes times that name none. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fannel.intake.networks import within

if TYPE_CHECKING:
    from datetime import tzinfo

    from fannel.config import Syslog


def zone_of(source: str, syslog: Syslog, site: tzinfo) -> tzinfo:
    """The zone of a sender: of its network, else of all senders, else the site's."""
    for known in syslog.zones:
        if within(source, (known.network,)):
            return ZoneInfo(known.timezone)
    return site if syslog.timezone is None else ZoneInfo(syslog.timezone)
