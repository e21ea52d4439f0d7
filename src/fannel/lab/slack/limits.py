"""Slack's rate limits as token buckets: per channel for posts, per method for the rest.

https://docs.slack.dev/apis/web-api/rate-limits: tiers are calls a minute with "occasional bursts"; posts are one a
second for each channel. How long a burst may be is not documented; five posts is what was seen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fannel.lab.slack.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

POSTS_PER_S = 1.0
POST_BURST = 5
_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100
PER_MINUTE = {
    "chat.update": _TIER_3,
    "chat.delete": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.replies": _TIER_3,
    "conversations.info": _TIER_3,
    "conversations.join": _TIER_3,
    "conversations.list": _TIER_2,
    "reactions.add": _TIER_3,
    "reactions.remove": _TIER_2,
    "files.getUploadURLExternal": _TIER_4,
    "files.completeUploadExternal": _TIER_4,
    "files.info": _TIER_4,
    "users.info": _TIER_4,
    "usergroups.list": _TIER_2,
    "usergroups.users.list": _TIER_2,
    "reactions.get": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "apps.connections.open": _TIER_3,
}


class Limits:
    """The buckets. `enabled` may be switched off for tests about something else."""

    def __init__(self, clock: Callable[[], float], *, enabled: bool = True) -> None:
        self._clock = clock
        self.enabled = enabled
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def call(self, method: str) -> None:
        """Count a call of `method`.

        Raises:
            Refusal: `ratelimited`, with Retry-After in whole seconds.
        """
        if (per_minute := PER_MINUTE.get(method)) is not None:
            self._take((method, ""), per_minute / 60, per_minute)

    def post(self, channel_id: str) -> None:
        """Count a post to one channel; refuses as `call` does."""
        self._take(("chat.postMessage", channel_id), POSTS_PER_S, POST_BURST)

    def _take(self, key: tuple[str, str], rate: float, burst: float) -> None:
        if not self.enabled:
            return
        now = self._clock()
        tokens, at = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + (now - at) * rate)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            wait = max(1, math.ceil((1 - tokens) / rate))
            raise Refusal("ratelimited", status=429, headers={"Retry-After": str(wait)})
        self._buckets[key] = (tokens - 1, now)
