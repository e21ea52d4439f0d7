"""FANNEL's own reasons in another language.

A reason is written in English where it arises, since history, events and logs keep it; here it is recognised by its
form and told in the reader's language. One that is not recognised, a check's or a device's, is told as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Ours are shorter; looking through more could take long.
_LONGEST = 500
_DEEPEST = 3
_HOLE = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True, slots=True)
class Sentences:
    """Pairs of an English form and what is said instead, `{…}` for what differs. The first that fits is taken."""

    pairs: Sequence[tuple[str, str]] = ()
    _forms: Sequence[tuple[re.Pattern[str], str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_forms", [(_form(english), said) for english, said in self.pairs])

    def said(self, reason: str, deep: int = 0) -> str:
        """`reason`, told; what stands in its holes is told, too."""
        if len(reason) > _LONGEST or deep >= _DEEPEST:
            return reason
        for form, said in self._forms:
            if (match := form.fullmatch(reason)) is not None:
                return said.format_map({name: self.said(value, deep + 1) for name, value in match.groupdict().items()})
        return reason


def _form(english: str) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL)
