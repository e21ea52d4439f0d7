"""Devices that used to speak and went quiet. Off unless networks are configured; pure and bounded.

What is expected is told, not guessed: devices of this network say something at least every so often (a keepalive, a
syslog mark). Who is expected is learned: only a device that has spoken for about one such interval is missed. After
a restart that is learned anew. When FANNEL itself hears nobody, because it slept or its clock was set, no time passes.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.intake.elapsed import Elapsed
from fannel.intake.source_notice import MOST_RAISES, SOURCE_QUIET, SOURCE_STORM, Allowance, Notice, Sender

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

    from fannel.event import Event

# No gap between two readings of the clock counts for more: FANNEL looks at least this often while it is awake.
LONGEST_STEP_S = 60.0
_ADDRESSES_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Expectation:
    """Devices whose packets come from `network` say something at least every `every_s` seconds."""

    network: IPv4Network | IPv6Network
    every_s: float

    def __post_init__(self) -> None:
        if not self.every_s > 0:
            raise ValueError("every_s must be above 0")


@dataclass(frozen=True, slots=True)
class QuietPolicy:
    """The first expectation whose network holds the source address counts; none means off.

    A device is expected once `at_least` events of it were heard, spread over about one interval. At most
    `most_sources` are watched, and `most_said` said to be quiet in ten minutes; the others follow if they still are.
    """

    expectations: tuple[Expectation, ...] = ()
    at_least: int = 5
    most_sources: int = 10_000
    most_said: int = MOST_RAISES


class _Watched:
    """One device: when it spoke last, how often that counted, and whether its silence was said."""

    __slots__ = ("counted_at", "every_s", "heard", "heard_at", "said", "sender")

    def __init__(self, sender: Sender, every_s: float, at: float) -> None:
        self.sender = sender
        self.every_s = every_s
        self.heard = 1
        self.heard_at = self.counted_at = at
        self.said = False


class Quiet:
    """Watches who speaks. Not thread-safe. The events it gives are to be recorded, then put to the rules."""

    def __init__(self, policy: QuietPolicy) -> None:
        self._policy = policy
        self._elapsed = Elapsed(LONGEST_STEP_S)
        self._every_s = functools.lru_cache(_ADDRESSES_REMEMBERED)(self._find_every_s)
        self._allowance = Allowance(policy.most_said)
        self._watched: dict[str, _Watched] = {}
        # Every name stands in exactly one of these, the one heard longest ago first: not expected yet, expected to
        # keep an interval, quiet and to be said, quiet and said.
        self._strangers: OrderedDict[str, None] = OrderedDict()
        self._expected: dict[float, OrderedDict[str, None]] = {
            expectation.every_s: OrderedDict() for expectation in policy.expectations
        }
        self._unsaid: OrderedDict[str, None] = OrderedDict()
        self._said: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._watched)

    @property
    def quiet(self) -> int:
        """How many devices are quiet now, said or not."""
        return len(self._unsaid) + len(self._said)

    def heard(self, event: Event, now: datetime) -> list[Event]:
        """Note that a device spoke; the clear, if its silence had been said."""
        if not self._expected or event.problem in (SOURCE_QUIET, SOURCE_STORM):
            return []
        at = self._elapsed.at(now)
        name = event.host.name
        watched = self._watched.get(name)
        if watched is None:
            self._meet(name, event, at)
            return []
        silence_s, watched.heard_at = at - watched.heard_at, at
        if name in self._strangers:
            self._learn(name, watched, silence_s, at)
            return []
        expected = self._expected[watched.every_s]
        expected[name] = None
        expected.move_to_end(name)
        self._unsaid.pop(name, None)
        if not watched.said:
            return []
        watched.said = False
        del self._said[name]
        return [Notice(SOURCE_QUIET, "clear", watched.sender, f"heard again after {silence_s:.0f} s").event(now)]

    def due(self, now: datetime) -> list[Event]:
        """The devices that went quiet, one raise each. Call it when `due_in_s()` says so, also when nobody speaks."""
        at = self._elapsed.at(now)
        for every_s, expected in self._expected.items():
            while expected:
                name = next(iter(expected))
                if at - self._watched[name].heard_at <= every_s:
                    break
                del expected[name]
                self._unsaid[name] = None
        events = []
        while self._unsaid and self._allowance.take(at):
            name, _ = self._unsaid.popitem(last=False)
            watched = self._watched[name]
            watched.said = True
            self._said[name] = None
            detail = f"heard nothing for {at - watched.heard_at:.0f} s"
            events.append(Notice(SOURCE_QUIET, "raise", watched.sender, detail).event(now))
        return events

    def due_in_s(self, now: datetime) -> float | None:
        """Seconds until `due()` is to be called again, never more than a minute; None while nobody is watched."""
        if not self._watched:
            return None
        at = self._elapsed.at(now)
        ends = [
            self._watched[name].heard_at + every_s
            for every_s, expected in self._expected.items()
            for name in itertools.islice(expected, 1)
        ]
        return min(LONGEST_STEP_S, *(max(0.0, end - at) for end in ends)) if ends else LONGEST_STEP_S

    def _meet(self, name: str, event: Event, at: float) -> None:
        """Begin to watch a device, if its network is expected to speak. Strangers push out strangers only."""
        every_s = self._every_s(event.source.address)
        if every_s is None:
            return
        if len(self._watched) >= self._policy.most_sources:
            if not self._strangers:
                return
            del self._watched[self._strangers.popitem(last=False)[0]]
        watched = self._watched[name] = _Watched(Sender(event.host, event.source, event.via), every_s, at)
        self._strangers[name] = None
        self._promote(name, watched)

    def _learn(self, name: str, watched: _Watched, silence_s: float, at: float) -> None:
        """Count what a stranger says: not more often than spread over an interval, nothing across a longer silence."""
        self._strangers.move_to_end(name)
        if silence_s > watched.every_s:
            watched.heard, watched.counted_at = 1, at
        elif at - watched.counted_at >= watched.every_s / self._policy.at_least:
            watched.heard, watched.counted_at = watched.heard + 1, at
        self._promote(name, watched)

    def _promote(self, name: str, watched: _Watched) -> None:
        if watched.heard >= self._policy.at_least:
            del self._strangers[name]
            self._expected[watched.every_s][name] = None

    def _find_every_s(self, address: str) -> float | None:
        parsed = ipaddress.ip_address(address)
        return next((one.every_s for one in self._policy.expectations if parsed in one.network), None)
