"""Patterns that people write: RE2, whose time is linear in the text, so that no message can hold the observer up."""

from __future__ import annotations

from typing import Any

import re2

# What a pattern of a person's own may use, of which there may be a thousand: enough for the longest that is taken.
SMALL = 1 << 20


class PatternError(ValueError):
    """A pattern that RE2 does not take. The message says why."""


def compiled(text: str, memory: int | None = None) -> Any:  # noqa: ANN401  (re2 has no types)
    """A regular expression that uses at most `memory` octets; RE2's own limit unless told.

    Raises:
        PatternError: RE2 refuses it.
    """
    options = re2.Options()
    options.log_errors = False
    if memory is not None:
        options.max_mem = memory
    try:
        return re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else b""
        raise PatternError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None


class Pattern:
    """One regular expression in RE2's syntax, searched for in a text of UTF-8."""

    __slots__ = ("_names", "_regex", "text")

    def __init__(self, text: str) -> None:
        """Compile it.

        Raises:
            PatternError: RE2 refuses it.
        """
        self._regex = compiled(text)
        self.text = text
        # In the order of their numbers; a group without a name is nobody's fact.
        self._names = {number: name for name, number in self._regex.groupindex.items()}

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of its groups."""
        return tuple(self._names.values())

    def search(self, text: bytes) -> dict[str, str] | None:
        """What its groups hold in the first place that matches; None if there is no such place."""
        found = self._regex.search(text)
        if found is None:
            return None
        held = found.groups()
        return {
            name: octets.decode("utf-8", "replace")
            for number, name in self._names.items()
            if (octets := held[number - 1]) is not None
        }
