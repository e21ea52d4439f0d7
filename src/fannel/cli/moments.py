"""Times as people type and read them: `2h` ago, `2026-11-22T16:00`, both in the zone of the site."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:\d{1,9}[smhdw])+", re.ASCII)
_PART = re.compile(r"(\d+)([smhdw])", re.ASCII)

MEANT = "2h, 3d, 1h30m (ago), or a time: 2026-11-22, 2026-11-22T16:00, 2026-11-22T16:00+09:00"


def moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The time that `text` means: a duration before `now`, or an ISO 8601 time, in `zone` where it names none.

    Raises:
        ValueError: it is neither; says what is meant.
    """
    wanted = text.strip()
    try:
        if _DURATION.fullmatch(wanted.lower()):
            seconds = sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(wanted.lower()))
            return now - timedelta(seconds=seconds)
        found = datetime.fromisoformat(wanted)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r}: not a time; meant is {MEANT}") from None


def shown(at: datetime, zone: tzinfo) -> str:
    """A time to the second, with the name of its zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
