"""The spool: notifications that were received but not yet handled, on disk between the receiver and the event source.

`SpoolWriter` and `SpoolReader` are the two small protocols of its two ends; `open_writer` and `open_reader` give the
SQLite one, for one machine. What it promises:

* What `append` returned for survives `kill -9` of either process at any moment; with `durable=True` a power cut too.
* What was not acknowledged is read again, under the same `SpoolId`: recording it twice can be made to change nothing.
* What it cannot keep is returned to whoever appends, counted by reason. Nothing goes silently.

It does not promise to hand a datagram over only once.
"""

from fannel.intake.spool.errors import (
    SpoolDamagedError,
    SpoolError,
    SpoolFullError,
    SpoolIOError,
    SpoolLockedError,
    SpoolOwnedError,
    SpoolReadOnlyError,
    SpoolUnreachableError,
)
from fannel.intake.spool.protocol import (
    Bounds,
    Lost,
    LostReason,
    Receipt,
    SetAside,
    Spooled,
    SpoolId,
    SpoolReader,
    SpoolWriter,
)
from fannel.intake.spool.reader import SqliteSpoolReader
from fannel.intake.spool.writer import SqliteSpoolWriter

open_writer = SqliteSpoolWriter
open_reader = SqliteSpoolReader

__all__ = [
    "Bounds",
    "Lost",
    "LostReason",
    "Receipt",
    "SetAside",
    "SpoolDamagedError",
    "SpoolError",
    "SpoolFullError",
    "SpoolIOError",
    "SpoolId",
    "SpoolLockedError",
    "SpoolOwnedError",
    "SpoolReadOnlyError",
    "SpoolReader",
    "SpoolUnreachableError",
    "SpoolWriter",
    "Spooled",
    "open_reader",
    "open_writer",
]
