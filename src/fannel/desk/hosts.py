"""The hosts that a request may name: what the observer keeps of pagoda on disk, read again when it changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fannel.directory import snapshot
from fannel.slack.grammar import Known

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fannel.directory.directory import Device


class Hosts:
    """For any thread: what the last `look()` saw, so that nothing in a transaction waits for a file.

    While the file cannot be read, what was read last holds, and `trouble` says what is wrong.
    """

    def __init__(self, kept: Path | None) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        # Each is one assignment of one object: read from other threads.
        self.known = Known()
        self._devices: Mapping[str, Device] = {}
        self.trouble: str | None = None if kept is not None else "pagoda.cache_file is empty: no list is kept"

    def look(self) -> None:
        """Read the file again if it changed."""
        if self._kept is None:
            return
        with self._lock:
            try:
                stat = self._kept.stat()
                seen = (stat.st_mtime_ns, stat.st_ino)
                if seen == self._seen:
                    return
                devices = snapshot.load(self._kept, None, with_interfaces=False).devices
            except (OSError, snapshot.SnapshotError) as error:
                self.trouble = f"{self._kept.name}: {getattr(error, 'strerror', None) or error}"
                return
            self.known, self._devices = Known(devices), {device.name: device for device in devices}
            self._seen, self.trouble = seen, None

    def device(self, name: str) -> Device | None:
        """The device of that full name."""
        return self._devices.get(name)
