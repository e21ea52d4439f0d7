"""What follows from an incident, as its parent message shows it: one line each, and why it is believed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.layout.message import subject_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.event import Host, Json
    from fannel.incidents.incident import Related
    from fannel.slack.words import Words

# A phone shows so many lines before the message folds; the rest is counted.
SHOWN = 6
_NAME, _WHY = 60, 120


def section(related: Sequence[Related], host: Host, words: Words) -> Json | None:
    """The block, or None where nothing is related. What is still there comes first."""
    if not related:
        return None
    ordered = sorted(related, key=lambda one: one.over)
    lines = [_line(one, host, words) for one in ordered[:SHOWN]]
    if (left := len(ordered) - SHOWN) > 0:
        lines.append(words.thread.more.of(left))
    return blocks.section(f"*{words.labels.related}:*", *lines)


def _line(one: Related, host: Host, words: Words) -> str:
    where = "" if one.host.name == host.name else f"{text.code(names.host(one.host.name), _NAME)} "
    shown = subject_name(one.subject)
    what = text.prose(words.problem(one.problem), _NAME)
    name = f" {text.code(shown, _NAME)}" if shown else ""
    why = f" · {text.prose(words.said(one.why), _WHY)}" if one.why else ""
    return f"{'✓' if one.over else '•'} {where}{what}{name}{f'  {words.thread.over}' if one.over else ''}{why}"
