"""The records of the desk: a wish, and who has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fannel.slack.grammar import Request

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.desk.people import Who
    from fannel.slack.grammar import Outcome
    from fannel.slack.words import Reader

Changing = Literal["silence", "resume", "extend"]


@dataclass(frozen=True, slots=True)
class Wish:
    """One request, how its answer reads, and why it may not be done (in Slack's mark-up), if so."""

    outcome: Outcome
    to: Reader
    denied: str | None = None

    @property
    def action(self) -> Changing | None:
        """What it would change, if anything."""
        if isinstance(self.outcome, Request) and self.outcome.action in ("silence", "resume", "extend"):
            return self.outcome.action
        return None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, when and where. `thread` is a message's ts, or the key of a post of ours that stands for a command;
    `root` is the first message of the thread it is in.
    """

    who: Who
    channel: str
    thread: str
    root: str
    now: datetime
    written_at: datetime

    @property
    def origin(self) -> str:
        """As a silence keeps it: its thread is found by it."""
        return f"slack:{self.channel}:{self.root}"
