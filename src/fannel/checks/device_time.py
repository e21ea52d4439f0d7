"""How long ago something was by a device's own clock: two times as it writes them, compared. Pure.

Neither has to be right, as long as both come from that device: a clock that is wrong is wrong in both. Time zones are
not converted, so two different ones are an error, and a year that is left out is the other one's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,6}))?")
_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_DAY = re.compile(rf"\b({'|'.join(_MONTHS)})[ ]+(\d{{1,2}})\b(?!:)")
_YEAR = re.compile(r"(?<![\d:.])(\d{4})(?![\d:.])")
_ZONE = re.compile(r"(?<![A-Za-z\d])([A-Z]{2,5}|[+-]\d\d:?\d\d)(?![A-Za-z\d])")
_LONGEST = 100
# Without any year: one that has a 29th of February.
_SOME_YEAR = 2000
_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Written:
    year: int | None
    month: int
    day: int
    clock: timedelta
    zone: str | None

    def at(self, year: int) -> datetime:
        return datetime(year, self.month, self.day) + self.clock  # noqa: DTZ001  (the device's own, whatever its zone)


def age_s(then: str, now: str) -> float:
    """How many seconds before `now` `then` was; less than 0 where it is after it.

    15:58:11 UTC Sun Nov 22 2026, *Nov 22 15:58:11.020, Sun Nov 22 15:58:11 2026, 2026-11-22 15:58:11 UTC: any of these.

    Raises:
        ValueError: one of them is no time, or they are of two time zones.
    """
    first, last = _read(then), _read(now)
    if first.zone and last.zone and first.zone != last.zone:
        msg = f"{then!r:.60} and {now!r:.60} are of two time zones"
        raise ValueError(msg)
    year = last.year or first.year or _SOME_YEAR
    end = last.at(year)
    if first.year is not None:
        return (end - first.at(first.year)).total_seconds()
    begun = first.at(year)
    if begun - end > _SLACK:  # of last year
        begun = first.at(year - 1)
    return (end - begun).total_seconds()


def _read(text: str) -> _Written:
    text = text[:_LONGEST]
    clock, date = _CLOCK.search(text), _DATE.search(text)
    if clock is None:
        msg = f"{text!r:.60} is no time"
        raise ValueError(msg)
    fraction = (clock[4] or "0").ljust(6, "0")
    hours, minutes, seconds = (int(part) for part in clock.groups()[:3])
    since = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=int(fraction))
    # What is read is taken out, lest a part of it be read as something else.
    rest = text[: clock.start()] + " ~ " + text[clock.end() :]
    zone = _ZONE.search(rest)
    named = zone[1] if zone else None
    if date is not None:
        return _Written(int(date[1]), int(date[2]), int(date[3]), since, named)
    day = _DAY.search(rest)
    if day is None:
        msg = f"{text!r:.60} has no date"
        raise ValueError(msg)
    year = _YEAR.search(rest[: day.start()] + " ~ " + rest[day.end() :])
    return _Written(int(year[1]) if year else None, _MONTHS.index(day[1]) + 1, int(day[2]), since, named)
