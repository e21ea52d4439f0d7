"""Text for a phone in the night: bounded, on one line, and unable to say anything but itself.

Pure functions. Every string from a device, pagoda or a person is hostile here: it may hold `<!channel>` (which calls
everybody), link syntax, formatting marks, control characters, direction overrides, or ten kilobytes of anything.

Lengths are in code points unless a name says columns. Cutting never splits what a reader sees as one character.
Slack's mark-up: https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, tzinfo

PUSH_LENGTH = 150
PREFORMATTED_COLUMNS = 42
ELLIPSIS = "…"

# --- what may pass -----------------------------------------------------------------------------------------------

_REPLACEMENT = "\ufffd"
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)
_DROPPED: dict[int, str | None] = dict.fromkeys((*range(0x20), 0x7F, *range(0x80, 0xA0), 0xFEFF))
_REPLACED = dict.fromkeys((*_BIDI, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), _REPLACEMENT)
_SPACES = {ord(c): " " for c in "\t\n\v\f\r\x85\u2028\u2029\u00a0"}
_ONE_LINE = _DROPPED | _REPLACED | _SPACES
_LINES = _ONE_LINE | {ord("\n"): "\n", ord("\t"): "\t", 0x2028: "\n", 0x2029: "\n", 0x85: "\n"}
# A terminal's colour and cursor sequences (ECMA-48 CSI): whole, or "[31m" would stay behind.
_CSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# The longest emoji in use (a family, a region's flag) has ten code points; what is longer is stacked on purpose.
_LONGEST_CLUSTER = 10
_ZWJ = "\u200d"


def one_line(text: str) -> str:
    """`text` as a single line without control characters, direction overrides or lone surrogates."""
    return " ".join(_CSI.sub("", text).translate(_ONE_LINE).split())


def lines(text: str) -> list[str]:
    """`text` as lines, harmless as in `one_line`, tabs expanded, trailing space and outer blank lines gone."""
    clean = _CSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_LINES)
    found = [line.expandtabs().rstrip() for line in clean.split("\n")]
    while found and not found[-1]:
        found.pop()
    while found and not found[0]:
        found.pop(0)
    return found


def clusters(text: str) -> Iterator[str]:
    """What a reader sees as single characters, near enough to UAX #29 for cutting: marks, joiners, flags, tones."""
    current = ""
    for char in text:
        if current and _continues(current, char):
            if len(current) < _LONGEST_CLUSTER:
                current += char
            continue
        if current:
            yield current
        current = char
    if current:
        yield current


def _continues(current: str, char: str) -> bool:
    code = ord(char)
    if current.endswith(_ZWJ) or char == _ZWJ or unicodedata.category(char) in {"Mn", "Me", "Mc"}:
        return True
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    return len(current) == 1 and 0x1F1E6 <= code <= 0x1F1FF and 0x1F1E6 <= ord(current) <= 0x1F1FF


def cut(text: str, length: int) -> str:
    """`text`, at most `length` code points, ended by an ellipsis when something is missing."""
    if len(text) <= length:
        return text
    kept, used = [], 0
    for cluster in clusters(text):
        if used + len(cluster) > length - 1:
            break
        kept.append(cluster)
        used += len(cluster)
    return "".join(kept).rstrip() + ELLIPSIS


# --- mark-up ------------------------------------------------------------------------------------------------------

_ESCAPED = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Slack has no escape for its marks; these look the same and mean nothing. An underscore inside a word is no mark.
_MARKS = {ord("*"): "\u2217", ord("~"): "\u223c", ord("`"): "\u02bc"}
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
# Emoji go by lower-case names; of all numbers only two are names, so times of day and most addresses stay as they are.
_EMOJI_NAME = re.compile(r":(?=(?:[0-9_+'-]*[a-z][a-z0-9_+'-]*|100|1234):)")


def escape(text: str) -> str:
    """The three characters Slack reads as mark-up, written so that it shows them."""
    return text.translate(_ESCAPED)


def prose(text: str, length: int) -> str:
    """Outside text for a mrkdwn line: one line, at most `length` as read, nothing in it formats, links or calls."""
    return escape(_disarmed(cut(one_line(text), length)))


def _disarmed(line: str) -> str:
    return _EMOJI_NAME.sub("\u2236", _EDGE_UNDERSCORE.sub("\u02cd", line.translate(_MARKS)))


def code(text: str, length: int) -> str:
    """Outside text as a code span; a backtick inside cannot end it. Empty text is a dash, since `` is no span."""
    shown = cut(one_line(text), length).replace("`", "\u02bc") or "-"
    return f"`{escape(shown)}`"


def push(*parts: str | None) -> str:
    """The phone's notification: parts joined by spaces, most important first, at most 150 characters as sent.

    A part that is empty is left out. Nothing in it formats, since a plain post of the text alone is the way out when
    Slack refuses the blocks. The bound holds for the escaped text; an entity is never cut in half.
    """
    text = _disarmed(one_line(" ".join(part for part in parts if part)))
    whole = escape(text)
    if len(whole) <= PUSH_LENGTH:
        return whole
    kept, used = [], 0
    for cluster in clusters(text):
        written = escape(cluster)
        if used + len(written) > PUSH_LENGTH - 1:
            break
        kept.append(written)
        used += len(written)
    return "".join(kept).rstrip() + ELLIPSIS


# --- preformatted -------------------------------------------------------------------------------------------------


def _width(cluster: str) -> int:
    """Columns in a fixed-width font: wide characters take two, and no code point counts less than one.

    Fonts differ about marks and joined emoji; counting them never makes a line too long.
    """
    return max(len(cluster), 2 if unicodedata.east_asian_width(cluster[0]) in {"W", "F"} else 1)


def wrap(line: str, width: int = PREFORMATTED_COLUMNS) -> list[str]:
    """One line of output as lines of at most `width` columns; what continues stands two spaces further in.

    Breaks at the last space that leaves at least half a line, else in the middle of the word.
    """
    # Through clusters, so that marks stacked by the hundred are gone before anything is measured.
    rest = "".join(clusters(line.strip()))
    margin = min(len(line) - len(line.lstrip()), width // 4)
    found, indent = [], " " * margin
    while len(head := _head(rest, width - len(indent))) < len(rest):
        end = len(head)
        if not rest[end:].startswith(" ") and head.rfind(" ") >= (width - len(indent)) // 2:
            end = head.rfind(" ")
        found.append((indent + rest[:end]).rstrip())
        rest, indent = rest[end:].lstrip(), " " * (margin + 2)
    if rest or not found:
        found.append(indent + rest if rest else "")
    return found


def _head(text: str, width: int) -> str:
    """As many whole characters of `text` as fit into `width` columns, at least one."""
    used, end = 0, 0
    for cluster in clusters(text):
        used += _width(cluster)
        if used > width and end:
            break
        end += len(cluster)
    return text[:end]


def preformatted(outputs: Iterable[str], width: int = PREFORMATTED_COLUMNS) -> Iterator[str]:
    """The lines of `outputs`, each wrapped for a phone."""
    for output in outputs:
        for line in lines(output):
            yield from wrap(line, width)


# --- time ---------------------------------------------------------------------------------------------------------


UNITS = ("d", "h", "m", "s")


def duration(seconds: float, units: tuple[str, str, str, str] = UNITS) -> str:
    """`8s`, `4m12s`, `1h03m`, `2d04h`: two units at most, as said on the phone. Negative is zero."""
    d, h, m, s = units
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}{s}"
    if whole < 3600:
        return f"{whole // 60}{m}{whole % 60:02d}{s}"
    if whole < 86400:
        return f"{whole // 3600}{h}{whole % 3600 // 60:02d}{m}"
    return f"{whole // 86400}{d}{whole % 86400 // 3600:02d}{h}"


def when(moment: datetime, zone: tzinfo) -> str:
    """`moment` (aware) as Slack's date mark-up: each reader sees it in the zone of the phone.

    The fallback after the bar is for clients that cannot; it is in the site's `zone` and names it.
    """
    fallback = escape(f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time_secs}}|{fallback}>"


def clock(moment: datetime, zone: tzinfo) -> str:
    """`moment` (aware) as a time of day, in the reader's zone."""
    return f"<!date^{int(moment.timestamp())}^{{time_secs}}|{moment.astimezone(zone):%H:%M:%S}>"
