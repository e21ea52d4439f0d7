"""What a site writes itself and where it keeps it: each folder is looked at before what is shipped, if it is there."""

from __future__ import annotations

from pathlib import Path

from fannel.config.section import Section


class Checks(Section):
    """What to look at on a device: PROBLEM/OS.yml."""

    path: Path = Path("checks")


class Kinds(Section):
    """What traps and syslog lines mean: *.yml, see docs/kinds.md."""

    path: Path = Path("kinds")


class Mibs(Section):
    """Names for OIDs: what `fannel mibs compile` wrote."""

    path: Path = Path("mibs")
