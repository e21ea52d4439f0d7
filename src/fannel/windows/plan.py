"""The files of work windows (`silences/*.yml`), read and checked: whatever is wrong is one line with file and line.

What is planned once becomes a silence at once; what recurs, a while before it begins.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from fannel.incidents.matchers import scope_of
from fannel.incidents.silence import SilenceError
from fannel.incidents.window import FILE, Window
from fannel.kinds.document import Document, KindsError, read_document, suggestion, validate
from fannel.kinds.pattern import SMALL, PatternError, compiled
from fannel.windows.titles import CIRCUIT, PLACEHOLDER, Title

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import tzinfo
    from pathlib import Path

    from fannel.incidents.silence import Scope
    from fannel.kinds.document import Location

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART: Final = re.compile(r"(\d+)([dhm])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_LARGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Every:
    """On these days of the week (0 is Monday), at a time of day, for so long."""

    days: frozenset[int]
    at: time
    lasts: timedelta
    zone: tzinfo

    def between(self, start: datetime, end: datetime) -> Iterator[tuple[date, datetime]]:
        """The days whose window is not over at `start` and begins before `end`, and when it begins."""
        day = (start - self.lasts).astimezone(self.zone).date() - timedelta(days=1)
        last = end.astimezone(self.zone).date()
        while day <= last:
            begins = datetime.combine(day, self.at, self.zone).astimezone(UTC)
            if day.weekday() in self.days and begins + self.lasts > start and begins < end:
                yield day, begins
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """One window of a file: once (`starts_at`, `ends_at`), or `every` so often."""

    name: str
    source: str
    where: str
    scopes: tuple[Scope, ...]
    reason: str
    author: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    every: Every | None = None

    def windows(self, now: datetime, ahead: timedelta) -> Iterator[Window]:
        """Those that are not over, and begin within `ahead` if they recur."""
        if self.every is not None:
            for day, begins in self.every.between(now, now + ahead):
                yield self._window(f"{FILE}{self.name}/{day}", begins, begins + self.every.lasts)
        elif self.starts_at is not None and self.ends_at is not None and self.ends_at > now:
            yield self._window(f"{FILE}{self.name}", self.starts_at, self.ends_at)

    def _window(self, origin: str, starts_at: datetime, ends_at: datetime) -> Window:
        return Window(origin, self.source, self.scopes, starts_at, ends_at, self.reason, self.author)


@dataclass(frozen=True, slots=True)
class Plan:
    """All files of a folder."""

    planned: tuple[Planned, ...] = ()
    titles: tuple[Title, ...] = ()


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a file."""
    text = resources.files("fannel.windows").joinpath("plan.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def read_plan(folder: Path, zone: tzinfo, longest: timedelta, calendars: Collection[str] = ()) -> Plan:
    """What the files of a folder plan; nothing where there is no such folder. Times without a zone are in `zone`.

    Raises:
        KindsError: a file cannot be used; one line that says which, where and why.
    """
    reading = _Reading(zone, longest, calendars)
    for file in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
        if file.stat().st_size > _LARGEST:
            raise KindsError(f"{file}: larger than {_LARGEST:,} octets")
        reading.add(read_document(file), f"{FILE}{file.name}")
    return Plan(tuple(reading.planned.values()), tuple(reading.titles))


class _Reading:
    """The files read so far, each held against those before it."""

    def __init__(self, zone: tzinfo, longest: timedelta, calendars: Collection[str]) -> None:
        self._zone = zone
        self._longest = longest
        self._calendars = calendars
        self.planned: dict[str, Planned] = {}
        self.titles: list[Title] = []

    def add(self, document: Document, source: str) -> None:
        if document.data is None:  # an empty file, or one of comments
            return
        validate(document, schema())
        for index, raw in enumerate(document.data.get("windows", ())):
            path: Location = ("windows", index)
            planned = self._planned(document, path, raw, source)
            if (other := self.planned.get(planned.name)) is not None:
                raise document.error((*path, "name"), f"{planned.name!r} is there already, at {other.where}")
            self.planned[planned.name] = planned
        for index, raw in enumerate(document.data.get("titles", ())):
            self.titles.append(self._title(document, ("titles", index), raw))

    def _planned(self, document: Document, path: Location, raw: Mapping[str, Any], source: str) -> Planned:
        zone = _zone(document, (*path, "zone"), raw["zone"]) if "zone" in raw else self._zone
        once = {"from", "until"} & raw.keys()
        if ("every" in raw) == bool(once):
            raise document.error(path, "either 'from' and 'until', or 'every', says when it is")
        planned = Planned(
            name=raw["name"],
            source=source,
            where=f"{document.name}:{document.line(path)}",
            scopes=tuple(_scopes(document, (*path, "match"), raw["match"])),
            reason=raw.get("reason", raw["name"]),
            author=raw.get("author", source),
            every=self._every(document, (*path, "every"), raw["every"], zone) if "every" in raw else None,
            starts_at=_moment(document, path, raw, "from", zone) if once else None,
            ends_at=_moment(document, path, raw, "until", zone) if once else None,
        )
        if planned.starts_at is not None and planned.ends_at is not None:
            if planned.ends_at <= planned.starts_at:
                raise document.error((*path, "until"), "until: this is not after 'from'")
            self._limit(document, (*path, "until"), planned.ends_at - planned.starts_at)
        return planned

    def _every(self, document: Document, path: Location, raw: Mapping[str, Any], zone: tzinfo) -> Every:
        lasts = sum((int(number) * _UNITS[unit] for number, unit in _PART.findall(raw["for"])), timedelta())
        if not lasts:
            raise document.error((*path, "for"), "for: this is no time at all")
        self._limit(document, (*path, "for"), lasts)
        days = frozenset(map(_DAYS.index, raw.get("days", _DAYS)))
        return Every(days, time.fromisoformat(raw["at"]), lasts, zone)

    def _limit(self, document: Document, path: Location, lasts: timedelta) -> None:
        if lasts > self._longest:
            days, most = lasts / timedelta(days=1), self._longest / timedelta(days=1)
            remedy = f"the longest is {most:g} days (silences.longest_days)"
            raise document.error(path, f"{path[-1]}: the window would last {days:.3g} days; {remedy}")

    def _title(self, document: Document, path: Location, raw: Mapping[str, Any]) -> Title:
        if sum(key in raw for key in ("match", "by", "listed", "ignore")) != 1:
            raise document.error(path, "one of 'match', 'by', 'listed' and 'ignore' says what such a title means")
        pattern = _pattern(document, (*path, "title"), raw["title"])
        if (calendar := raw.get("calendar")) is not None and calendar not in self._calendars:
            near = suggestion(calendar, self._calendars)
            raise document.error((*path, "calendar"), f"no calendar {calendar!r} in silences.calendars{near}")
        groups = pattern.groupindex
        by, table = raw.get("by"), raw.get("table")
        if by is not None and by not in groups:
            raise document.error((*path, "by"), f"the title has no group {by!r}{suggestion(by, groups)}")
        if table is not None and by is None and "listed" not in raw:
            raise document.error((*path, "table"), "'by' is missing: the group that is looked up there")
        if by is not None and by != CIRCUIT and table is None:
            raise document.error((*path, "by"), f"'table' is missing (only a group {CIRCUIT!r} is looked up in pagoda)")
        match = _lists(raw.get("match", ()))
        for texts in match:
            _check_template(document, (*path, "match"), texts, groups)
        means = {
            str(value).casefold(): tuple(_scopes(document, (*path, "table", value), some))
            for value, some in (table or {}).items()
        }
        return Title(pattern, calendar, match, by, means or None, "ignore" in raw, "listed" in raw)


def _zone(document: Document, path: Location, name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        meant = f"; did you mean {near[0]}?" if near else ", meant is one like Asia/Tokyo"
        raise document.error(path, f"zone: no such time zone {name!r:.40}{meant}") from None


def _moment(document: Document, path: Location, raw: Mapping[str, Any], key: str, zone: tzinfo) -> datetime:
    if key not in raw:
        raise document.error(path, f"{key!r} is missing")
    value = raw[key]
    try:
        # YAML reads a time with seconds as one; without them it is a text.
        if not isinstance(value, datetime):
            value = datetime.fromisoformat(value.isoformat() if isinstance(value, date) else value)
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise document.error((*path, key), f"{key}: {value!r:.40} is no time; meant is 2026-12-01 22:00") from None


def _lists(raw: Any) -> tuple[tuple[str, ...], ...]:  # noqa: ANN401  (checked against the schema)
    """A list of matchers, or of such lists."""
    if all(isinstance(one, str) for one in raw):
        return (tuple(raw),) if raw else ()
    return tuple((one,) if isinstance(one, str) else tuple(one) for one in raw)


def _scopes(document: Document, path: Location, raw: Any) -> Iterator[Scope]:  # noqa: ANN401
    for texts in _lists(raw):
        try:
            yield scope_of(texts)
        except SilenceError as error:
            raise document.error(path, str(error)) from None


def _check_template(document: Document, path: Location, texts: tuple[str, ...], groups: Mapping[str, int]) -> None:
    try:
        scope = scope_of(texts)
    except SilenceError as error:
        raise document.error(path, str(error)) from None
    for matcher in scope:
        names = PLACEHOLDER.findall(matcher.value)
        if unknown := next((name for name in names if name not in groups), None):
            raise document.error(path, f"{matcher}: the title has no group {unknown!r}{suggestion(unknown, groups)}")
        if names and matcher.operator == "regex":
            raise document.error(path, f"{matcher}: what a title says may not become a pattern; use = or ~")


def _pattern(document: Document, path: Location, pattern: str) -> Any:  # noqa: ANN401  (re2 has no types)
    try:
        return compiled(pattern, SMALL)
    except PatternError as error:
        raise document.error(path, f"title: no regular expression (RE2): {error}") from None
