"""Where no check is missing, and why: `not_applicable.yml` beside the checks, a problem and its operating systems.

Data for `fannel checks list`; whether a device is looked at, it does not decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.checks import document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "not_applicable.yml"


def reasons(folders: Iterable[Path]) -> dict[tuple[str, str], str]:
    """Why there is nothing to look at, by problem and operating system. Of two reasons the first folder's counts.

    Raises:
        CheckError: A file is wrong, or excuses a check that stands beside it.
    """
    found: dict[tuple[str, str], str] = {}
    for folder in folders:
        file = folder / FILE
        if file.is_file():
            found = _read(file) | found
    return found


def _read(file: Path) -> dict[tuple[str, str], str]:
    doc = document.read(file)
    found: dict[tuple[str, str], str] = {}
    for problem, systems in doc.data.items():
        if not isinstance(systems, dict):
            raise doc.error((problem,), "must say why, for each operating system: {frr: the host's hardware}")
        for os, why in systems.items():
            if not isinstance(why, str):
                raise doc.error((problem, os), "must be a text that says why")
            if (file.parent / problem / f"{os}.yml").is_file():
                raise doc.error((problem, os), f"there is a check, {problem}/{os}.yml: take this line out")
            found[problem, os] = why
    return found
