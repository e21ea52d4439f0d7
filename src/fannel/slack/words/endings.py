"""What a catalogue holds about the end of a silence: what came meanwhile, what is still there, what was not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fannel.slack.words.counted import Counted


class Endings(NamedTuple):
    """A silence is over, or will be in a moment."""

    over: str
    ends_soon: str
    ended_by: str
    window: str
    until: str
    # labels
    when: str
    meanwhile: str
    still_there: str
    recovered: str
    # what came
    unused: str
    events: Counted
    incidents: Counted
    lasting: Counted
    back: Counted
    nothing_there: str
    # what is done about each
    asked: str
    under: str
    follows: str
    told: str
    since: str
    between: str
    times: Counted
    # how to keep it
    keep: str
