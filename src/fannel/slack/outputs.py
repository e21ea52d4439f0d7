"""What a device printed, for a thread: the lines that matter on the phone, the whole of it in a file.

At most LINES_IN_REPLY lines go into the reply: evidence first, then whole outputs as long as they fit. If anything was
left out, the file holds every output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.slack import blocks, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.checks.verdict import Output
    from fannel.slack.blocks import Json

LINES_IN_REPLY = 20
# Slack refuses a snippet of more than 1 MB (snippet_too_large).
FILE_BYTES = 1_000_000

_CUT_SHORT = "\n[cut short: Slack takes no more]\n"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class File:
    """A text file to share in the thread (files_upload_v2). `content` is never empty, at most 1 MB in UTF-8."""

    filename: str
    title: str
    content: str
    comment: str


def shown(evidence: Sequence[str], outputs: Sequence[Output]) -> tuple[Json | None, bool]:
    """The preformatted block for the reply (None when there is nothing to show) and whether it shows everything."""
    pages: list[tuple[str | None, Sequence[str]]] = []
    room = LINES_IN_REPLY
    lines = text.preformatted(evidence[: LINES_IN_REPLY * 2])
    if len(lines) > room or len(evidence) > LINES_IN_REPLY * 2:
        lines = [*lines[: room - 1], text.ELLIPSIS]
    if lines:
        pages.append((None, lines))
        room -= len(lines)
    complete = True
    for output in outputs:
        # Wrapping only makes lines more: what has too many before need not be wrapped to know.
        raw = text.lines(output.text) if output.text.count("\n") <= LINES_IN_REPLY * 2 else None
        page = text.preformatted(raw) if raw is not None and len(raw) < room else None
        if page is None or len(page) + 1 > room:
            complete = False
        elif page and set(raw or ()) - {line.rstrip() for line in evidence}:
            pages.append((text.cut(text.one_line(output.command), text.PREFORMATTED_COLUMNS), page))
            room -= len(page) + 1
    return (blocks.terminal(*pages) if pages else None), complete


def file(stem: str, title: str, outputs: Sequence[Output]) -> File:
    """Every output under its command, as one text file named after `stem`."""
    printed: list[str] = []
    for output in outputs:
        command = text.one_line(output.command)
        body = "\n".join(text.lines(output.text[:FILE_BYTES]))
        printed.append(f"### {command}  ({output.took_s:.1f} s)\n{body}\n")
    content = _bounded("\n".join(printed))
    size_kb = -(-len(content.encode()) // 1000)
    commands = f"{len(outputs)} command{'s' if len(outputs) != 1 else ''}"
    return File(
        filename=f"{_UNSAFE.sub('-', stem).strip('-.')[:100] or 'output'}.txt",
        title=f"{text.cut(text.one_line(title), 80)} ({content.count(chr(10))} lines, {size_kb} kB)",
        content=content,
        comment=f"Full output of {commands}. The lines that matter are above.",
    )


def _bounded(content: str) -> str:
    raw = content.encode()
    if len(raw) <= FILE_BYTES:
        return content
    return raw[: FILE_BYTES - len(_CUT_SHORT)].decode(errors="ignore") + _CUT_SHORT
