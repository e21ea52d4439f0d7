"""Which check answers a problem on an operating system: the site's own first, then the shipped one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fannel import collection
from fannel.checks.errors import NoCheckError
from fannel.checks.load import DEFAULTS, load

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.checks.check import Check

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


class Checks:
    """The checks in some folders, each `<problem>/<os>.yml`. Of two with the same name the first folder's counts."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders

    @classmethod
    def beside(cls, own: Path) -> Checks:
        """The site's own checks in `own` (which need not exist), then those the collection ships."""
        return cls((own, collection.root() / "checks"))

    def find(self, problem: str, os: str | None) -> Check:
        """The check for a problem on an operating system.

        Raises:
            NoCheckError: There is none.
            CheckError: There is one and it is wrong. A broken check of the site's own does not fall back silently.
        """
        file = self.file(problem, os)
        if file is None:
            raise NoCheckError(problem, os)
        return load(file, self.folders)

    def answers(self, problem: str, os: str | None) -> bool:
        """Whether there is a check, right or wrong."""
        return self.file(problem, os) is not None

    def files(self) -> list[Path]:
        """Every check file that counts, sorted by problem and operating system."""
        seen: dict[tuple[str, str], Path] = {}
        for folder in self.folders:
            for file in folder.glob("*/*.yml"):
                if file.stem != DEFAULTS:
                    seen.setdefault((file.parent.name, file.stem), file)
        return [seen[key] for key in sorted(seen)]

    def file(self, problem: str, os: str | None) -> Path | None:
        """Where that check is, right or wrong."""
        # Both words came with an event: only what can be a file name of ours is looked up.
        if not (os and os != DEFAULTS and _NAME.fullmatch(problem) and _NAME.fullmatch(os)):
            return None
        files = (folder / problem / f"{os}.yml" for folder in self.folders)
        return next((file for file in files if file.is_file()), None)
