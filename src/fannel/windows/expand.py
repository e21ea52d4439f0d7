"""An iCalendar file as the times that are in it (RFC 5545): `python -m fannel.windows.expand`, a process of its own.

A rule may repeat for ever or find nothing for ever, and a file may be anything: so this has its own process, with a
limit of time and memory, and nothing of FANNEL's in it. Recurrence, moved and cancelled instances, and zones are the
libraries' (icalendar, recurring-ical-events).
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

_MEMORY_OCTETS: Final = 2**30
_MOST_COMPONENTS: Final = 10_000
MOST_ENTRIES: Final = 2_000
_MOST_PROBLEMS: Final = 100
_LONGEST_TITLE: Final = 1000
_LONGEST_UID: Final = 200
_MOST_CIRCUITS: Final = 250
_NO_WORK: Final = frozenset({"CANCELLED", "COMPLETED"})
# What an entry's times are made of: one of these that cannot be read makes all of it doubtful.
_OF_TIME: Final = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE")


def expand(data: bytes, start: datetime, end: datetime, zone: tzinfo) -> dict[str, Any]:
    """What is planned between two moments: `entries`, and `problems` with what had to be left out.

    Whole days, and times of no zone, are in the calendar's own zone, or else in `zone`.

    Raises:
        ValueError: this is no iCalendar file, or holds more than any calendar of work does.
    """
    entries: list[dict[str, Any]] = []
    problems: list[str] = []
    calendars = icalendar.Calendar.from_ical(data, multiple=True)
    if not calendars:
        raise ValueError("there is no whole calendar in it")
    for calendar in calendars:
        if str(calendar.get("METHOD", "")).upper() == "CANCEL":
            continue
        components = calendar.walk("VEVENT")
        if len(components) > _MOST_COMPONENTS:
            raise ValueError(f"it has more than {_MOST_COMPONENTS:,} entries")
        problems += _left_out(calendar, components)
        recurring = {str(one.get("UID")) for one in components if _recurs(one)}
        for found in recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end):
            problem = _entry(found, recurring, _own_zone(calendar, zone), entries)
            if problem:
                problems.append(problem)
            if len(entries) > MOST_ENTRIES:
                raise ValueError(f"it has more than {MOST_ENTRIES:,} entries in the days to come")
    entries.sort(key=lambda one: (one["starts_at"], one["uid"]))
    return {"entries": entries, "problems": problems[:_MOST_PROBLEMS]}


def _left_out(calendar: Any, components: Iterable[Any]) -> Iterator[str]:  # noqa: ANN401  (icalendar's component)
    """Take out of the calendar what is not to be relied on, with all instances of it; and say why."""
    why: dict[str | None, str] = {}
    for one in components:
        uid = str(one["UID"]) if one.get("UID") else None
        if uid is None:
            why[None] = "has no UID"
        elif (wrong := next((name for name, _ in one.errors if name in _OF_TIME), None)) is not None:
            why[uid] = f"its {wrong} cannot be read"
        elif (zone := next(_unknown_zones(one), None)) is not None:
            why[uid] = f"its time zone is unknown: {zone:.60}"
        elif "DTSTART" not in one:
            why[uid] = "has no beginning"
    for one in components:
        uid = str(one["UID"]) if one.get("UID") else None
        if uid in why:
            calendar.subcomponents.remove(one)
            yield f"{_title(one)!r}: {why[uid]}"


def _unknown_zones(component: Any) -> Iterator[str]:  # noqa: ANN401
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        value = component.get(name)
        zone = getattr(value, "params", {}).get("TZID")
        if zone and isinstance(value.dt, datetime) and value.dt.tzinfo is None:
            yield str(zone)


def _recurs(component: Any) -> bool:  # noqa: ANN401
    return any(name in component for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _own_zone(calendar: Any, zone: tzinfo) -> tzinfo:  # noqa: ANN401
    try:
        return ZoneInfo(str(calendar["X-WR-TIMEZONE"]))
    except (KeyError, ValueError, OSError):
        return zone


def _entry(found: Any, recurring: set[str], zone: tzinfo, entries: list[dict[str, Any]]) -> str | None:  # noqa: ANN401
    """Add one instance; what is wrong with it instead, if it is not to be relied on."""
    said = [str(found.get(name, "")).strip().upper() for name in ("X-MAINTNOTE-STATUS", "STATUS")]
    if not _NO_WORK.isdisjoint(said):
        return None
    # What a provider says of it in particular, else the entry's own.
    status = next(filter(None, said), "")
    starts_at, ends_at = (_moment(value, zone) for value in (found.start, found.end))
    if ends_at <= starts_at:
        return f"{_title(found)!r}: has no end"
    uid = str(found["UID"])
    planned_for = None
    if uid in recurring:
        instance = _moment(found["RECURRENCE-ID"].dt, zone)
        planned_for = f"{instance:%Y%m%dT%H%M%SZ}"
    entries.append(
        {
            "uid": _clean(uid)[:_LONGEST_UID],
            "planned_for": planned_for,
            "title": _title(found),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "tentative": status == "TENTATIVE",
            "organiser": _organiser(found),
            "circuits": _circuits(found),
        }
    )
    return None


def _circuits(component: Any) -> list[str]:  # noqa: ANN401
    """What the entry lists as affected (Maintnote: draft-gunter-calext-maintenance-notifications)."""
    listed = component.get("X-MAINTNOTE-OBJECT-ID", [])
    found = []
    for one in listed if isinstance(listed, list) else [listed]:
        impact = getattr(one, "params", {}).get("X-MAINTNOTE-OBJECT-IMPACT") or component.get("X-MAINTNOTE-IMPACT", "")
        if str(impact).strip().upper() != "NO-IMPACT" and (name := _clean(str(one))[:_LONGEST_UID]):
            found.append(name)
    return found[:_MOST_CIRCUITS]


def _moment(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _title(component: Any) -> str:  # noqa: ANN401
    return _clean(str(component.get("SUMMARY", "")))[:_LONGEST_TITLE]


def _organiser(component: Any) -> str:  # noqa: ANN401
    who = component.get("ORGANIZER")
    if who is None or isinstance(who, list):
        return ""
    name = str(getattr(who, "params", {}).get("CN", "")) or str(who).removeprefix("mailto:").removeprefix("MAILTO:")
    return _clean(name)[:_LONGEST_UID]


def _clean(text: str) -> str:
    """One line of what can be seen: no NUL that a database refuses, no mark that turns a line around."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def main() -> int:
    """`expand START END ZONE SECONDS` with the file on standard input: JSON, or one line of what is wrong with it."""
    cpu_s = int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_OCTETS, _MEMORY_OCTETS))
    start, end = (datetime.fromisoformat(text) for text in sys.argv[1:3])
    try:
        found = expand(sys.stdin.buffer.read(), start, end, ZoneInfo(sys.argv[3]))
    except Exception as error:  # noqa: BLE001  (of a file that may be anything; whoever started this counts and says it)
        sys.stderr.write(f"{' '.join(str(error).split())[:200] or type(error).__name__}\n")
        return 1
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
