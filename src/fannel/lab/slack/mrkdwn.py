"""Slack's mark-up to HTML: a subset, and nothing of the input ever becomes a tag by itself.

*bold* _italic_ ~strike~ `code` ```block``` <link|label> <@user> <#channel> <!channel> <!date^…>. Marks need a word
boundary outside, which is why Slack shows asterisks that touch Japanese text as they are; so does this.
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_TOKEN = re.compile(
    r"```(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<angle>[^<>\n]*)>"
    r"|(?<![\w*])\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<italic>[^_\s](?:[^_\n]*[^_\s])?)_(?!\w)"
    r"|(?<![\w~])~(?P<strike>[^~\s](?:[^~\n]*[^~\s])?)~(?![\w~])",
    re.DOTALL,
)
_SPANS = {"bold": "strong", "italic": "em", "strike": "s"}
_LINK = re.compile(r"(?:https?://|mailto:)[^\s|]+\Z")
_DATE = re.compile(r"!date\^(\d{1,12})\^([^|^]*)(?:\^[^|]*)?(?:\|(.*))?\Z", re.DOTALL)
_DATE_FIELD = re.compile(r"\{(\w+)\}")
# Symbols that phones draw in colour; fonts for text have some of them too, in outline.
_EMOJI = re.compile(r"(?:[\u2600-\u27bf\u2b1b-\u2b55\U0001f300-\U0001faff]\ufe0f?)+")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: the zone of the phone, the time, and the names behind ids."""

    zone: tzinfo
    now: float
    names: Mapping[str, str]


def plain(text: str) -> str:
    """Escaped for HTML, Slack's three entities read first."""
    shown = html.escape(_ENTITY.sub(lambda match: _ENTITIES[match[0]], text)).replace("\n", "<br>")
    return _EMOJI.sub(r'<span class="emoji">\g<0></span>', shown)


def to_html(text: str, reader: Reader) -> str:
    """`text` as HTML."""
    out, end = [], 0
    for match in _TOKEN.finditer(text):
        out.append(plain(text[end : match.start()]))
        out.append(_token(match, reader))
        end = match.end()
    out.append(plain(text[end:]))
    return "".join(out)


def _token(match: re.Match[str], reader: Reader) -> str:
    kind, inner = next((name, value) for name, value in match.groupdict().items() if value is not None)
    if kind == "block":
        return f"<pre>{plain(inner.strip(chr(10))).replace('<br>', chr(10))}</pre>"
    if kind == "code":
        return f"<code>{plain(inner)}</code>"
    if kind == "angle":
        return _angle(inner, reader)
    tag = _SPANS[kind]
    return f"<{tag}>{to_html(inner, reader)}</{tag}>"


def _angle(inner: str, reader: Reader) -> str:
    if date := _DATE.match(inner):
        return _date(int(date[1]), date[2], date[3] or "", reader)
    target, _, label = inner.partition("|")
    if target[:1] in {"@", "#"}:
        return mention(target[0] + (label or reader.names.get(target[1:], target[1:])))
    if target in {"!channel", "!here", "!everyone"}:
        return mention(f"@{target[1:]}", loud=True)
    if _LINK.match(target):
        return link(target, label)
    return plain(f"<{inner}>")


def mention(name: str, *, loud: bool = False) -> str:
    """A highlighted name; `loud` ones notify everybody."""
    return f'<span class="mention{" loud" if loud else ""}">{plain(name)}</span>'


def link(url: str, label: str = "") -> str:
    """A link, if it is one a browser may follow."""
    if not _LINK.match(url):
        return plain(label or url)
    return f'<a rel="noopener noreferrer" href="{html.escape(url)}">{plain(label or url)}</a>'


def _date(epoch: int, form: str, fallback: str, reader: Reader) -> str:
    try:
        moment = datetime.fromtimestamp(epoch, UTC).astimezone(reader.zone)
    except (OverflowError, ValueError, OSError):
        return plain(fallback)
    today = datetime.fromtimestamp(reader.now, UTC).astimezone(reader.zone).date()
    days = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}
    short, long = f"{moment:%b} {moment.day}, {moment.year}", f"{moment:%A}, {moment:%B} {moment.day}, {moment.year}"
    normal = f"{moment:%B} {moment.day}, {moment.year}"
    fields = {
        "date_num": f"{moment:%Y-%m-%d}",
        "date": normal,
        "date_short": short,
        "date_long": long,
        "date_pretty": days.get(moment.date(), normal),
        "date_short_pretty": days.get(moment.date(), short),
        "date_long_pretty": days.get(moment.date(), long),
        "time": f"{moment:%H:%M}",
        "time_secs": f"{moment:%H:%M:%S}",
    }
    shown = _DATE_FIELD.sub(lambda match: fields.get(match[1], match[0]), form)
    return f'<time title="{html.escape(fallback)}">{plain(shown)}</time>'
