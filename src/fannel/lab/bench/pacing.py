"""Sending at a rate, in batches of a millisecond: what is due by the clock is sent, so that no error adds up.

A sender that was held up catches up at once, which is a burst that a real network makes as well.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S = 0.001
# Without a rate: how many are sent between two looks at the clock.
BACK_TO_BACK = 1000


def due(elapsed_s: float, rate: float, count: int) -> int:
    """How many of `count` should be out this long after the start."""
    return min(count, max(0, int(elapsed_s * rate)))


def pace(
    send: Callable[[int], None],
    count: int,
    rate: float | None,
    *,
    until: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Have `send` send `count` in all, `rate` a second or (None) back to back; stop early when the clock is `until`.

    Returns how many were sent.
    """
    started = clock()
    sent = 0
    while sent < count:
        now = clock()
        if until is not None and now >= until:
            break
        target = min(count, sent + BACK_TO_BACK) if rate is None else due(now - started, rate, count)
        if target > sent:
            send(target - sent)
            sent = target
        if rate is not None and sent < count:
            next_tick = started + (int((clock() - started) / TICK_S) + 1) * TICK_S
            sleep(max(TICK_S / 20, next_tick - clock()))  # never nothing: a rounding error must not make it spin
    return sent
