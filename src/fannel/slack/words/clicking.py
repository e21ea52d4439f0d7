"""What a catalogue holds about clicks: what whoever clicked is told, alone; and the details of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.event import Phase
    from fannel.incidents.incident import State, What
    from fannel.slack.words.counted import Counted


class Clicking(NamedTuple):
    """Answers to a click."""

    stale: str
    unknown: str
    over: str
    has_it: str
    checking: str
    asked_already: str
    being_checked: str
    no_check: str
    nobody_logs_in: str
    nothing_exact: str
    silenced_already: str
    observer_away: str
    observer_never: str
    to_whom: str


class Details(NamedTuple):
    """What is known of an incident, and how it came to be so."""

    state: str
    states: Mapping[State, str]
    silence: str
    silenced: str
    flap: str
    flapping: Counted
    history: str
    earlier: Counted
    more: str
    phases: Mapping[Phase, str]
    what: Mapping[What, str]
    by: str
