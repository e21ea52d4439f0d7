"""The message a storm has instead of one for each incident: how many, where, what. Pure.

Bounded whatever comes: the worst ten, the rest as a number with the problems they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.layout import look as looks
from fannel.slack.layout.message import NAME, WORD, Message, metadata, subject_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fannel.event import Host, Severity, Subject
    from fannel.slack.words import Reader, Words

LISTED = 10
_PROBLEMS = 5
_SITE = 24
_ORDER: tuple[Severity, ...] = ("critical", "major", "minor", "warning", "info")


@dataclass(frozen=True, slots=True)
class Line:
    """What a summary says of one incident."""

    severity: Severity
    problem: str
    host: Host
    subject: Subject


def summary(lines: Sequence[Line], *, opened: int, since: datetime, waiting: int, key: str, to: Reader) -> Message:
    """`lines` opened since the last summary; `opened` in the whole storm; `waiting` threads are still to come."""
    words = to.words.storms
    worst = sorted(lines, key=lambda line: _ORDER.index(line.severity))
    shown, rest = worst[:LISTED], worst[LISTED:]
    count, clock = words.opened.of(len(lines)), to.clock(since)
    begun = words.since.format(clock=clock)
    if opened > len(lines):
        begun = words.many_since.format(opened=f"{opened:,}", clock=clock)
    head = f"🔴 *{words.head}*  {count}  ({begun})"
    listed = blocks.section(head, *(_line(line, to.words) for line in shown), _more(rest, to.words))
    first = ", ".join(f"{_host(line.host)} {_subject(line.subject)}".strip() for line in shown)
    push = text.push(f"🔴 {words.head}: {count}:", first)
    return _message(push, listed, blocks.context(_following(waiting, to), words.where_to_look), key, blocks.RED)


def over(*, opened: int, since: datetime, until: datetime, waiting: int, key: str, to: Reader) -> Message:
    """The storm's end: from here on every incident has its first post again."""
    words, lasted = to.words.storms, to.duration((until - since).total_seconds())
    head = f"⚪ *{words.over}*  {words.summed_up_since.of(opened, lasted=lasted, clock=to.clock(since))}"
    push = text.push(f"⚪ {words.over}: {words.summed_up.of(opened, lasted=lasted)}")
    return _message(push, blocks.section(head), blocks.context(_following(waiting, to)), key, blocks.GREY)


def _message(push: str, section: blocks.Json, meta: blocks.Json, key: str, colour: str) -> Message:
    payload = {
        "text": push,
        "blocks": [section],
        "attachments": [blocks.coloured(colour, push, meta)],
        "metadata": metadata(key=key),
    }
    return Message(payload)


def _line(line: Line, words: Words) -> str:
    emoji = looks.severity(line.severity, words).emoji
    problem = text.prose(words.problem(line.problem), WORD)
    subject = _subject(line.subject)
    site = f" · {text.prose(line.host.site, _SITE)}" if line.host.site else ""
    what = f"{emoji} {problem}  {text.code(_host(line.host), NAME)}"
    return f"{what}{f'  {text.code(subject, NAME)}' if subject else ''}{site}"


def _more(rest: Sequence[Line], words: Words) -> str:
    """`and 23 more: 20 interface down, 3 bgp neighbor down`."""
    if not rest:
        return ""
    problems = Counter(line.problem for line in rest).most_common()
    said = [f"{count:,} {text.prose(words.problem(problem), WORD)}" for problem, count in problems[:_PROBLEMS]]
    if others := sum(count for _, count in problems[_PROBLEMS:]):
        said.append(words.storms.others.format(n=f"{others:,}"))
    return words.storms.more.format(n=f"{len(rest):,}", problems=", ".join(said))


def _following(waiting: int, to: Reader) -> str:
    return to.words.storms.following.of(waiting) if waiting else to.words.storms.none_following


def _host(host: Host) -> str:
    return names.host(text.cut(text.one_line(host.name), NAME))


def _subject(subject: Subject) -> str:
    return text.cut(text.one_line(subject_name(subject)), NAME)
