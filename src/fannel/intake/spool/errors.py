"""Why the spool could not do as asked, by type: what, where, and what would help."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SpoolError(Exception):
    """The spool could not do as asked; nothing was done. Trying again later is always allowed."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}: {remedy}")
        self.path, self.what, self.remedy = path, what, remedy


class SpoolFullError(SpoolError):
    """There is no room on the disk, or a batch is larger than the whole spool may be."""


class SpoolReadOnlyError(SpoolError):
    """The file, its directory or the file system may not be written."""


class SpoolIOError(SpoolError):
    """The operating system reported an I/O error."""


class SpoolLockedError(SpoolError):
    """Another process holds the file's lock for too long."""


class SpoolOwnedError(SpoolError):
    """Another process is the writer of this spool."""


class SpoolUnreachableError(SpoolError):
    """The file cannot be opened."""


class SpoolDamagedError(SpoolError):
    """A reader found the file damaged. The writer was told and sets it aside within its next call."""


class Damage(Exception):  # noqa: N818  (never leaves this package)
    """What is stored is not what was written: a checksum that SQLite's own format does not have."""


# SQLite's primary result codes (https://www.sqlite.org/rescode.html); the low octet of an extended one.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_ROOM = "no room on the disk"
_MAKE_ROOM = "make room there, or lower spool.octets; it goes on by itself"


def code_of(error: sqlite3.Error) -> int:
    """The primary result code; SQLITE_ERROR when the error is of Python's own making."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code


def is_damage(error: sqlite3.Error | Damage) -> bool:
    """Whether the file's content is at fault. A table that is not there is a file that was truncated to nothing."""
    return (
        isinstance(error, Damage)
        or code_of(error) in _DAMAGED
        or (code_of(error) == sqlite3.SQLITE_ERROR and "no such" in str(error))
    )


def explain(error: sqlite3.Error | OSError, path: Path) -> SpoolError:
    """The SpoolError for what SQLite or the operating system said about `path`."""
    if isinstance(error, OSError):
        return _explain_os(error, path)
    said = str(error)
    match code_of(error):
        case sqlite3.SQLITE_FULL:
            return SpoolFullError(path, _NO_ROOM, _MAKE_ROOM)
        case sqlite3.SQLITE_READONLY:
            return SpoolReadOnlyError(path, f"cannot be written ({said})", "give this user the directory to write")
        case sqlite3.SQLITE_IOERR if _is_full(path):
            # SQLite says so when it is the shared memory that could not grow.
            return SpoolFullError(path, _NO_ROOM, _MAKE_ROOM)
        case sqlite3.SQLITE_IOERR:
            return SpoolIOError(path, f"I/O error ({said})", "look at the kernel's log and at the limits of this user")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return SpoolLockedError(path, "locked by another process", "find it with lsof or fuser and end it")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return SpoolUnreachableError(path, f"cannot be opened ({said})", "see that this user may use the directory")
    return SpoolError(path, said, "report this with the log around it")


def _explain_os(error: OSError, path: Path) -> SpoolError:
    said = error.strerror or str(error)
    if isinstance(error, PermissionError) or "Read-only" in said:
        return SpoolReadOnlyError(path, f"cannot be written ({said})", "give this user the directory to write")
    if _is_full(path):
        return SpoolFullError(path, _NO_ROOM, _MAKE_ROOM)
    return SpoolUnreachableError(path, f"cannot be used ({said})", "see that the directory exists and is a directory")


def _is_full(path: Path) -> bool:
    try:
        room = os.statvfs(path.parent)
    except OSError:
        return False
    return room.f_bavail == 0 or room.f_favail == 0 < room.f_files
