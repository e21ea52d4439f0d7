"""A listener in a process of its own, whose desk does each thing once, slowly: `FILE` gets a line for each it did.

`python listener_process.py FILE SECONDS`; the settings come from the environment. To do a thing once is the desk's
part of the bargain: it notes what it did by key, as the real one does in the database.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from fannel import config
from fannel.incidents.store import Store
from fannel.listener.process import Listener
from fannel.slack.inbound.entries import entry_of


class OnceDesk:
    """Does a thing unless its key is in the file already."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._done = set(path.read_text().splitlines()) if path.exists() else set()

    def said(self, heard) -> None:
        key = entry_of(heard, None, getattr(heard, "response_url", "")).key
        time.sleep(self._seconds)
        if key not in self._done:
            self._done.add(key)
            with self._path.open("a") as file:
                file.write(f"{key}\n")
                file.flush()
                os.fsync(file.fileno())
        time.sleep(self._seconds)

    clicked = commanded = said

    def gave_up(self, heard) -> None:
        """It never fails."""


def main() -> None:
    """Listen until killed."""
    settings = config.load()
    desk = OnceDesk(Path(sys.argv[1]), float(sys.argv[2]))
    listener = Listener(
        settings, Store.open(settings.database.url), None, desk=desk, look_every_s=5.0, claim=timedelta(seconds=1)
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    listener.run()


if __name__ == "__main__":
    main()
