"""Text as a text column takes it."""

from __future__ import annotations


def plain(text: str) -> str:
    """`text` without half a surrogate pair, which is no UTF-8, and without NUL, which PostgreSQL refuses."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
