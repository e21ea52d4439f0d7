"""The sum that holds at any time: what arrived is somewhere.

    received + notices = rejected + lost at the door + buffered + spooled
    spooled = handled by the observer + lost out of the spool + what waits there

`lost` counts both: datagrams that never got into the spool, and those that had to leave it unhandled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Reasons of `lost` that had been counted as `spooled` before.
OUT_OF_THE_SPOOL = frozenset({"spool_full", "spool_full_info", "spool_age", "spool_damaged"})


def missing(counts: Mapping[tuple[str, str], int]) -> int:
    """How many datagrams are nowhere by `Counters.snapshot()`: 0."""

    def total(*names: str) -> int:
        return sum(
            count
            for (name, reason), count in counts.items()
            if name in names and not (name == "lost" and reason in OUT_OF_THE_SPOOL)
        )

    return total("received", "notices") - total("rejected", "lost", "buffered", "spooled")
