"""The message a storm has instead of one for each incident: how many, where, what. Pure layout, like `layout.py`.

Bounded whatever comes: the worst ten, the rest as a number with the problems they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.layout import EVENT_TYPE, Message

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from fannel.event import Host, Severity, Subject

LISTED = 10
_PROBLEMS = 5
_NAME, _WORD, _SITE = 40, 48, 24
_ORDER: tuple[Severity, ...] = ("critical", "major", "minor", "warning", "info")
_EMOJI: dict[Severity, str] = {"critical": "🔴", "major": "🔴", "minor": "🟠", "warning": "🟠", "info": "🔵"}


@dataclass(frozen=True, slots=True)
class Line:
    """What a summary says of one incident."""

    severity: Severity
    problem: str
    host: Host
    subject: Subject


def summary(lines: Sequence[Line], *, opened: int, since: datetime, waiting: int, key: str, zone: tzinfo) -> Message:
    """`lines` opened since the last summary; `opened` in the whole storm; `waiting` threads are still to come."""
    worst = sorted(lines, key=lambda line: _ORDER.index(line.severity))
    shown, rest = worst[:LISTED], worst[LISTED:]
    head = f"🔴 *STORM*  {_count(len(lines))}"
    facts = [
        f"{opened:,} since {text.clock(since, zone)}" if opened > len(lines) else f"since {text.clock(since, zone)}"
    ]
    sections = [
        blocks.section(f"{head}  ({facts[0]})", *(_line(line) for line in shown), _more(rest)),
        blocks.context(_following(waiting), "`fannel outbox` shows what waits"),
    ]
    first = ", ".join(f"{_host(line.host)} {_subject(line.subject)}".strip() for line in shown)
    push = text.push(f"🔴 STORM: {_count(len(lines))}:", first)
    return _message(push, sections, key, blocks.RED)


def over(*, opened: int, since: datetime, until: datetime, waiting: int, key: str, zone: tzinfo) -> Message:
    """The storm's end: from here on every incident has its first post again."""
    lasted = text.duration((until - since).total_seconds())
    head = f"⚪ *Storm over*  {_count(opened)} summed up in {lasted}, since {text.clock(since, zone)}"
    push = text.push(f"⚪ Storm over: {_count(opened)} summed up in {lasted}")
    return _message(push, [blocks.section(head), blocks.context(_following(waiting))], key, blocks.GREY)


def _message(push: str, sections: list[blocks.Json], key: str, colour: str) -> Message:
    payload = {
        "text": push,
        "blocks": sections[:1],
        "attachments": [blocks.coloured(colour, push, sections[1])],
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"v": 1, "key": key}},
    }
    return Message(payload)


def _line(line: Line) -> str:
    problem = text.prose(line.problem.replace("_", " "), _WORD)
    subject = _subject(line.subject)
    site = f" · {text.prose(line.host.site, _SITE)}" if line.host.site else ""
    what = f"{_EMOJI[line.severity]} {problem}  {text.code(_host(line.host), _NAME)}"
    return f"{what}{f'  {text.code(subject, _NAME)}' if subject else ''}{site}"


def _more(rest: Sequence[Line]) -> str:
    """`and 23 more: 20 interface down, 3 bgp neighbor down`."""
    if not rest:
        return ""
    problems = Counter(line.problem for line in rest).most_common()
    said = [f"{count:,} {text.prose(problem.replace('_', ' '), _WORD)}" for problem, count in problems[:_PROBLEMS]]
    if others := sum(count for _, count in problems[_PROBLEMS:]):
        said.append(f"{others:,} others")
    return f"and {len(rest):,} more: {', '.join(said)}"


def _following(waiting: int) -> str:
    return f"{waiting:,} thread{'' if waiting == 1 else 's'} to follow, one a second" if waiting else "all have threads"


def _host(host: Host) -> str:
    return names.host(text.cut(text.one_line(host.name), _NAME))


def _subject(subject: Subject) -> str:
    name = subject.name or subject.peer
    if name:
        short = names.interface(name) if subject.type == "interface" else name
        return text.cut(text.one_line(short), _NAME)
    return f"ifIndex {subject.ifindex}" if subject.ifindex is not None else ""


def _count(incidents: int) -> str:
    return f"{incidents:,} new incident{'' if incidents == 1 else 's'}"
