"""Whether a list that is much shorter than the one before may take its place. Pure; time is passed in (seconds).

An account that lost a right sees fewer devices, and pagoda says nothing of it; devices that are really gone stay gone.
So a sharply smaller list is believed once pagoda has said the same for a while, and an empty one never.
"""

from __future__ import annotations

from typing import Final

from fannel.directory.errors import EmptyList, ShrunkList

# Fewer than these are looked after by hand, and a test network loses half of them in a day.
FEW: Final = 20
# The share that may go at once.
SHARE: Final = 0.25
BELIEVED_AFTER_S: Final = 900.0


class Shrinking:
    """Remembers since when pagoda lists much less than is known."""

    def __init__(self) -> None:
        self._since: float | None = None

    def check(self, known: int, listed: int, now: float) -> None:
        """Let a list of `listed` devices replace one of `known`.

        Raises:
            EmptyList: it has none.
            ShrunkList: it is sharply smaller, and has not been for long.
        """
        if not listed:
            kept = f"; the {known} known ones are kept" if known else ""
            raise EmptyList(f"pagoda lists no device at all: is there none, or may this account not read them?{kept}")
        if known < FEW or listed >= known * (1 - SHARE):
            self._since = None
            return
        if self._since is None:
            self._since = now
        if now - self._since < BELIEVED_AFTER_S:
            raise ShrunkList(
                f"pagoda lists {listed} of {known} known devices: may this account still read them all? The list is "
                f"believed once it has stayed that short for {BELIEVED_AFTER_S / 60:.0f} minutes"
            )
        self._since = None
