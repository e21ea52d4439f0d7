"""The spool: can its directory be written, and does the disk hold what it may grow to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fannel.ops.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.config import Spool
    from fannel.ops.doctor.finding import Finding

NAME = "spool"
_MIB = 2**20
_SET = "give this user the directory to write, or set spool.directory (FANNEL_SPOOL__DIRECTORY)"


def spool(settings: Spool, free: int | None = None) -> Finding:
    """Whether what is received can be kept. `free` octets on its disk; asked of the system when not given."""
    directory = settings.directory
    there = next(folder for folder in (directory.absolute(), *directory.absolute().parents) if folder.exists())
    if not there.is_dir():
        return wrong(NAME, f"{there} is no directory", _SET)
    unwritable = [path for path in (there, *_files(directory)) if not _can_be_written(path)]
    if unwritable:
        return wrong(NAME, f"{unwritable[0]} cannot be written", _SET)
    held = sum(map(_octets, _files(directory)))
    if free is None:
        room = os.statvfs(there)
        free = room.f_bavail * room.f_frsize
    short = settings.octets - held - free
    if short > 0:
        return warning(
            NAME,
            f"{directory} may take {settings.octets / _MIB:.0f} MiB, its disk has {free / _MIB:.0f} MiB left",
            "make room there, or lower spool.octets: on a full disk informs are refused and traps are lost",
        )
    state = "is writable" if there == directory.absolute() else "will be made at the first start"
    return ok(NAME, f"{directory} {state}; {free / _MIB:.0f} MiB free, {settings.octets / _MIB:.0f} MiB may be used")


def _files(directory: Path) -> list[Path]:
    """What is in it now; its processes may add and remove files meanwhile."""
    return [path for path in directory.glob("*.sqlite*") if path.is_file()] if directory.is_dir() else []


def _can_be_written(path: Path) -> bool:
    return os.access(path, os.W_OK | os.X_OK if path.is_dir() else os.W_OK) or not path.exists()


def _octets(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
