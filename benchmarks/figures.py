"""How the benchmarks print what they measured: a table for people, or one JSON object."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence


def add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def table(rows: Sequence[Mapping[str, object]], headings: Mapping[str, str]) -> str:
    """A column for each of `headings` (key of a row → its heading); numbers to the right, text to the left."""
    columns = []
    for key, heading in headings.items():
        cells = [f"{row[key]:,}" if isinstance(row[key], int | float) else str(row[key]) for row in rows]
        width = max(map(len, (heading, *cells)))
        align = ">" if all(isinstance(row[key], int | float) for row in rows) else "<"
        columns.append([f"{cell:{align}{width}}" for cell in (heading, *cells)])
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))


def show(
    rows: Sequence[Mapping[str, object]], headings: Mapping[str, str], *, as_json: bool, note: str, **facts: object
) -> None:
    """Print the rows. `facts` say how they were measured; `note` says so in the table's last line."""
    facts = {"python": platform.python_version(), **facts}
    if as_json:
        print(json.dumps({**facts, "results": list(rows)}))
        return
    print(table(rows, headings))
    print(note.format(**facts))
