"""How fast one channel is written to: a token bucket for each kind of call, and the pauses Slack asked for. Pure.

Slack allows about one chat.postMessage a second for each channel with short bursts, 50 chat.update and 50 look-ups a
minute; a 429 on one method says nothing about the others (https://docs.slack.dev/apis/web-api/rate-limits).
Times are seconds since the epoch, since several processes share a bucket through the database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Lane = Literal["post", "update", "file", "look_up"]
LANES: tuple[Lane, ...] = ("post", "update", "file", "look_up")

# The longest Retry-After that is believed; a pause that ends later was written by a clock that ran ahead.
LONGEST_PAUSE_S = 3600.0


class Rate(NamedTuple):
    """So many a second, `burst` at once."""

    per_s: float
    burst: float


# Each a little under what Slack lets pass.
RATES: Mapping[Lane, Rate] = {
    "post": Rate(1.0, 4.0),
    "update": Rate(0.8, 8.0),
    "file": Rate(1.0, 4.0),
    "look_up": Rate(0.8, 8.0),
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` there were at `at`; nothing passes before `quiet_until`."""

    tokens: float
    at: float
    quiet_until: float = 0.0

    @classmethod
    def full(cls, rate: Rate) -> Bucket:
        """A bucket nothing was taken from yet."""
        return cls(rate.burst, 0.0)

    def ready(self, now: float, rate: Rate) -> bool:
        """Whether a call may be made now."""
        return not self.quiet(now) and self._level(now, rate) >= 1

    def take(self, now: float, rate: Rate) -> Bucket:
        """The bucket after a call."""
        return replace(self, tokens=max(0.0, self._level(now, rate) - 1), at=now)

    def pause(self, until: float) -> Bucket:
        """Nothing until then, and no burst right afterwards."""
        return Bucket(1.0, until, max(until, self.quiet_until))

    def quiet(self, now: float) -> bool:
        """Whether Slack asked for a pause that is not over."""
        return now < self.quiet_until <= now + LONGEST_PAUSE_S

    def _level(self, now: float, rate: Rate) -> float:
        if now < self.at:
            # Another machine's clock, or ours was set back: one call, and the bucket has our time.
            return max(self.tokens, 1.0) if self.at - now > 1 else self.tokens
        return min(rate.burst, self.tokens + (now - self.at) * rate.per_s)


@dataclass(frozen=True, slots=True)
class Pace:
    """The buckets of one channel."""

    buckets: Mapping[Lane, Bucket]

    @classmethod
    def fresh(cls) -> Pace:
        """The pace of a channel nobody wrote to yet."""
        return cls({lane: Bucket.full(RATES[lane]) for lane in LANES})

    def ready(self, lane: Lane, now: float) -> bool:
        """Whether a call of this kind may be made now."""
        return self.buckets[lane].ready(now, RATES[lane])

    def take(self, lane: Lane, now: float) -> Pace:
        """After one call."""
        return Pace({**self.buckets, lane: self.buckets[lane].take(now, RATES[lane])})

    def pause(self, lane: Lane, until: float) -> Pace:
        """Slack wants no call of this kind until then. Where no post may go, no file may either: it is one, too."""
        lanes: tuple[Lane, ...] = ("post", "file") if lane == "post" else (lane,)
        return Pace({**self.buckets, **{one: self.buckets[one].pause(until) for one in lanes}})

    def pause_all(self, until: float) -> Pace:
        """Nothing at all until then."""
        return Pace({lane: bucket.pause(until) for lane, bucket in self.buckets.items()})

    def quiet_until(self, now: float) -> float | None:
        """When posts may go again, while Slack asked for a pause."""
        bucket = self.buckets["post"]
        return bucket.quiet_until if bucket.quiet(now) else None

    def to_json(self) -> dict[str, list[float]]:
        """For the database."""
        return {lane: [bucket.tokens, bucket.at, bucket.quiet_until] for lane, bucket in self.buckets.items()}

    @classmethod
    def from_json(cls, kept: Any) -> Pace:  # noqa: ANN401  (whatever an older or newer FANNEL left)
        """What `to_json` gave; a lane that is not there is fresh."""
        found = {lane: Bucket.full(RATES[lane]) for lane in LANES}
        for lane in LANES:
            values = kept.get(lane) if isinstance(kept, dict) else None
            if isinstance(values, list) and len(values) == 3 and all(isinstance(v, int | float) for v in values):
                found[lane] = Bucket(*map(float, values))
        return cls(found)
