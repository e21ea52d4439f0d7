"""What follows from an incident, as its parent message shows it: one line each, and why it is believed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.event import Host, Json
    from fannel.incidents.incident import Related

# A phone shows so many lines before the message folds; the rest is counted.
SHOWN = 6
_NAME, _WHY = 60, 120


def section(related: Sequence[Related], host: Host) -> Json | None:
    """The block, or None where nothing is related. What is still there comes first."""
    if not related:
        return None
    ordered = sorted(related, key=lambda one: one.over)
    lines = [_line(one, host) for one in ordered[:SHOWN]]
    if left := len(ordered) - SHOWN:
        lines += [f"… and {left} more"] if left > 0 else []
    return blocks.section("*With it:*", *lines)


def _line(one: Related, host: Host) -> str:
    where = "" if one.host.name == host.name else f"{text.code(names.host(one.host.name), _NAME)} "
    subject = one.subject.name or one.subject.peer or ""
    shown = names.interface(subject) if one.subject.type == "interface" else subject
    what = text.prose(one.problem.replace("_", " "), _NAME)
    name = f" {text.code(shown, _NAME)}" if shown else ""
    why = f" · {text.prose(one.why, _WHY)}" if one.why else ""
    return f"{'✓' if one.over else '•'} {where}{what}{name}{'  over' if one.over else ''}{why}"
