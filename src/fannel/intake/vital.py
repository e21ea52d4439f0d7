"""One thing that must be well for the path to be: what health pages show a line for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vital:
    """`detail` is one line: what is wrong and what would help, or what is so."""

    name: str
    ok: bool
    detail: str
