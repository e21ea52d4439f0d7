"""Waiting for one's turn to write to an SQLite file, so that of many writers none waits for ever.

SQLite lets one write at a time, and lets the others look again now and then: whoever writes without a pause is seldom
found between two transactions, and who waits long looks ever more rarely. A lock of the file's folder wakes a waiter
when its turn comes. It is a courtesy: who gets no turn in time tries all the same, and SQLite has the last word.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# Who waits in vain leaves a thread behind until the one before it is done: so many at most.
_MOST_WAITING = 16
_waiting = threading.BoundedSemaphore(_MOST_WAITING)


@contextmanager
def turn(folder: Path, at_most_s: float) -> Iterator[None]:
    """Wait for a turn among those that write to the databases of `folder`, but not longer than that; then keep it."""
    # The folder, not a file: to close the database's own file once more would drop SQLite's locks of it.
    try:
        line = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield  # What is wrong with it, SQLite says.
        return
    if _at_once(line) or _in_time(line, at_most_s):
        try:
            yield
        finally:
            os.close(line)
    else:
        yield


def _at_once(line: int) -> bool:
    try:
        fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # A file system without such locks: there is no line to wait in.
    return True


def _in_time(line: int, at_most_s: float) -> bool:
    """Whether the turn came in time; where not, it is passed on when it comes, and `line` is closed."""
    if not _waiting.acquire(blocking=False):
        os.close(line)
        return False
    deciding = threading.Lock()
    came = threading.Event()
    late = False

    def wait() -> None:
        try:
            fcntl.flock(line, fcntl.LOCK_EX)
        finally:
            _waiting.release()
            with deciding:
                came.set()
                if late:
                    os.close(line)

    threading.Thread(target=wait, name="turn", daemon=True).start()
    came.wait(at_most_s)
    with deciding:
        late = not came.is_set()
        return not late
