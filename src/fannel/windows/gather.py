"""What is planned now, of all files and calendars: windows, and what is wrong with the rest.

What cannot be read is no reason to forget what was planned: its family is left out, and what is known of it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from fannel.incidents.window import CALENDAR, FILE, Window
from fannel.kinds.document import KindsError
from fannel.windows.calendar import Calendar, CalendarError, Entries, entries_of
from fannel.windows.places import AmbiguousNameError
from fannel.windows.plan import read_plan
from fannel.windows.titles import Unmapped, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from fannel.config import Settings
    from fannel.incidents.silence import Scope
    from fannel.windows.calendar import Entry
    from fannel.windows.places import Places
    from fannel.windows.plan import Plan

_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Reach:
    """Where plans are, and how far and how long they may reach. `calendars` are addresses by name."""

    folder: Path
    calendars: Mapping[str, str]
    zone: ZoneInfo
    longest: timedelta
    ahead: timedelta


@dataclass(frozen=True, slots=True)
class Left:
    """An entry of a calendar that silences nothing, and why."""

    calendar: str
    title: str
    starts_at: datetime
    why: str


@dataclass(slots=True)
class Gathered:
    """`families` are those that could be read. `troubles` say what could not, `notes` what is doubtful."""

    windows: list[Window] = field(default_factory=list)
    families: set[str] = field(default_factory=set)
    left: list[Left] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Sources:
    """The files and the calendars of a site. `read()` them; calendars are fetched by `fetch()`, at their own pace."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._calendars = {name: Calendar(address) for name, address in reach.calendars.items()}
        self._entries: dict[str, Entries] = {}
        self._troubles: dict[str, str] = {}
        self._plan: Plan | None = None
        self._state: list[tuple[str, int, int]] | None = None

    @property
    def has_any(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._calendars) or self._reach.folder.is_dir()

    def fetch(self, now: datetime) -> None:
        """Every calendar as it is now. One that cannot be had leaves what is known of it."""
        for name, calendar in self._calendars.items():
            try:
                data = calendar.text()
                self._entries[name] = entries_of(data, now, now + self._reach.ahead, self._reach.zone.key)
                self._troubles.pop(name, None)
            except CalendarError as error:
                self._entries.pop(name, None)
                self._troubles[name] = str(error)

    def read(self, now: datetime, places: Places) -> Gathered:
        """What is planned, by the files as they are now and the calendars as they were fetched."""
        found = Gathered()
        if self._read_files(found) and self._plan is not None:
            for planned in self._plan.planned:
                self._add(planned.windows(now, self._reach.ahead), places, found)
        found.troubles += [f"calendar {name} {why}" for name, why in self._troubles.items()]
        # Until the rules for titles could be read once, no title means anything, and what is known holds.
        if self._plan is not None:
            for name, entries in self._entries.items():
                self._add_calendar(name, entries, self._plan, places, found)
        return found

    def _read_files(self, found: Gathered) -> bool:
        """Read the folder, if there is one; whether what it plans is known now."""
        reach = self._reach
        if not reach.folder.is_dir():
            if self._calendars:
                found.troubles.append(f"{reach.folder}: no such folder: what titles of calendars mean is said there")
            return False
        try:
            state = sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in reach.folder.iterdir())
            if self._plan is None or state != self._state:
                self._plan = read_plan(reach.folder, reach.zone, reach.longest, reach.calendars.keys())
                self._state = state
        except (KindsError, OSError) as error:
            self._state = None
            found.troubles.append(str(error))
            return False
        found.families.add(FILE)
        return True

    def _add_calendar(self, name: str, entries: Entries, plan: Plan, places: Places, found: Gathered) -> None:
        family = f"{CALENDAR}{name}"
        found.families.add(family)
        found.notes += [f"calendar {name}: {problem}" for problem in entries.problems]
        for entry in entries.entries:
            try:
                meaning = meant(plan.titles, name, entry.title, places, entry.circuits)
                if meaning.scopes:
                    self._add([self._window(family, entry, meaning.scopes)], places, found)
                found.notes += [f"calendar {name}: {entry.title!r}: {unknown}" for unknown in meaning.unknown]
            except Unmapped as error:
                found.left.append(Left(name, entry.title, entry.starts_at, str(error)))

    def _window(self, family: str, entry: Entry, scopes: tuple[Scope, ...]) -> Window:
        if entry.tentative:
            raise Unmapped("it is tentative: what is not confirmed silences nothing")
        if entry.ends_at - entry.starts_at > self._reach.longest:
            days = self._reach.longest.total_seconds() / 86_400
            raise Unmapped(f"it lasts longer than {days:g} days (silences.longest_days)")
        author = entry.organiser or family
        reason = entry.title[:_LONGEST_REASON]
        return Window(f"{family}/{entry.key}", family, scopes, entry.starts_at, entry.ends_at, reason, author)

    def _add(self, windows: Iterable[Window], places: Places, found: Gathered) -> None:
        for window in windows:
            try:
                scopes = tuple(map(places.full, window.scopes))
            except AmbiguousNameError as error:
                found.notes.append(f"{window.origin}: {error}: write the full name")
                continue
            for host in _unknown(scopes, places) if len(places) else ():
                if (note := f"{window.source}: pagoda has no host {host}") not in found.notes:
                    found.notes.append(note)
            found.windows.append(replace(window, scopes=scopes))


def sources_of(settings: Settings) -> Sources:
    """Those that the settings name."""
    silences = settings.silences
    calendars = {name: address.get_secret_value() for name, address in silences.calendars.items()}
    longest, ahead = timedelta(days=silences.longest_days), timedelta(days=silences.ahead_days)
    return Sources(Reach(silences.folder, calendars, ZoneInfo(settings.site.timezone), longest, ahead))


def _unknown(scopes: Iterable[Scope], places: Places) -> list[str]:
    hosts = {one.value for scope in scopes for one in scope if one.field == "host" and one.operator == "equal"}
    return sorted(host for host in hosts if not places.knows(host))
