"""The moments of a line: a day, a time and a zone that stand together, and whether they begin or end something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from fannel.slack.grammar import vocabulary as v
from fannel.slack.grammar.request import Misfit

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from fannel.slack.grammar.tokens import Token

Role = Literal["start", "end", "bare"]

_LONGEST_AMOUNT: Final = timedelta(days=10_000)
_FURTHEST_ZONE: Final = 14
_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as said, with the part of the line that says it."""

    role: Role
    span: tuple[int, int]
    day: re.Match[str] | None
    time: re.Match[str] | None
    zone: tzinfo | None


def moments_of(line: str, tokens: Sequence[Token]) -> Iterator[Moment]:
    """The moments of a line in their order; `tokens` are without its plain words."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind not in ("date", "time"):
            at += 1
            continue
        first = at
        parts: dict[str, re.Match[str]] = {token.kind: token.value}
        zone: tzinfo | None = None
        at += 1
        while at < len(tokens) and _joined(line, tokens[at - 1], tokens[at]):
            following = tokens[at]
            if following.kind == "zone" and zone is None and "time" in parts:
                zone = zone_of(following.value)
            elif following.kind in ("date", "time") and following.kind not in parts:
                if following.kind == "date" and _has_time(line, tokens, at):
                    break
                parts[following.kind] = following.value
            elif not (following.text.casefold() == "at" and _is_time(line, tokens, at + 1)):
                break
            at += 1
        yield _moment(line, tokens, first, at, parts, zone)


def _moment(
    line: str,
    tokens: Sequence[Token],
    first: int,
    after: int,
    parts: dict[str, re.Match[str]],
    zone: tzinfo | None,
) -> Moment:
    role: Role = "bare"
    start, end = tokens[first].start, tokens[after - 1].end
    if first > 0 and _joined(line, before := tokens[first - 1], tokens[first]):
        if before.kind in ("until", "from") and before.text.isascii():
            role, start = ("end" if before.kind == "until" else "start"), before.start
        elif before.kind == "dash" or (before.kind == "from" and not before.text.isascii()):
            role = "end"
            start = before.start
    if after < len(tokens) and _joined(line, tokens[after - 1], behind := tokens[after]):
        if behind.kind in ("until", "from") and not behind.text.isascii():
            role, end = ("end" if behind.kind == "until" else "start"), behind.end
        elif role == "bare" and (behind.kind == "dash" or behind.text.casefold() in ("until", "till", "til")):
            role = "start"
            end = behind.end
    return Moment(role, (start, end), parts.get("date"), parts.get("time"), zone)


def _joined(line: str, one: Token, other: Token) -> bool:
    return v.GLUE.fullmatch(line, one.end, other.start) is not None


def _is_time(line: str, tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind == "time" and _joined(line, tokens[at - 1], tokens[at])


def _has_time(line: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether the date there has a time of its own behind it."""
    at += 1
    if at < len(tokens) and tokens[at].text.casefold() == "at":
        at += 1
    return _is_time(line, tokens, at)


def length_of(token: Token) -> timedelta:
    """What a duration amounts to."""
    seconds = 0.0
    last = 0
    for amount, unit in v.AMOUNT.findall(token.text):
        before, last = last, v.SECONDS[unit.casefold()]
        if before and last >= before:  # "1h 30m" is one duration, "2h 3h" are two
            raise Misfit("two_windows", {"first": token.text, "second": f"{amount}{unit}"})
        seconds += float(amount) * last
    if token.value["half"]:
        seconds += last / 2
    return min(timedelta(seconds=round(seconds)), _LONGEST_AMOUNT)


def zone_of(match: re.Match[str]) -> tzinfo:
    """The zone that a match of the vocabulary names."""
    if match["ambiguous"]:
        raise Misfit("ambiguous_zone", {"zone": match["ambiguous"]})
    offset = match["offset"] or match["zone_offset"]
    if offset:
        hours, minutes = int(offset[1:3].rstrip(":")), int(offset[-2:]) if len(offset) > len("+09") else 0
        if hours > _FURTHEST_ZONE or minutes >= _MINUTES:
            raise Misfit("unknown_zone", {"zone": offset})
        return timezone((-1 if offset[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
    if match["area"]:
        for name in (match["area"], match["area"].title()):
            try:
                return ZoneInfo(name)
            except (ValueError, OSError, KeyError):
                continue
        raise Misfit("unknown_zone", {"zone": match["area"]})
    return ZoneInfo(v.ZONES[(match["zone_name"] or match["zone_ja"]).casefold()])
