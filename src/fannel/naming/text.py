"""Octets as text: what a device most probably meant by them.

DisplayString is NVT ASCII and SnmpAdminString UTF-8, but devices send what an operator once typed: Latin-1, UTF-8
cut in the middle of a character, C strings with their NUL. Everything becomes some text; nothing is refused.
"""

from __future__ import annotations

import re
from typing import Final

# A string with a C1 control code in it is not Latin-1 text; the octets 0x80-0x9F are common in other encodings.
_C1: Final = re.compile(rb"[\x80-\x9f]")
_SPACE: Final = frozenset("\t\n\r")


def text(octets: bytes) -> str:
    """`octets` as text, without the NULs some agents leave at the end.

    UTF-8 if it is UTF-8. Else Latin-1 if it can be that, since that keeps `Zürich` readable. Else UTF-8 with U+FFFD
    for what is not; so is a string whose only fault is that its last character was cut off.
    """
    octets = octets.rstrip(b"\0")
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        was_utf8_so_far = not octets[: error.start].isascii()
        if _C1.search(octets) or was_utf8_so_far:
            return octets.decode(errors="replace")
        return octets.decode("latin-1")


def printable(octets: bytes) -> str | None:
    """`octets` as text if that is what they evidently are (printable UTF-8), else None. No octets are no text."""
    try:
        decoded = octets.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return None
    if not decoded.strip():
        return None
    if decoded.isprintable() or all(character.isprintable() or character in _SPACE for character in decoded):
        return decoded
    return None


def hex_octets(octets: bytes) -> str:
    """`octets` as `00:1b:54`."""
    return octets.hex(":")
