"""Lines of no known kind: which go to the rules, and which of the others are recorded. Pure; time is passed in.

A network's ordinary syslog is nearly all of this: thousands of lines a second that nobody wants to be woken by. It must
cost neither the rules nor, beyond a sample, the database. Of one device with one tag so many lines are recorded in a
minute, each with its text; what comes meanwhile is counted, and told as `repeats` of the next.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from fannel.intake.elapsed import Elapsed
from fannel.kinds.classify import UNKNOWN_SYSLOG
from fannel.wire.syslog import SEVERITIES

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Event

WINDOW_S = 60.0
# Devices and tags that are remembered; of one that is forgotten, a minute begins anew.
MOST_STREAMS = 20_000


class _Stream:
    """One device with one tag: what its minute holds."""

    __slots__ = ("ends_at", "recorded", "untold")

    def __init__(self) -> None:
        self.ends_at = 0.0
        self.recorded = self.untold = 0


class Noise:
    """Remembers what was recorded lately. Not thread-safe."""

    def __init__(self, to_rules: str, a_minute: int, *, most_streams: int = MOST_STREAMS) -> None:
        """`to_rules`: the least severity that goes to the rules, or "none"; `a_minute` 0: all are recorded."""
        place = SEVERITIES.index(to_rules) + 1 if to_rules != "none" else 0
        self._severe = frozenset(SEVERITIES[:place])
        self._a_minute, self._most = a_minute, most_streams
        self._elapsed = Elapsed()
        # The one heard longest ago first.
        self._streams: OrderedDict[tuple[str, str], _Stream] = OrderedDict()

    def __len__(self) -> int:
        return len(self._streams)

    def is_noise(self, event: Event) -> bool:
        """Whether this is nothing for the rules."""
        if event.kind != UNKNOWN_SYSLOG:
            return False
        return event.syslog is None or event.syslog.get("severity") not in self._severe

    def recorded(self, event: Event, now: datetime) -> Event | None:
        """The event as it is recorded, with what came since the last one; None when it is only counted."""
        if not self._a_minute or not self.is_noise(event):
            return event
        at, key = self._elapsed.at(now), (event.host.name, event.subject.key)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= self._most:
                self._streams.popitem(last=False)
            stream = self._streams[key] = _Stream()
        else:
            self._streams.move_to_end(key)
        if at >= stream.ends_at:
            stream.ends_at, stream.recorded = at + WINDOW_S, 0
        if stream.recorded >= self._a_minute:
            stream.untold += 1
            return None
        stream.recorded += 1
        repeats, stream.untold = 1 + stream.untold, 0
        return event if repeats == 1 else replace(event, repeats=repeats)
