"""When: a duration, an end, or a range, of the tokens of a line; always two absolute moments, or a reason why not.

Wall-clock times are in the zone given (or named beside them). 24:00 to 29:59 are the hours after midnight, as Japanese
operators count. Of a time that a clock change makes twice, a start is the first and an end the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from fannel.slack.grammar import vocabulary as v
from fannel.slack.grammar.moments import Moment, length_of, moments_of
from fannel.slack.grammar.request import Misfit
from fannel.slack.grammar.tokens import WINDOW_KINDS
from fannel.slack.grammar.wall import DAY, MIDNIGHT, clock, day_of, wall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.slack.grammar.request import Limits
    from fannel.slack.grammar.tokens import Token

# What began yesterday is meant only while it still lasts, and by nobody if it lasts longer than this.
_OVERNIGHT: Final = timedelta(hours=12)
# An end and a duration that are both said may differ by what it takes to write them.
_SAME: Final = timedelta(minutes=10)
_SHORTEST: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when; `by` is a bare duration (what an extension adds). `spans` are the parts of the line."""

    starts_at: datetime | None
    ends_at: datetime | None
    by: timedelta | None
    spans: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """Where it ends in the line; 0 where there is none."""
        return max((end for _, end in self.spans), default=0)


def read_window(line: str, tokens: Sequence[Token], now: datetime, zone: tzinfo, limits: Limits) -> Window:
    """The window that the tokens say; one without any moment where they say none.

    Raises:
        Misfit: it cannot be told for certain.
    """
    said = [token for token in tokens if token.kind in WINDOW_KINDS or token.kind == "zone"]
    if endless := next((token for token in said if token.kind == "endless"), None):
        raise Misfit("endless", {"text": endless.text})
    moments = list(moments_of(line, tokens))
    durations = [token for token in said if token.kind == "duration"]
    if len(durations) > 1:
        raise Misfit("two_windows", {"first": durations[0].text, "second": durations[1].text})
    length = length_of(durations[0]) if durations else None
    whole_day = next((token for token in said if token.kind == "day_only"), None)
    spans = tuple(
        [moment.span for moment in moments]
        + [(t.start, t.end) for t in said if t.kind in ("duration", "now", "day_only")]
    )
    if whole_day is not None:
        starts_at, ends_at = _day(whole_day, moments, length, now, zone)
    else:
        if not moments and length is None:
            return Window(None, None, None, ())
        starts_at, ends_at = _resolved(_roles(moments, length), length, now, zone)
    only_length = length if not moments and whole_day is None else None
    _check(starts_at, ends_at, now, zone, limits, extending=only_length is not None)
    return Window(starts_at, ends_at, only_length, spans)


# --- from moments to a window ------------------------------------------------------------------------------------


def _roles(moments: list[Moment], length: timedelta | None) -> tuple[Moment | None, Moment | None]:
    """Which moment is the start and which the end."""
    starts = [moment for moment in moments if moment.role == "start"]
    ends = [moment for moment in moments if moment.role == "end"]
    bare = [moment for moment in moments if moment.role == "bare"]
    for several in (starts, ends):
        if len(several) > 1:
            raise Misfit("two_moments")
    start, end = next(iter(starts), None), next(iter(ends), None)
    if len(bare) > 1 or (bare and start is not None and end is not None):
        raise Misfit("two_moments")
    if bare:
        if end is not None:
            start = bare[0]
        elif length is None or start is not None:
            raise Misfit("bare_time")
        else:
            start = bare[0]
    if start is not None and start.zone is None and end is not None:
        start = replace(start, zone=end.zone)
    if start is not None and end is None and length is None:
        raise Misfit("no_end")
    return start, end


def _resolved(
    roles: tuple[Moment | None, Moment | None], length: timedelta | None, now: datetime, zone: tzinfo
) -> tuple[datetime, datetime]:
    start, end = roles
    if start is None:
        if end is None:
            return now, now + (length or timedelta())
        ends_at = _until(end, now, end.zone or zone)
        if length is not None and abs(now + length - ends_at) > _SAME:
            raise Misfit("contradiction", {"until": said_so(ends_at, zone)})
        return now, ends_at
    start_zone = start.zone or zone
    candidates = _starts(start, end, now, start_zone)
    chosen: tuple[datetime, datetime] | None = None
    for starts_at in candidates:
        if end is not None:
            ends_at = _after(end, starts_at, now, end.zone or start_zone)
            if length is not None and abs(starts_at + length - ends_at) > _SAME:
                raise Misfit("contradiction", {"until": said_so(ends_at, zone)})
        else:
            ends_at = starts_at + (length or timedelta())
        chosen = (starts_at, ends_at)
        overnight = ends_at - starts_at <= _OVERNIGHT
        if ends_at > now and (
            overnight or starts_at.astimezone(start_zone).date() >= now.astimezone(start_zone).date()
        ):
            break
    assert chosen is not None  # noqa: S101  (there is a candidate at least)
    return chosen


def _starts(start: Moment, end: Moment | None, now: datetime, zone: tzinfo) -> list[datetime]:
    """When it may start: the day said, or yesterday, today and tomorrow."""
    hour, minute = clock(start)
    today = now.astimezone(zone).date()
    if start.day is not None:
        day = day_of(start.day, today, today, now, (hour, minute), zone)
        return [wall(day, hour, minute, zone, fold=0)]
    if end is not None and end.day is not None and (end.day["rel"] or "").casefold() not in v.FOLLOWING:
        end_zone = end.zone or zone
        last = day_of(end.day, today, today, now, clock(end), end_zone)
        ends_at = wall(last, *clock(end), end_zone, fold=1)
        days = [day for day in (last - DAY, last) if today <= day and wall(day, hour, minute, zone, fold=0) < ends_at]
        if not days or last - today > DAY:
            raise Misfit("start_day")
        return [wall(days[0], hour, minute, zone, fold=0)]
    return [wall(today + DAY * shift, hour, minute, zone, fold=0) for shift in (-1, 0, 1)]


def _until(end: Moment, now: datetime, zone: tzinfo) -> datetime:
    """An end without a start: the day said, or the next time that a clock shows it."""
    hour, minute = clock(end)
    today = now.astimezone(zone).date()
    if end.day is not None:
        return wall(day_of(end.day, today, today, now, (hour, minute), zone), hour, minute, zone, fold=1)
    shifts = (-1, 0, 1) if hour >= MIDNIGHT else (0, 1)  # 25:00 may be of the day that is over
    found = [wall(today + DAY * shift, hour, minute, zone, fold=1) for shift in shifts]
    return next((moment for moment in found if moment > now), found[-1])


def _after(end: Moment, starts_at: datetime, now: datetime, zone: tzinfo) -> datetime:
    """An end behind a start."""
    hour, minute = clock(end)
    first, today = starts_at.astimezone(zone).date(), now.astimezone(zone).date()
    if end.day is not None:
        return wall(day_of(end.day, today, first, starts_at, (hour, minute), zone), hour, minute, zone, fold=1)
    same_day = wall(first, hour, minute, zone, fold=1)
    return same_day if same_day > starts_at else wall(first + DAY, hour, minute, zone, fold=1)


def _day(
    token: Token, moments: list[Moment], length: timedelta | None, now: datetime, zone: tzinfo
) -> tuple[datetime, datetime]:
    """All of a day, or what is left of it."""
    today = now.astimezone(zone).date()
    within = token.value["within"]
    if within is not None and not moments and length is None:
        day = today + DAY * v.RELATIVE[within]
        return max(now, wall(day, 0, 0, zone, fold=0)), wall(day, 24, 0, zone, fold=1)
    if within is None and "eod" not in token.text.casefold() and "end" not in token.text.casefold() and length is None:
        if not moments:
            return now, wall(today, 24, 0, zone, fold=1)
        if len(moments) == 1 and moments[0].day is not None and moments[0].time is None:
            day = day_of(moments[0].day, today, today, now, (24, 0), zone)
            return max(now, wall(day, 0, 0, zone, fold=0)), wall(day, 24, 0, zone, fold=1)
    raise Misfit("no_time", {"day": token.text})


def said_shortly(length: timedelta) -> str:
    """A duration as it may be written in a request."""
    minutes = max(1, round(length.total_seconds() / 60))
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def said_so(moment: datetime, zone: tzinfo) -> str:
    """A moment as it may be written in a request, whatever the reader's zone."""
    local = moment.astimezone(zone)
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} " + (f"{offset[:3]}:{offset[3:]}" if offset[0] == "+" else f"UTC{offset}")


def _check(
    starts_at: datetime, ends_at: datetime, now: datetime, zone: tzinfo, limits: Limits, *, extending: bool
) -> None:
    shown = said_so(ends_at, zone)
    if ends_at <= now and not extending:
        raise Misfit("in_the_past", {"until": shown})
    if ends_at <= starts_at and ends_at != now:
        raise Misfit("end_before_start")
    if ends_at - max(starts_at, now) < _SHORTEST:
        raise Misfit("too_short")
    if ends_at - max(starts_at, now) > limits.longest:
        raise Misfit("too_long", {"longest": f"{limits.longest.total_seconds() / 86_400:g}", "until": shown})
    if starts_at - now > limits.furthest:
        raise Misfit("too_far", {"furthest": f"{limits.furthest.days}"})
