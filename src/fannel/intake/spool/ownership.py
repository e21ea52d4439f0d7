"""One writer: a lock that the kernel lets go of when its owner dies, and that says who that is."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from fannel.intake.spool.errors import SpoolOwnedError, explain

if TYPE_CHECKING:
    from pathlib import Path


class Ownership:
    """Held from creation to `release()`.

    Raises:
        SpoolOwnedError: another process (or another writer in this one) has it.
        SpoolError: the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise explain(error, path) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._handle, 100, 0).decode(errors="replace").strip()
            os.close(self._handle)
            what = f"process {owner or 'unknown'} writes to this spool"
            raise SpoolOwnedError(path, what, "a spool has one receiver; stop that one or use another spool") from None
        # For the error above only, in another process; a full disk is no reason not to start.
        try:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            pass

    def release(self) -> None:
        """Let another writer in. The file stays: unlinking it would let two in."""
        os.close(self._handle)
