"""What FANNEL itself has to say about a source: that it storms, that it went quiet, that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ulid import ULID

from fannel.event import Event, Subject

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Host, Source, Via

SOURCE_STORM: Final = "source_storm"
SOURCE_QUIET: Final = "source_quiet"

# Ten thousand sources that storm or fall silent at once have one cause: that many raises say it as well as all would.
MOST_RAISES = 20
RAISES_WINDOW_S = 600.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an event came from, kept without the event."""

    host: Host
    source: Source
    via: Via


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be said of a sender. `count` is how many occurrences were held back (storms only)."""

    problem: Literal["source_storm", "source_quiet"]
    phase: Literal["raise", "clear"]
    sender: Sender
    detail: str
    count: int = 0

    def event(self, now: datetime) -> Event:
        """The event, to be recorded and put to the rules like any other."""
        return Event(
            id=str(ULID.from_datetime(now)),
            received_at=now,
            via=self.sender.via,
            kind=self.problem,
            problem=self.problem,
            phase=self.phase,
            severity="warning" if self.phase == "raise" else "info",
            host=self.sender.host,
            subject=Subject(type="sender", name=self.sender.source.address, description=self.detail),
            source=self.sender.source,
            refusal={"reason": self.problem, "detail": self.detail, "unsaid": self.count} if self.count else None,
        )


class Allowance:
    """How many raises may be said: `most` in each window. Times are seconds that never run backwards."""

    __slots__ = ("_left", "_most", "_until")

    def __init__(self, most: int = MOST_RAISES) -> None:
        self._most = self._left = most
        self._until = 0.0

    def take(self, at: float) -> bool:
        """Whether one more may be said now; what may not is to be asked again later."""
        if at >= self._until:
            self._left, self._until = self._most, at + RAISES_WINDOW_S
        if self._left <= 0:
            return False
        self._left -= 1
        return True
