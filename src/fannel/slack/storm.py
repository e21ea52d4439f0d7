"""When too many incidents open for one message each: a summary every half minute, the threads behind it. Pure.

A storm begins when more than so many incidents opened within a minute, and is over when at most half as many did, so
that it does not begin and end by turns. What a summary says is `slack/layout/storm.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW_S = 60.0
SUMMARY_EVERY_S = 30.0

Say = Literal["nothing", "more", "over"]


@dataclass(frozen=True, slots=True)
class Storm:
    """`listed` is the newest first post that a summary has counted, `opened` how many were in this storm.

    Times are seconds since the epoch; `since` is None in peace.
    """

    since: float | None = None
    said_at: float | None = None
    listed: int = 0
    opened: int = 0

    @property
    def on(self) -> bool:
        """Whether there is one."""
        return self.since is not None

    def step(self, now: float, first_posts: Sequence[float], limit: int) -> tuple[Storm, Say]:
        """The storm as it is now, and whether a summary is due.

        `first_posts`: when the newest `limit + 1` first posts were wanted, in any order.
        """
        lately = [at for at in first_posts if now - WINDOW_S < at]
        if self.since is None:
            if len(lately) <= limit:
                return self, "nothing"
            return Storm(since=min(lately), listed=self.listed), "more"
        if len(lately) <= limit // 2:
            return self, "over"
        due = self.said_at is None or now - self.said_at >= SUMMARY_EVERY_S
        return self, "more" if due else "nothing"

    def said(self, now: float, listed: int, opened: int) -> Storm:
        """After a summary of `opened` more incidents, up to the first post `listed`."""
        return replace(self, said_at=now, listed=max(listed, self.listed), opened=self.opened + opened)

    def ended(self) -> Storm:
        """Peace. What was listed stays known."""
        return Storm(listed=self.listed)

    def to_json(self) -> dict[str, float | None]:
        """For the database."""
        return {"since": self.since, "said_at": self.said_at, "listed": self.listed, "opened": self.opened}

    @classmethod
    def from_json(cls, kept: Any) -> Storm:  # noqa: ANN401  (whatever an older or newer FANNEL left)
        """What `to_json` gave; peace when it is not to be read."""
        try:
            since, said_at = (None if kept[key] is None else float(kept[key]) for key in ("since", "said_at"))
            return cls(since, said_at, int(kept["listed"]), int(kept["opened"]))
        except (KeyError, TypeError, ValueError):
            return cls()
