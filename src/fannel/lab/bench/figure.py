"""What a row of the bench found: a number beside what it has to be; a table of them for people, JSON for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Verdict = Literal["met", "missed", "reported", "skipped"]

_HEAD = ("row", "what", "measured", "required", "", "in the same run")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. With `at_least` or `below` it is judged; without, it is only reported; without `measured`, skipped.

    `beside` is what else belongs to it: a peer's figure, or why there is none. `facts` are for JSON.
    """

    row: str
    what: str
    measured: float | None
    unit: str = "/s"
    at_least: float | None = None
    below: float | None = None
    beside: str = ""
    failed: bool = False  # it should have been measured, and could not be
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Whether the requirement is met."""
        if self.measured is None:
            return "missed" if self.failed else "skipped"
        if self.at_least is None and self.below is None:
            return "reported"
        enough = self.at_least is None or self.measured >= self.at_least
        little = self.below is None or self.measured < self.below
        return "met" if enough and little else "missed"

    def to_json(self) -> dict[str, Any]:
        """The line for a program."""
        return {
            "row": self.row,
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit.strip(),
            "at_least": self.at_least,
            "below": self.below,
            "verdict": self.verdict,
            "beside": self.beside,
            **({"facts": self.facts} if self.facts else {}),
        }


def table(figures: Sequence[Figure]) -> str:
    """The lines for a person, in columns."""
    rows = [_HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


_MARKS: dict[Verdict, str] = {"met": "ok", "missed": "MISSED", "reported": "", "skipped": "skipped"}


def _cells(figure: Figure) -> tuple[str, ...]:
    required = [f"≥ {_amount(figure.at_least, figure.unit)}"] if figure.at_least is not None else []
    required += [f"< {_amount(figure.below, figure.unit)}"] if figure.below is not None else []
    measured = "–" if figure.measured is None else _amount(figure.measured, figure.unit)
    return (figure.row, figure.what, measured, ", ".join(required), _MARKS[figure.verdict], figure.beside)


def _amount(value: float, unit: str) -> str:
    """Three digits that matter: nobody believes the seventh."""
    if not math.isfinite(value):
        return f"{value}{unit}"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}{unit}"
    return f"{value:.{2 - math.floor(math.log10(abs(value)))}f}{unit}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of them do not exceed: the nearest rank, so one that was measured.

    Raises:
        ValueError: there is none.
    """
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
