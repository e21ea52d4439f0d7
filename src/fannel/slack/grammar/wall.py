"""What a clock on the wall and a calendar mean by what was said: hours up to 29, days, weekdays, summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from fannel.slack.grammar import vocabulary as v
from fannel.slack.grammar.request import Misfit

if TYPE_CHECKING:
    import re

    from fannel.slack.grammar.moments import Moment

DAY: Final = timedelta(days=1)
MIDNIGHT: Final = 24
_LATEST_HOUR: Final = 29
_LATEST_MINUTE: Final = 59
_MORNING: Final = 6
_NOON: Final = 12
# A day of the year that was so long ago is next year's.
_NEXT_YEAR: Final = timedelta(days=180)


def clock(moment: Moment) -> tuple[int, int]:
    """Hour and minute, the hour up to 29."""
    said = moment.time
    if said is None:
        raise Misfit("no_time", {"day": moment.day[0] if moment.day is not None else ""})
    if noon := (said["noon"] or "").casefold():
        if noon != "midnight":
            return _NOON, 0
        return (0, 0) if moment.role == "start" and moment.day is not None else (MIDNIGHT, 0)
    hour = int(said["h"] or said["h2"] or said["h3"])
    minute = int(said["mi"] or said["mi2"] or (30 if said["half_past"] else 0))
    part, half = said["day_part"], (said["ap"] or "").casefold()
    wrong = hour > _LATEST_HOUR or minute > _LATEST_MINUTE
    # "13pm" and "午後13時" are slips; of which day "夜1時" is, nobody can tell.
    wrong = wrong or ((bool(half) or part in ("午前", "午後")) and hour > _NOON)
    if wrong or (part in ("夜", "深夜") and hour < _MORNING):
        raise Misfit("bad_time", {"time": said[0]})
    if (half == "p" or part in ("午後", "夕方", "夜")) and hour < _NOON:
        hour += _NOON
    elif (half == "a" or part == "午前") and hour == _NOON:
        hour = 0
    return hour, minute


def day_of(said: re.Match[str], today: date, base: date, after: datetime, hours: tuple[int, int], zone: tzinfo) -> date:
    """The day a match of the vocabulary means. `base` is the day that 翌日 follows, and weekdays come after `after`."""
    groups = said.groupdict()
    kind = said.lastgroup
    if kind == "bad_date":
        raise Misfit("vague_day", {"day": said[0]})
    if kind == "relative":
        word = groups["rel"].casefold()
        return (base if word in v.FOLLOWING else today) + DAY * v.RELATIVE[word]
    if kind == "weekday":
        return _weekday(groups["wd"].casefold(), base, after, hours, zone)
    day = _calendar_day(said, groups, today)
    if (weekday := groups["wd1"] or groups["wd2"] or groups["wd3"]) and v.WEEKDAYS[weekday.casefold()] != day.weekday():
        raise Misfit("wrong_weekday", {"day": f"{day:%Y-%m-%d}", "weekday": f"{day:%A}"})
    return day


def _calendar_day(said: re.Match[str], groups: dict[str, str | None], today: date) -> date:
    def number(*names: str) -> int | None:
        return next((int(value) for name in names if (value := groups[name]) is not None), None)

    year, month, day = number("y", "ny"), number("mo", "mo2", "mo3", "mo4"), number("d", "d2", "d3", "d4", "d5", "d6")
    if name := groups["nmo1"] or groups["nmo2"]:
        month, day = v.MONTHS[name[:3].casefold()], number("nd1", "nd2")
    try:
        found = date(year or today.year, month or today.month, day or 0)
        if year is None and month is None and found < today:
            found = (found.replace(day=1) + timedelta(days=32)).replace(day=found.day)
        elif year is None and found < today - _NEXT_YEAR:
            found = found.replace(year=today.year + 1)
        elif year is None and found > today + _NEXT_YEAR:
            found = found.replace(year=today.year - 1)
    except ValueError:
        raise Misfit("bad_date", {"day": said[0].strip()}) from None
    return found


def _weekday(word: str, base: date, after: datetime, hours: tuple[int, int], zone: tzinfo) -> date:
    number = v.WEEKDAYS.get(word[:1], v.WEEKDAYS.get(word[:3], 0))
    day = base + DAY * ((number - base.weekday()) % 7)
    return day if wall(day, *hours, zone, fold=1) > after else day + DAY * 7


def wall(day: date, hour: int, minute: int, zone: tzinfo, *, fold: int) -> datetime:
    """The moment that a clock on the wall shows this, in UTC.

    Raises:
        Misfit: no clock there shows it that day (summer time begins).
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001  (made aware next)
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        raise Misfit("no_such_time", {"time": f"{wall:%Y-%m-%d %H:%M}", "zone": str(zone)})
    return moment
