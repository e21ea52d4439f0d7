"""What a person typed, without what Slack and keyboards made of it: links, mentions, formats, widths, controls."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

# Two hundred long names of hosts are half of it; Slack takes four times as much.
LONGEST_TEXT: Final = 10_000

_LABELLED_LINK = re.compile(r"<(?:https?://|mailto:|tel:)[^|<>\n]{0,2000}\|([^<>\n]{0,2000})>")
_BARE_LINK = re.compile(r"<(?:https?://|mailto:|tel:)([^|<>\n]{0,2000})>")
_MENTION = re.compile(r"<[@!#][^<>\n]{0,200}>")
# A terminal's colours (ECMA-48 CSI): whole, or "[31m" would stay behind.
_CSI = re.compile(r"\x1b\[[0-?]{0,16}[ -/]{0,4}[@-~]")
_EMOJI = re.compile(r"(?<![A-Za-z0-9]):[a-z][a-z0-9_+'-]{0,60}:(?!\d)")
_BOLD = re.compile(r"(?<![A-Za-z0-9*])\*(?=[^\s*])([^*\n]{1,2000})(?<=[^\s*])\*(?![A-Za-z0-9*/])")
_BULLET = re.compile(r"[\s>]*(?:[-•‣◦・*]\s+|\d{1,2}[.)]\s+)?")
# Controls, formats (directions, joiners, tags), surrogates and private use (Unicode categories Cc, Cf, Cs, Co).
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_SPACE = re.compile(r"[^\S\n]+")
_KANJI_NUMBER = re.compile(r"[一二三四五六七八九十]{1,3}(?=時間|分|日間|週間)")
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", start=1)}

_SAME = str.maketrans(
    {
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("〜～∼", "~"),
        "、": ", ",
        "。": " . ",
        "`": " ",
        "\t": " ",
    }
)


def plain_lines(text: str) -> list[str]:
    """The lines that somebody says in his own voice; what is quoted or struck out is not said."""
    text = text[:LONGEST_TEXT]
    text = _CSI.sub("", text)
    text = _LABELLED_LINK.sub(r"\1", text)
    text = _BARE_LINK.sub(r"\1", text)
    text = _MENTION.sub(" ", text)
    text = unicodedata.normalize("NFKC", html.unescape(text))[: 2 * LONGEST_TEXT].translate(_SAME)
    text = _UNSEEN.sub("", text)
    return [line for raw in text.split("\n") if not _unsaid(raw) and (line := _line(raw))]


def _unsaid(raw: str) -> bool:
    raw = raw.strip()
    return raw.startswith(">") or (len(raw) > 1 and raw[0] == raw[-1] == "~")


def _line(raw: str) -> str:
    raw = _EMOJI.sub(" ", raw)
    raw = _BOLD.sub(r"\1", raw)
    raw = _KANJI_NUMBER.sub(_number, raw)
    bullet = _BULLET.match(raw)
    return _SPACE.sub(" ", raw[bullet.end() if bullet else 0 :]).strip()


def _number(match: re.Match[str]) -> str:
    tens, ten, ones = match[0].partition("十")
    if not ten:
        return "".join(str(_DIGITS[digit]) for digit in tens)
    return str((_DIGITS.get(tens[:1], 1) * 10) + _DIGITS.get(ones[:1], 0))
