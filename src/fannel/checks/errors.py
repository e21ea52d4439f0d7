"""What can be wrong with a check, and with a device that was asked."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class CheckError(ValueError):
    """A check file is wrong. The text is one line: file, line, key, what is wrong and what would be right."""

    def __init__(self, file: Path, line: int, key: str, problem: str) -> None:
        where = f"{file}:{line}: "
        super().__init__(where + (f"{key}: {problem}" if key else problem))
        self.file, self.line, self.key, self.problem = file, line, key, problem


class NoCheckError(LookupError):
    """There is no check for this problem on this operating system."""

    def __init__(self, problem: str, os: str | None) -> None:
        super().__init__(f"no check for {problem} on {os or 'an unknown operating system'}")
        self.problem, self.os = problem, os


class DeviceError(Exception):
    """The device did not answer, or refused. `reason` is one line without secrets.

    `lost` says that the session is gone, so that nothing more is asked in it.
    """

    def __init__(self, reason: str, *, lost: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.lost = reason, lost


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or else what there is to choose from."""
    choices = sorted(known)
    near = difflib.get_close_matches(wrong, choices, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there is {', '.join(choices)}" if choices else ""
