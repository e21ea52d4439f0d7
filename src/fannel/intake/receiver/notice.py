"""Notices: what the receiver lost, told to the observer by way of the spool, so that people read it in Slack.

The first is written at once, then at most one a minute with what was added: a storm of losses is one short thread.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from fannel.intake.datagram import Datagram, Note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.intake.counters import Counters

EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """How many datagrams were lost since a moment (aware), by reason (`lost.` in the counters)."""

    lost: Mapping[str, int]
    since: datetime

    def payload(self) -> bytes:
        """As it is in the spool."""
        return json.dumps({"lost": dict(self.lost), "since": self.since.isoformat()}).encode()

    @classmethod
    def read(cls, payload: bytes) -> Self:
        """Back from the spool; raises ValueError."""
        try:
            fields = json.loads(payload)
            lost = {str(reason): int(count) for reason, count in fields["lost"].items()}
            return cls(lost, datetime.fromisoformat(fields["since"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a notice ({error})") from None


class Notices:
    """Looks at the counters and says when there is something to tell. For one thread; times are passed in, aware."""

    def __init__(self, counters: Counters, began: datetime) -> None:
        self._counters = counters
        self._told: Counter[str] = Counter()
        self._since = began
        self._next = began

    def due(self, now: datetime, *, final: bool = False) -> Datagram | None:
        """What is to be spooled now, or (`final`) before the end; the same again until `told`."""
        if not final and now < self._next and self._next - now <= EVERY:  # else the clock was set back
            return None
        lost = self._lost() - self._told
        if not lost:
            self._since = now
            return None
        return Datagram(Notice(lost, self._since).payload(), "127.0.0.1", 0, now, Note.NOTICE)

    def told(self, notice: Datagram) -> None:
        """It is in the spool."""
        self._told.update(Notice.read(notice.payload).lost)
        self._since = notice.received_at
        self._next = notice.received_at + EVERY

    def _lost(self) -> Counter[str]:
        return Counter(
            {
                name.removeprefix("lost."): count
                for name, count in self._counters.as_dict().items()
                if name.startswith("lost.")
            }
        )
