"""DISPLAY-HINTs of RFC 2579 §3.1: the pattern by which a MIB says how its octets or integers read.

    octet-format  ::= { ["*"] length ("x" | "d" | "o" | "a" | "t") [separator [terminator]] }
    integer-format ::= ("x" | "o" | "b") | "d" ["-" decimal places]

Any octets render to something: what is too short for its pattern ends early, what is longer repeats the last part.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from fannel.naming.text import text

# Beyond this a "number" is not one a person reads, and Python limits how long a decimal it will write.
_MAX_INTEGER_OCTETS: Final = 16
# No textual convention with a pattern is longer than 255 octets; nobody's pattern is worth 80 ms of a 60 kB value.
_MAX_OCTETS: Final = 1024

_PART = re.compile(r"(?P<repeat>\*)?(?P<length>\d{1,5})(?P<form>[dxoat])(?P<separator>[^\d*])?(?P<terminator>[^\d*])?")
_INTEGER = re.compile(r"(?P<form>[xob])|d(?:-(?P<places>\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class _Part:
    """One octet-format specification. `repeated`: the first octet says how often it applies."""

    repeated: bool
    length: int
    form: str
    separator: str
    terminator: str


@functools.lru_cache(maxsize=1024)
def _parse(hint: str) -> tuple[_Part, ...] | None:
    parts: list[_Part] = []
    pos = 0
    while pos < len(hint):
        found = _PART.match(hint, pos)
        if found is None:
            return None
        repeated = found["repeat"] is not None
        if found["terminator"] and not repeated:  # only a repeated part has a terminator
            return None
        parts.append(
            _Part(repeated, int(found["length"]), found["form"], found["separator"] or "", found["terminator"] or ""),
        )
        pos = found.end()
    return tuple(parts) or None


def is_text_hint(hint: str) -> bool:
    """Whether the hint says no more than that the octets are text (`255a`, `32t`)."""
    parts = _parse(hint)
    return parts is not None and len(parts) == 1 and parts[0].form in "at" and not parts[0].separator


def format_octets(hint: str, octets: bytes) -> str | None:
    """`octets` as the hint shows them; None if the hint follows no known pattern, or there are too many."""
    parts = _parse(hint)
    if parts is None or len(octets) > _MAX_OCTETS:
        return None
    out: list[str] = []
    pos = index = 0
    while pos < len(octets):
        part = parts[min(index, len(parts) - 1)]
        index += 1
        before = pos
        times = 1
        if part.repeated:
            times = octets[pos]
            pos += 1
        for turn in range(times):
            chunk = octets[pos : pos + part.length]
            pos += part.length
            out.append(_form(part.form, chunk))
            if pos >= len(octets):
                break
            last = turn == times - 1
            out.append(part.terminator if last and part.terminator else part.separator)
        if pos == before and index >= len(parts):  # a last part of length 0 would go on forever
            break
    return "".join(out)


def _form(form: str, chunk: bytes) -> str:
    if form in "at":
        return text(chunk)
    if form == "x" or len(chunk) > _MAX_INTEGER_OCTETS:
        return chunk.hex()
    if not chunk:
        return ""
    number = int.from_bytes(chunk)
    return str(number) if form == "d" else f"{number:o}"


def format_integer(hint: str, value: int) -> int | float | str:
    """`value` as the hint shows it: scaled (`d-2`: 1234 is 12.34), in another base as text, or as it is."""
    found = _INTEGER.fullmatch(hint)
    if found is None:
        return value
    if found["form"]:
        return format(value, found["form"])
    places = int(found["places"] or 0)
    if not places:
        return value
    scaled: float = value / 10**places
    return scaled
