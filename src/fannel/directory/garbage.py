"""Reading a list of pagoda's without looking for garbage in it.

Thousands of objects are made that all live on; searching them for garbage takes twice as long as making them.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection in here. Not for what waits: it holds for all threads."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
