"""An event on its way to the rules: how urgent it is, and how many occurrences it stands for."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fannel.event import Event, Json


class Rank(IntEnum):
    """Who goes first. Only ROUTINE may be left out when there is no room: the rules know its state already."""

    ROUTINE = 0
    """A repeat, or an event that only informs."""
    STATE = 1
    """A change of state whose source already used up what it may send ahead of others."""
    URGENT = 2
    """A clear, the first raise of a fingerprint, a critical kind: overtakes the others."""


class Passing:
    """One event and the occurrences folded into it. Folding changes numbers only; `told()` makes the event of it."""

    __slots__ = ("_asking", "event", "rank", "repeats")

    def __init__(self, event: Event, rank: Rank) -> None:
        self.event = event
        self.rank = rank
        self.repeats = event.repeats
        self._asking: Json | None = None

    @property
    def stream(self) -> str:
        """What tells apart, within one fingerprint, what may not be folded: its state, and every kind that informs."""
        return self.event.kind if self.event.phase == "info" else ""

    def add(self, later: Event) -> None:
        """Fold a repeat in: the same phase, said again."""
        self.event = later
        self.repeats += later.repeats

    def follow(self, earlier: Passing) -> int:
        """Take the place of an earlier one of the same stream that nobody saw; how many occurrences that hides.

        None where both say the same: those are told as repeats.
        """
        self._asking = self._asking or earlier._still_asking(self.event)
        self.rank = max(self.rank, earlier.rank)
        if self.event.phase != earlier.event.phase:
            return earlier.repeats
        self.repeats += earlier.repeats
        return 0

    def told(self) -> Event:
        """The event as the rules get it."""
        if self._asking is not None:
            return replace(self.event, repeats=self.repeats, incident=self._asking)
        if self.repeats != self.event.repeats:
            return replace(self.event, repeats=self.repeats)
        return self.event

    def _still_asking(self, later: Event) -> Json | None:
        """An incident the rules were to be asked about, while `later` speaks of the same one and no longer asks."""
        mine = self._asking or self.event.incident
        if mine is None or later.incident is None or mine.get("state") != "new":
            return None
        return mine if mine.get("id") == later.incident.get("id") else None


def asks(event: Event) -> bool:
    """Whether the record wants the rules to answer this very event: it must not wait as a repeat."""
    return event.incident is not None and event.phase == "raise" and event.incident.get("state") == "new"
