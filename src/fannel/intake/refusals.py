"""What was refused and must be said, without letting a flood of refusals become a flood of messages.

Pure: time is passed in. Each (reason, source) is said once per window, all together at most `MOST` times a window;
the next one said carries how many went unsaid since.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.wire.v3_receiver import Reason as V3Reason

WINDOW = timedelta(minutes=10)
MOST = 10

ReasonOfAnyVersion = Literal[
    "source_not_allowed",
    "undecodable",
    "unsupported_version",
    "not_a_notification",
    "bad_community",
    "proxy_not_allowed",
    "proxy_malformed",
    "proxy_check",
    "defect",  # FANNEL's own: it could not cope with what this datagram holds
]
Reason: TypeAlias = "ReasonOfAnyVersion | V3Reason"

# Somebody who should not be heard tried, or somebody who should be has the wrong secrets or the wrong clock.
AUTH_FAILURES: frozenset[Reason] = frozenset(
    {
        "bad_community",
        "unknown_user",
        "unsupported_level",
        "wrong_digest",
        "decryption_error",
        "not_in_time_window",
        "replayed",
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A datagram that was not accepted: from whom, why, in words that hold nothing secret.

    `routine` is one that its sender needs and nobody has to hear of: the first steps of SNMPv3's discovery, which are
    answered, and the checks of a load balancer. `proxy` is the load balancer it came through.
    """

    reason: Reason
    source: str
    detail: str
    unsaid: int = 0
    routine: bool = False
    proxy: str | None = None


class Refusals:
    """Decides which refusals are said. Bounded: it remembers what was said in this window, nothing else."""

    def __init__(self, window: timedelta = WINDOW, most: int = MOST) -> None:
        self._window = window
        self._most = most
        self._said: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._unsaid = 0

    def say(self, refusal: Refusal, now: datetime) -> Refusal | None:
        """The refusal, with how many went unsaid before it, or None when it is to be counted only."""
        if refusal.routine:
            return None
        while self._said and now - next(iter(self._said.values())) >= self._window:
            self._said.popitem(last=False)
        key = (refusal.reason, refusal.source)
        if key in self._said or len(self._said) >= self._most:
            self._unsaid += 1
            return None
        self._said[key] = now
        unsaid, self._unsaid = self._unsaid, 0
        return replace(refusal, unsaid=unsaid)
