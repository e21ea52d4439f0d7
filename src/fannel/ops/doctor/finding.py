"""What a check of this installation found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# `warning`: FANNEL works, though not as somebody might expect. `wrong`: something it is for does not work.
Status = Literal["ok", "warning", "wrong"]

# A service that has not answered by then is as good as away.
PATIENCE_S = 4.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `fannel doctor`. Neither text ever holds a secret; `remedy` is None when there is nothing to do."""

    name: str
    status: Status
    finding: str
    remedy: str | None = None


def ok(name: str, finding: str) -> Finding:
    """All is well."""
    return Finding(name, "ok", finding)


def warning(name: str, finding: str, remedy: str) -> Finding:
    """Somebody should know this; nothing is broken."""
    return Finding(name, "warning", finding, remedy)


def wrong(name: str, finding: str, remedy: str) -> Finding:
    """This does not work."""
    return Finding(name, "wrong", finding, remedy)
