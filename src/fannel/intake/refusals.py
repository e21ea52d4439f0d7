"""What was refused and must be said, without letting a flood of refusals become a flood of messages.

Pure: time is passed in. Each (reason, source) is said once per window, all together at most `MOST` times a window, and
once more for each reason that was not among them; the next one said of a reason carries how many went unsaid since.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from fannel.intake.elapsed import Elapsed
from fannel.intake.offenders import Offenders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fannel.event import Via
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
    answered, and the checks of a load balancer. `proxy` is the load balancer it came through, `via` what it came as.
    """

    reason: Reason
    source: str
    detail: str
    unsaid: int = 0
    routine: bool = False
    proxy: str | None = None
    via: Via = "snmp_trap"


class Refusals:
    """Decides which refusals are said. Bounded: it remembers what was said in this window, nothing else."""

    def __init__(self, window: timedelta = WINDOW, most: int = MOST) -> None:
        self._window_s = window.total_seconds()
        self._most = most
        self._elapsed = Elapsed()  # a clock that is set back must not make a window of ten minutes one of an hour
        self._said: OrderedDict[tuple[Reason, str], float] = OrderedDict()
        self._unsaid: Counter[Reason] = Counter()
        self._offenders = Offenders()

    def say(self, refusal: Refusal, now: datetime) -> Refusal | None:
        """The refusal, with how many of its reason went unsaid before it, or None when it is to be counted only."""
        if refusal.routine:
            return None
        self._offenders.add(refusal.reason, refusal.source)
        at = self._elapsed.at(now)
        while self._said and at - next(iter(self._said.values())) >= self._window_s:
            self._said.popitem(last=False)
        reason, key = refusal.reason, (refusal.reason, refusal.source)
        if key in self._said or not self._has_room(reason):
            self._unsaid[reason] += 1
            return None
        self._said[key] = at
        return replace(refusal, unsaid=self._unsaid.pop(reason, 0))

    def worst(self, now: datetime) -> Mapping[str, Mapping[str, int]]:
        """Every minute what was refused since, said or not: by reason how many in `all`, and the worst sources."""
        return self._offenders.due(now)

    def _has_room(self, reason: Reason) -> bool:
        """Room is shared, but a flood of one reason must not keep the first of another, perhaps of a defect, unsaid."""
        return len(self._said) < self._most or all(said != reason for said, _ in self._said)
