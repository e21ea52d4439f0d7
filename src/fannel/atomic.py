"""Files that are whole at any moment: a new content takes the old one's place in one step, and stays after a crash."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def temporary_prefix(path: Path) -> str:
    """How the names of unfinished files for `path` begin: what a killed writer leaves beside it."""
    return f".{path.name}."


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write the file that becomes `path` when the block ends well. Its owner alone may read it (mode 0600).

    Raises:
        OSError: it cannot be written; what was there stays, and so it does when the block raises.
    """
    descriptor, name = tempfile.mkstemp(prefix=temporary_prefix(path), suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105  (the name is a str)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    # The name is in the folder, and the folder has to reach the disk, too.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
