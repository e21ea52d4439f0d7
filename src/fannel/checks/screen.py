"""Device output as text that can be read, kept and shown: no terminal controls, no more than a bound."""

from __future__ import annotations

import re

OUTPUT_LIMIT = 256 * 1024  # characters kept of one command's output

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI … (colours, cursor), ECMA-48 §5.4
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC … (window title)
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC strings, up to their end or the next escape
    r"|\x1b[ -/]*[0-~]",  # two-character escapes
)
_CUT = re.compile(r"\[cut: \d+ characters in all\]\n\Z")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """`text` without terminal controls, with plain newlines, cut after `limit` characters (and then saying so)."""
    # Bounded before the patterns run: what is cut is never looked at.
    whole = len(text)
    text = text[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", _rub_out(_ESCAPES.sub("", text)))
    if len(text) <= limit and whole <= 2 * limit:
        return text
    kept = text[:limit]
    return f"{kept[: kept.rfind(chr(10)) + 1] or kept}[cut: {whole} characters in all]\n"


def is_cut(text: str) -> bool:
    """Whether `clean()` cut this text: what is missing might have said the opposite."""
    return _CUT.search(text) is not None


def _rub_out(text: str) -> str:
    """What is left when every backspace takes away the character before it, as pagers do with their prompt."""
    if "\b" not in text:
        return text
    kept: list[str] = []
    for char in text:
        if char != "\b":
            kept.append(char)
        elif kept and kept[-1] != "\n":
            kept.pop()
    return "".join(kept)
