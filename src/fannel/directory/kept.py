"""The list that a running FANNEL keeps on disk, and shares: one process asks pagoda, the others read what it wrote.

Who holds the lock beside the file leads; the kernel gives it to another when its owner dies. The file's time says when
pagoda was last found to agree with it, so it is touched when nothing changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Final

from fannel import logs
from fannel.directory import snapshot
from fannel.directory.snapshot import NoSnapshot, Snapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fannel.directory.snapshot import Origin

# 10,000 devices with their interfaces take a CPU-second to write.
SAVE_EVERY_S: Final = 15.0

log = logs.Logger("fannel.directory")


class KeptList:
    """One file of one pagoda. For one thread. What goes wrong with it is told once and costs nothing else.

    `wall` counts seconds since the epoch, as the file system does.
    """

    def __init__(self, path: Path, origin: Origin | None, wall: Callable[[], float]) -> None:
        self._path, self._origin, self._wall = path, origin, wall
        self._lock: int | None = None
        self._seen: tuple[int, int] | None = None
        self._told: str | None = None
        self._unsaved: Callable[[], Snapshot] | None = None
        self._saved_at = float("-inf")

    def leads(self) -> bool:
        """Whether this process is the one that asks pagoda. Where nothing can be locked, everybody is."""
        if self._lock is not None:
            return True
        lock: int | None = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(
                self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if lock is not None:
                os.close(lock)
            return False
        except OSError:
            if lock is not None:
                os.close(lock)
            return True
        self._lock = lock
        return True

    def save(self, kept: Callable[[], Snapshot], now: float, *, at_once: bool) -> None:
        """Keep this list, now or when the last one was written long enough ago (`confirm()` sees to that).

        `now` is in seconds that never run backwards. An empty list is not worth a file, let alone a better one's place.
        """
        self._unsaved = kept
        if at_once or now - self._saved_at >= SAVE_EVERY_S:
            self._write(now)

    def confirm(self, now: float) -> None:
        """Say that pagoda still agrees with what was kept last."""
        if self._unsaved is not None:
            if now - self._saved_at >= SAVE_EVERY_S:
                self._write(now)
            return
        with contextlib.suppress(OSError):
            os.utime(self._path, (self._wall(), self._wall()))

    def close(self) -> None:
        """Write what waits, and let another process lead."""
        if self._unsaved is not None:
            self._write(self._saved_at)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def first(self, *, with_interfaces: bool) -> Snapshot | None:
        """What an earlier run kept; None if there is nothing that can be used."""
        self._seen = self._identity()
        return self._load(with_interfaces=with_interfaces)

    def news(self) -> Snapshot | None:
        """What the leader wrote since the last look, None if nothing."""
        found = self._identity()
        if found is None or found == self._seen:
            return None
        self._seen = found
        return self._load(with_interfaces=True)

    def confirmed_at(self) -> float | None:
        """When the leader last found pagoda to agree with the file, in seconds since the epoch."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return None

    def _write(self, now: float) -> None:
        kept = self._unsaved() if self._unsaved is not None else None
        self._unsaved, self._saved_at = None, now
        if kept is None or not kept.devices or self._origin is None:
            return
        try:
            snapshot.save(self._path, kept, self._origin)
        except (OSError, SnapshotError) as error:
            self._tell("directory_not_kept", str(error))
            return
        self._told = None
        self._seen = self._identity()

    def _load(self, *, with_interfaces: bool) -> Snapshot | None:
        try:
            return snapshot.load(self._path, self._origin, with_interfaces=with_interfaces)
        except NoSnapshot:
            return None
        except Exception as error:  # noqa: BLE001  (whatever is in the file, refreshing goes on; it is told)
            self._tell("directory_file_ignored", str(error))
            return None

    def _tell(self, event: str, reason: str) -> None:
        if self._told != reason:
            log.warning(event, file=str(self._path), reason=reason)
        self._told = reason

    def _identity(self) -> tuple[int, int] | None:
        """Which file has the name now: it is replaced, never rewritten."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
