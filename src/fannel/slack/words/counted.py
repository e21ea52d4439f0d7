"""A text about a number of things."""

from __future__ import annotations

from typing import NamedTuple


class Counted(NamedTuple):
    """A text about `{n}` things: of one, of any other number."""

    one: str
    many: str

    def of(self, n: int, **named: str) -> str:
        """The text for `n`."""
        return (self.one if n == 1 else self.many).format(n=f"{n:,}", **named)
