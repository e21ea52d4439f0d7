"""Engines and their clocks: how old a message is, and whether it was there before (RFC 3414 §2.2, §3.2 7); pure.

An engine counts its starts (boots) and the seconds since the last one (time). Who sends a trap is the authority on
both, so the newest that was authenticated is remembered per engine; for informs we are the authority. `now` is in
seconds, of any clock that the caller keeps to; where it jumps back, no time is taken to have passed.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

TIME_WINDOW_S = 150  # RFC 3414 §2.2.3
LAST_BOOTS = 2**31 - 1  # an engine that counted this far is out of service (RFC 3414 §2.2.2)
LAST_TIME_S = 2**31 - 1

MAX_LEARNED_ENGINES = 20_000
# Forgetting an engine opens it to replays, so only what was quiet this long makes room for another.
FORGET_AFTER_S = 24 * 3600
# Two generations of half as many: about 10 MB when full.
MAX_SEEN = 65_536

Untimely = Literal["not_in_time_window", "too_many_engines"]


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """This receiver as an SNMP engine: the authority for the informs sent to it.

    Attributes:
        engine_id: 5 to 32 octets, the same as long as the receiver lives (RFC 3411 §5, SnmpEngineID).
        boots: How often it was started, this time included: the caller keeps it and adds one at every start.
        started: The caller's `now` when it started.
    """

    engine_id: bytes
    boots: int
    started: float

    def __post_init__(self) -> None:
        size = len(self.engine_id)
        if not 5 <= size <= 32 or self.engine_id in (bytes(size), b"\xff" * size):
            raise ValueError("an engine id has 5 to 32 octets that are not all 0x00 and not all 0xFF")
        if not 1 <= self.boots <= LAST_BOOTS:
            raise ValueError(f"boots is 1 to {LAST_BOOTS}")


@dataclass(frozen=True, slots=True)
class DistantEngine:
    """Our engine to a process that does not run it: another judges the time of what names it, and answers.

    Attributes:
        engine_id: None while nobody said which it is.
    """

    engine_id: bytes | None


class OwnClock:
    """snmpEngineBoots and snmpEngineTime of the local engine; the time never goes back."""

    def __init__(self, engine: LocalEngine) -> None:
        self.boots = engine.boots
        self._started = engine.started
        self._time = 0

    def time(self, now: float) -> int:
        """Whole seconds since the engine started."""
        self._time = min(max(self._time, int(now - self._started)), LAST_TIME_S)
        return self._time

    def accepts(self, boots: int, engine_time: int, now: float) -> bool:
        """Whether a message to us is of now, give or take the window (RFC 3414 §3.2 7a)."""
        return boots == self.boots != LAST_BOOTS and abs(engine_time - self.time(now)) <= TIME_WINDOW_S


@dataclass(frozen=True, slots=True)
class EngineClock:
    """What a sender's engine last said of its clock (authenticated), and when we heard it.

    To keep across restarts: a receiver that starts without these accepts, once per engine, whatever was recorded.
    """

    engine_id: bytes
    boots: int
    time: int
    heard_at: float


class SenderClocks:
    """The newest boots and time of every engine heard, bounded. Only authenticated messages may come here."""

    def __init__(
        self, pinned: frozenset[bytes], known: Iterable[EngineClock] = (), limit: int = MAX_LEARNED_ENGINES
    ) -> None:
        """`pinned` engines are configured, so they always have a place; the others share `limit` places."""
        self._pinned_ids = pinned
        self._limit = limit
        self._pinned: OrderedDict[bytes, EngineClock] = OrderedDict()
        self._learned: OrderedDict[bytes, EngineClock] = OrderedDict()  # least recently heard first
        for clock in sorted(known, key=lambda clock: clock.heard_at):
            self._table(clock.engine_id)[clock.engine_id] = clock
        while len(self._learned) > limit:
            self._learned.popitem(last=False)

    def __contains__(self, engine_id: bytes) -> bool:
        return engine_id in self._learned or engine_id in self._pinned

    def __len__(self) -> int:
        return len(self._learned) + len(self._pinned)

    def snapshot(self) -> tuple[EngineClock, ...]:
        """All clocks, for the caller to keep across a restart."""
        return (*self._pinned.values(), *self._learned.values())

    def forget(self, engine_id: bytes) -> None:
        """Take the next message of an engine as if it were the first: for a device that lost count of its boots."""
        self._table(engine_id).pop(engine_id, None)

    def judge(self, engine_id: bytes, boots: int, engine_time: int, now: float) -> Untimely | None:
        """Learn from an authenticated message, then say what is wrong with its age (RFC 3414 §3.2 7b), if anything."""
        table = self._table(engine_id)
        clock = table.get(engine_id)
        if clock is None:
            if boots == LAST_BOOTS:
                return "not_in_time_window"
            if table is self._learned and not self._make_room(now):
                return "too_many_engines"
        elif (boots, engine_time) <= (clock.boots, clock.time):
            if boots != clock.boots or boots == LAST_BOOTS:
                return "not_in_time_window"
            passed = max(now - clock.heard_at, 0)
            return "not_in_time_window" if engine_time < clock.time + passed - TIME_WINDOW_S else None
        table[engine_id] = EngineClock(engine_id, boots, engine_time, now)
        table.move_to_end(engine_id)
        return None if boots != LAST_BOOTS else "not_in_time_window"

    def _table(self, engine_id: bytes) -> OrderedDict[bytes, EngineClock]:
        return self._pinned if engine_id in self._pinned_ids else self._learned

    def _make_room(self, now: float) -> bool:
        if len(self._learned) < self._limit:
            return True
        oldest = next(iter(self._learned.values()), None)
        if oldest is None or now - oldest.heard_at < FORGET_AFTER_S:
            return False
        del self._learned[oldest.engine_id]
        return True


class Seen:
    """The authentication codes of the last traps: the time window alone would let one be repeated for 150 seconds.

    Bounded: two generations, the older of which goes when the younger is full or spans two windows. It holds at least
    the traps of the whole window or, where more came, the last `limit / 2`.
    """

    def __init__(self, limit: int = MAX_SEEN) -> None:
        self._half = max(limit // 2, 1)
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._since = float("-inf")

    def before(self, code: bytes, now: float) -> bool:
        """Whether this code was here before; remembers it."""
        if code in self._young or code in self._old:
            return True
        if len(self._young) >= self._half or now - self._since > 2 * TIME_WINDOW_S:
            self._young, self._old = set(), self._young
            self._since = now
        self._young.add(code)
        return False
