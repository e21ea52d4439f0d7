"""How restless a fault is: a penalty that grows with every change between raised and cleared, and ages. Pure.

The scoring is Zino's. With the defaults the sixth quick change begins the flapping, and twenty quiet minutes end it;
in between nothing does (hysteresis), so that a link that is quiet for five minutes has not calmed down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Phase = Literal["raise", "clear"]


@dataclass(frozen=True, slots=True)
class FlapPolicy:
    """What a change costs and when the sum is too much. A penalty of 1 is none at all: it does not age."""

    start: float = 2.0
    factor: float = 2.0
    ceiling: float = 256.0
    flapping_above: float = 35.0
    calm_below: float = 1.5
    half_life_s: float = 300.0

    def __post_init__(self) -> None:
        if not 1 < self.calm_below < self.flapping_above < self.ceiling:
            raise ValueError("1 < calm_below < flapping_above < ceiling must hold, or nothing would flap or calm down")
        if self.start <= 1 or self.factor <= 1 or self.half_life_s <= 0:
            raise ValueError("start and factor must be above 1 and half_life_s above 0, or the penalty would not move")

    def aged(self, penalty: float, seconds: float) -> float:
        """What is left of a penalty after so many seconds; a clock that was set back ages nothing."""
        # The exponent of a very long time is 0 and not an underflow error.
        return math.pow(max(1.0, penalty), math.pow(0.5, min(max(0.0, seconds) / self.half_life_s, 1000.0)))

    def calm_after_s(self, penalty: float) -> float:
        """How many quiet seconds make a penalty calm."""
        if penalty < self.calm_below:
            return 0.0
        return self.half_life_s * math.log2(math.log(penalty) / math.log(self.calm_below))


@dataclass(frozen=True, slots=True)
class Flap:
    """One fault's score: its penalty as of `scored_at`, its phase since then, and the changes since it was calm."""

    phase: Phase
    penalty: float
    scored_at: datetime
    transitions: int = 1
    flapping_since: datetime | None = None

    @property
    def flapping(self) -> bool:
        """Whether it is too restless to speak of every change."""
        return self.flapping_since is not None


def score(flap: Flap | None, phase: Phase, at: datetime, policy: FlapPolicy) -> Flap | None:
    """The score after an event; the same object when nothing changed, as with a repeat.

    A clear of what never was raised scores nothing. Whoever records an event twice must not score it twice.
    """
    if flap is None:
        return None if phase == "clear" else Flap(phase, min(policy.start, policy.ceiling), at)
    if phase == flap.phase:
        return flap
    if not flap.flapping and is_calm(flap, at, policy):
        return Flap(phase, min(policy.start, policy.ceiling), at)
    penalty = min(policy.ceiling, policy.factor * policy.aged(flap.penalty, (at - flap.scored_at).total_seconds()))
    since = flap.flapping_since
    if since is None and penalty > policy.flapping_above:
        since = at
    # Events of one batch may carry times that run backwards a little; the score's own time never does.
    return Flap(phase, penalty, max(at, flap.scored_at), flap.transitions + 1, since)


def excused(flap: Flap | None, phase: Phase, at: datetime) -> Flap | None:
    """The score after an event that something else explains (its device restarted): the phase is known, and no more."""
    if flap is None:
        return None if phase == "clear" else Flap(phase, 1.0, at, 0)
    return flap if phase == flap.phase else replace(flap, phase=phase)


def is_calm(flap: Flap, now: datetime, policy: FlapPolicy) -> bool:
    """Whether it has been quiet for long enough: to end the flapping, or to be forgotten."""
    return policy.aged(flap.penalty, (now - flap.scored_at).total_seconds()) < policy.calm_below


def calmed(flap: Flap) -> Flap:
    """The score of what has calmed down: as after its last change alone, no longer flapping."""
    return replace(flap, penalty=1.0, transitions=0, flapping_since=None)


def told(flap: Flap, policy: FlapPolicy) -> dict[str, bool | int]:
    """What an event says of it: `window_s` quiet seconds after this change, the count begins anew."""
    window_s = math.ceil(policy.calm_after_s(flap.penalty))
    return {"flapping": flap.flapping, "transitions": flap.transitions, "window_s": window_s}
