"""Syslog timestamps: what devices write for the time, and the instant they mean.

A reading may lack its year and its zone (RFC 3164 §4.1.2), carry a zone by name that only its operator can explain,
or count from the last restart. Nothing raises: a reading that names no instant keeps its text and has no `at`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# Every abbreviation that has one offset (minutes east of UTC) wherever the tz database uses it today.
_NAMES_BY_OFFSET = {
    0: "UTC GMT WET",
    60: "BST CET WAT WEST",
    120: "CAT CEST EET SAST",
    180: "EAT EEST IDT MSK",
    300: "PKT",
    420: "WIB",
    480: "AWST HKT WITA",
    540: "JST KST WIT",
    570: "ACST",
    600: "AEST",
    630: "ACDT",
    660: "AEDT",
    720: "NZST",
    780: "NZDT",
    -150: "NDT",
    -180: "ADT",
    -210: "NST",
    -240: "AST EDT",
    -300: "EST",
    -360: "MDT",
    -420: "MST PDT",
    -480: "AKDT",
    -540: "AKST HDT",
    -600: "HST",
    -660: "SST",
}
UNAMBIGUOUS: Mapping[str, int] = MappingProxyType(
    {name: offset for offset, names in _NAMES_BY_OFFSET.items() for name in names.split()}
)
# Names of zones that mean different offsets in different places: read as a zone, resolved by the configuration.
AMBIGUOUS = frozenset({"CDT", "CST", "IST", "PST"})

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER = {name: number for number, name in enumerate(_MONTHS, start=1)}

_STAMP_BEGINS = frozenset("*.0123456789ADFJMNOS")  # a mark, a digit, a month; "" (end of text) is not among them
_TIME = r"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
_YEAR = r"(?:19|20)\d\d"
# "Nov 14 08:30:56", with a year in front (NX-OS, EOS), in the middle (IOS, VRP) or behind (Junos).
_BY_MONTH = re.compile(
    rf"([*.]?)(?:({_YEAR}) {{1,2}})?({'|'.join(_MONTHS)}) {{1,2}}(\d{{1,2}}) {{1,2}}(?:({_YEAR}) )?"
    rf"{_TIME}(?: ({_YEAR})(?= |: |$))?",
    re.ASCII,
)
# Old VRP counts on behind the milliseconds ("2018-7-23 01:00:34.270.1"); what the last number means is not told.
_BY_NUMBER = re.compile(rf"(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}})[T ]{_TIME}(?:\.\d{{1,4}})?", re.ASCII)
_UPTIME = re.compile(r"[*.]?(?:\d{1,4}:\d\d:\d\d(?:\.\d{1,9})?|(?:\d{1,4}[ywdh]){2})(?=: )", re.ASCII)

_OFFSET = re.compile(r" ?(?:([+-])(\d\d)(?::?(\d\d))?|Z)(?: DST)?(?=[ :]|$)", re.ASCII)
_ZONE_NAME = re.compile(r" ([A-Za-z][A-Za-z0-9+_-]{0,15})(?= {0,2}(:(?: |%|$)| \S))", re.ASCII)
_COLON = re.compile(r" {0,2}:(?: {1,4}|(?=%)|$)")
_COLON_AND_TAG = re.compile(r" ?: {1,2}%")

_DEVICE_YEARS = range(1970, 9999)  # year 9999 in a zone west of UTC has no instant that UTC can write
_SOME_LEAP_YEAR = "1972"  # stands in for a missing year, so that 29 February is a date
_CERTAINLY_NEAREST = timedelta(days=182)
_LEAP_YEARS_NEARBY = 8  # 29 February may be that far away (1900 had none)


@dataclass(frozen=True, slots=True)
class Clock:
    """What turns a device's reading into an instant.

    `received_at` (aware) chooses the year and the side of a clock change; `zone` is the device's when it names none
    or one nobody knows; `zones` are the operator's own abbreviations (`{"TOKYO": …, "CST": …}`).
    """

    received_at: datetime
    zone: tzinfo
    zones: Mapping[str, tzinfo] = field(default_factory=dict)

    def zone_named(self, name: str) -> tzinfo | None:
        """The zone an abbreviation stands for, if it is configured or stands for one only."""
        if (configured := self.zones.get(name)) is not None:
            return configured
        offset = UNAMBIGUOUS.get(name)
        return None if offset is None else _fixed(offset)

    def knows(self, name: str) -> bool:
        """Whether `name` is a zone at all, whatever it stands for."""
        return name in UNAMBIGUOUS or name in AMBIGUOUS or name in self.zones


class Stamp(NamedTuple):
    """One timestamp as it stood in a line. Everything up to `end` belongs to it.

    `text` is the reading with clock mark and zone; `at` is aware, None when the reading names no instant.
    `colon`: it was closed by a colon, as Cisco closes it. `year_first`: as NX-OS and EOS begin it.
    """

    text: str
    at: datetime | None
    end: int
    colon: bool = False
    year_first: bool = False


def read_stamp(text: str, start: int, clock: Clock, *, cisco: bool = False) -> Stamp | None:
    """The timestamp that begins at `start`, or None.

    `cisco`: something before it (a sequence number, a node) already shows Cisco's form, where any word between the
    time and a colon is a zone; elsewhere such a word may be a program.
    """
    if text[start : start + 1] not in _STAMP_BEGINS:
        return None
    if found := _BY_MONTH.match(text, start):
        mark, first, month, day, middle, hour, minute, second, fraction, last = found.groups()
        year = first or middle or last
        form = _ZoneForm.ANY if cisco or mark else _ZoneForm.TAGGED if fraction else _ZoneForm.UPPER
        end, zone = _read_zone(text, found.end(), clock, form)
        reading = _reading(year or _SOME_LEAP_YEAR, _MONTH_NUMBER[month], day, hour, minute, second, fraction)
        closing = _COLON.match(text, end)
        return Stamp(
            text=text[start:end],
            at=_instant(reading, clock, zone, year_known=year is not None),
            end=closing.end() if closing else end,
            colon=closing is not None,
            year_first=first is not None,
        )
    if found := _BY_NUMBER.match(text, start):
        year, month, day, hour, minute, second, fraction = found.groups()
        end, zone = _read_zone(text, found.end(), clock, _ZoneForm.UPPER)
        reading = _reading(year, int(month), day, hour, minute, second, fraction)
        return Stamp(text=text[start:end], at=_instant(reading, clock, zone, year_known=True), end=end)
    if found := _UPTIME.match(text, start):
        return Stamp(text=found.group(), at=None, end=found.end() + 2, colon=True)
    return None


class _ZoneForm(Enum):
    """Which words between a time and a colon are zones though nobody knows them (IOS `clock timezone NewYork -5`)."""

    ANY = 1  # the line is Cisco's beyond doubt
    TAGGED = 2  # any word, if a message tag follows the colon: fractions of a second are rare elsewhere
    UPPER = 3  # the same for capitals only: EOS puts its agent (`Ebra:`) in that place


def _read_zone(text: str, start: int, clock: Clock, form: _ZoneForm) -> tuple[int, tzinfo | None]:
    """Where the reading ends, and the zone it names if that is known."""
    if found := _OFFSET.match(text, start):
        sign, hours, minutes = found.groups()
        if sign is None:
            return found.end(), UTC
        offset = int(hours) * 60 + int(minutes or 0)
        return found.end(), _fixed(-offset if sign == "-" else offset) if offset < 24 * 60 else None
    if found := _ZONE_NAME.match(text, start):
        name, follows = found.groups()
        is_zone = clock.knows(name)
        if not is_zone and follows.startswith(":"):
            is_zone = form is _ZoneForm.ANY or (
                (form is _ZoneForm.TAGGED or name.isupper()) and _COLON_AND_TAG.match(text, found.end()) is not None
            )
        if is_zone:
            return found.end(), clock.zone_named(name)
    return start, None


def _reading(
    year: str, month: int, day: str, hour: str, minute: str, second: str, fraction: str | None
) -> datetime | None:
    """The numbers as a naive datetime; None when no calendar has them. Fractions are cut to microseconds."""
    # A leap second has no place in datetime (nor in RFC 5424 §6.2.3): it becomes the second before.
    whole = 59 if second == "60" else int(second)
    microsecond = int(fraction[:6].ljust(6, "0")) if fraction else 0
    if int(year) not in _DEVICE_YEARS:
        return None
    try:
        return datetime(int(year), month, int(day), int(hour), int(minute), whole, microsecond)  # noqa: DTZ001
    except ValueError:
        return None


def _instant(reading: datetime | None, clock: Clock, zone: tzinfo | None, *, year_known: bool) -> datetime | None:
    """The reading in its zone: in the year, and on the side of a clock change, nearest to the time of receipt."""
    if reading is None:
        return None
    zone = zone or clock.zone
    if not year_known:
        reading = _nearest_year(reading, clock.received_at.astimezone(zone).replace(tzinfo=None))
    at = reading.replace(tzinfo=zone)
    if isinstance(zone, timezone):
        return at
    other = at.replace(fold=1)
    if other.utcoffset() == at.utcoffset():
        return at
    received = clock.received_at.astimezone(UTC)  # in its own zone, a difference would not see the fold
    return min(at, other, key=lambda one: abs(one - received))


def _nearest_year(reading: datetime, received: datetime) -> datetime:
    leap_day = reading.month == 2 and reading.day == 29
    if not leap_day and abs((this_year := reading.replace(year=received.year)) - received) < _CERTAINLY_NEAREST:
        return this_year
    reach = _LEAP_YEARS_NEARBY if leap_day else 1
    near = [
        reading.replace(year=year)
        for year in range(received.year - reach, received.year + reach + 1)
        if year in _DEVICE_YEARS and (not leap_day or _is_leap(year))
    ]
    return min(near, key=lambda one: abs(one - received), default=reading)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@lru_cache(maxsize=256)
def _fixed(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes)) if minutes else UTC
