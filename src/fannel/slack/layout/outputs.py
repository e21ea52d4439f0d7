"""What a device printed, for a thread: the lines that matter on the phone, the whole of it in a file.

At most LINES_IN_REPLY lines go into the reply: evidence first, then whole outputs as long as they fit. If anything was
left out, the file holds every output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from fannel.slack import blocks, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fannel.checks.verdict import Output
    from fannel.slack.blocks import Json
    from fannel.slack.words import Words

LINES_IN_REPLY = 20
# Slack refuses a snippet of more than 1 MB (snippet_too_large).
FILE_BYTES = 1_000_000

# Characters; a reply of 20 lines of 42 columns holds less.
_LONGEST_IN_REPLY = 2_000
_COMMAND = 64

_Page = tuple[str | None, list[str]]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class File:
    """A text file to share in the thread (files_upload_v2). `content` is never empty, at most 1 MB in UTF-8."""

    filename: str
    title: str
    content: str
    comment: str


def shown(evidence: Sequence[str], outputs: Sequence[Output]) -> tuple[Json | None, bool]:
    """The preformatted block for the reply (None when there is nothing to show) and whether it shows everything.

    If every output fits, each stands whole under its command, where its evidence can be read in its place.
    """
    printed = [output for output in outputs if output.text.strip()]
    pages = [page for output in printed if (page := _page(output)) is not None]
    short = len(pages) == len(printed)
    if pages and short and sum(map(_height, pages)) <= LINES_IN_REPLY and _all_in(evidence, printed):
        return blocks.terminal(*pages), True
    # Beside the evidence, only what says something more.
    quoted = {text.one_line(line) for line in evidence}
    more = [output for output in printed if not _lines(output) <= quoted]
    pages = [page for output in more if (page := _page(output)) is not None]
    short = len(pages) == len(more)
    picked: list[_Page] = []
    room = LINES_IN_REPLY
    if lines := _evidence(evidence):
        picked.append((None, lines))
        room -= len(lines)
    for page in pages:
        if _height(page) <= room:
            picked.append(page)
            room -= _height(page)
        else:
            short = False
    return (blocks.terminal(*picked) if picked else None), short


def _page(output: Output) -> _Page | None:
    """An output under its command, or None when it is longer than a reply."""
    # Wrapping only makes lines more: what has too many before need not be wrapped to know.
    if output.text.count("\n") > 2 * LINES_IN_REPLY or len(output.text) > _LONGEST_IN_REPLY:
        return None
    lines = list(text.preformatted([output.text]))
    command = text.cut(text.one_line(output.command), _COMMAND)
    return (command, lines) if len(lines) < LINES_IN_REPLY else None


def _height(page: _Page) -> int:
    heading, lines = page
    return len(lines) + (1 if heading else 0)


def _lines(output: Output) -> set[str]:
    return {text.one_line(line) for line in text.lines(output.text) if line.strip()}


def _all_in(evidence: Sequence[str], printed: Sequence[Output]) -> bool:
    there = {line for output in printed for line in _lines(output)}
    return all(text.one_line(line) in there for line in evidence)


def _evidence(evidence: Sequence[str]) -> list[str]:
    """Evidence out of its context, so its indentation means nothing any more."""
    return first_lines(line.strip()[:_LONGEST_IN_REPLY] for line in evidence)


def first_lines(printed: Iterable[str]) -> list[str]:
    """As much as a reply shows, ended by an ellipsis when there is more."""
    found = list(islice(text.preformatted(printed), LINES_IN_REPLY + 1))
    return found if len(found) <= LINES_IN_REPLY else [*found[: LINES_IN_REPLY - 1], text.ELLIPSIS]


def file(stem: str, title: str, outputs: Sequence[Output], words: Words) -> File:
    """Every output under its command, as one text file named after `stem`."""
    printed: list[str] = []
    for output in outputs:
        command = text.one_line(output.command)
        body = "\n".join(text.lines(output.text[:FILE_BYTES]))
        printed.append(f"### {command}  ({output.took_s:.1f} s)\n{body}\n")
    content = _bounded("\n".join(printed), f"\n{words.posting.cut_short}\n".encode())
    named = {
        "name": text.cut(text.one_line(title), 80),
        "lines": f"{content.count(chr(10)):,}",
        "size": f"{-(-len(content.encode()) // 1000):,}",
    }
    return File(
        filename=f"{_UNSAFE.sub('-', stem).strip('-.')[:100] or 'output'}.txt",
        title=words.posting.file_title.format(**named),
        content=content,
        comment=words.posting.file_comment.of(len(outputs)),
    )


def _bounded(content: str, cut_short: bytes) -> str:
    raw = content.encode()
    return content if len(raw) <= FILE_BYTES else (_whole(raw[: FILE_BYTES - len(cut_short)]) + cut_short).decode()


def _whole(raw: bytes) -> bytes:
    """Without the half of a character at the end."""
    return raw.decode(errors="ignore").encode()
