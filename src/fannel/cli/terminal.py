"""What may reach a terminal: text from outside, with nothing in it that a terminal would obey."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO

_ASCII_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def printable(text: str) -> str:
    """`text` with every character that is not for reading (control, bidi mark, surrogate) as a JSON escape.

    Line feeds stay: whoever prints what may have none takes them out before.
    """
    if text.isascii():
        return _ASCII_CONTROLS.sub(lambda found: _escaped(found[0]), text)
    return "".join(character if _is_for_reading(character) else _escaped(character) for character in text)


def json_text(value: Any, *, indent: int | None = None, stream: TextIO | None = None) -> str:  # noqa: ANN401
    """A JSON value as a person may see it: letters as they are, everything else as JSON escapes.

    To a program it means the same in either spelling. Where `stream` (standard output) cannot carry every letter,
    all that is not ASCII is escaped.
    """
    encoding = (stream or sys.stdout).encoding or "ascii"
    carries_all = encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
    return printable(json.dumps(value, indent=indent, ensure_ascii=not carries_all, allow_nan=False))


def _is_for_reading(character: str) -> bool:
    # Spaces of other scripts (U+3000) are not "printable" to Python, but people write with them.
    return character == "\n" or character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
