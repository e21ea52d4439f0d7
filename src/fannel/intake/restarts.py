"""Restarts that nobody announced: the uptime in a device's traps has fallen. Pure and bounded.

A coldStart is one UDP packet, sent when the way to FANNEL may not be up yet. The next trap of the same agent says it as
well: its sysUpTime is less than it was. Careful on purpose, since a restart that was none would hold real faults back
for minutes: of two agents behind one address, of an uptime that wrapped (after 497 days), of what came late or out of
order, and of an agent that is hardly known, nothing is concluded.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ulid import ULID

from fannel.event import Event, Subject

if TYPE_CHECKING:
    from datetime import datetime

UPTIME_RESET: Final = "uptime_reset"
_RESTART: Final = "device_restart"

# TimeTicks: 32 bits of hundredths of a second (RFC 2578 §7.1.8).
WRAPS_AFTER_S = 2**32 / 100
# A device that is up for longer than this restarted too long ago to explain anything.
YOUNGEST_S = 300.0
# Clocks drift, and traps wait in queues: so much an uptime may differ from what it should be by now.
_SLACK_S = 60.0
_DRIFT = 0.01
# An agent that started after it was last heard has been up for less time than has passed since; so exactly.
_JITTER_S = 2.0
# So often an agent's uptime must have agreed with itself before a fall is believed.
_STEADY = 2
MOST_AGENTS = 20_000

_Agent = tuple[str, str, str | None, str | None, str]


@dataclass(slots=True)
class _Known:
    """One agent: its uptime when it was heard last, how often that was as expected, and whether it is one at all."""

    uptime_s: float
    at: datetime
    steady: int = 1
    mixed: bool = False


class Restarts:
    """Watches uptimes. Not thread-safe. The events it gives are to be recorded before the event that showed them."""

    def __init__(self, most_agents: int = MOST_AGENTS) -> None:
        self._most = most_agents
        self._known: OrderedDict[_Agent, _Known] = OrderedDict()
        # When a device was last said to have restarted, by itself or by us.
        self._said: OrderedDict[str, datetime] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def heard(self, event: Event) -> Event | None:
        """Note an event; the restart that it shows, as an event of its own at the time of the restart."""
        if event.problem == _RESTART:
            self._say(event.host.name, event.received_at)
        uptime_s = (event.trap or {}).get("uptime_s")
        if not isinstance(uptime_s, int | float):
            return None
        agent = _agent(event)
        known = self._known.pop(agent, None)
        self._known[agent] = now = _Known(uptime_s, event.received_at)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        if known is None or event.problem == _RESTART:
            return None
        restarted = _follow(known, now)
        if not restarted or self._is_said(event.host.name, event.received_at):
            return None
        at = event.received_at - timedelta(seconds=uptime_s)
        self._say(event.host.name, at)
        return _reset(event, known, at)

    def _say(self, host: str, at: datetime) -> None:
        self._said.pop(host, None)
        self._said[host] = at
        if len(self._said) > self._most:
            self._said.popitem(last=False)

    def _is_said(self, host: str, at: datetime) -> bool:
        said = self._said.get(host)
        return said is not None and abs((at - said).total_seconds()) <= 2 * YOUNGEST_S


def _follow(before: _Known, now: _Known) -> bool:
    """Go on from what was known to what was heard `now`; whether the agent restarted in between."""
    now.mixed = before.mixed
    elapsed_s = (now.at - before.at).total_seconds()
    expected_s = before.uptime_s + elapsed_s
    slack_s = _SLACK_S + _DRIFT * elapsed_s
    could_be_new = now.uptime_s <= elapsed_s + _JITTER_S
    if elapsed_s < 0 or (now.uptime_s < expected_s - slack_s and now.uptime_s > YOUNGEST_S and not could_be_new):
        # Out of order, or late: what was known says more.
        now.uptime_s, now.at, now.steady = before.uptime_s, before.at, before.steady
        return False
    if min(abs(now.uptime_s - expected_s), abs(now.uptime_s - expected_s % WRAPS_AFTER_S)) <= slack_s:
        now.steady = before.steady + 1
        return False
    if now.uptime_s > expected_s or not could_be_new:
        # No clock runs so fast, and nothing restarted before it was last heard: two agents behind one address.
        now.mixed = True
        return False
    wrapped = expected_s >= WRAPS_AFTER_S - slack_s
    return not (before.mixed or wrapped) and before.steady >= _STEADY and now.uptime_s <= YOUNGEST_S


def _agent(event: Event) -> _Agent:
    source, version = event.source, str((event.trap or {}).get("version"))
    return event.host.name, source.address, source.agent_address, source.engine_id, version


def _reset(event: Event, before: _Known, at: datetime) -> Event:
    now = (event.received_at - at).total_seconds()
    return Event(
        id=str(ULID.from_datetime(at)),
        received_at=at,
        via=event.via,
        kind=UPTIME_RESET,
        problem=_RESTART,
        phase="info",
        severity="major",
        host=event.host,
        subject=Subject(type="device", description=f"its uptime fell from {_shown(before.uptime_s)} to {_shown(now)}"),
        source=event.source,
    )


def _shown(seconds: float) -> str:
    """Near enough, and the same in every language."""
    for unit, in_s in (("d", 86_400), ("h", 3600)):
        if seconds >= 2 * in_s:
            return f"{seconds / in_s:.0f} {unit}"
    return f"{seconds:.0f} s"
