"""What a catalogue holds about buttons: what stands on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fannel.slack.words.counted import Counted


class Buttons(NamedTuple):
    """On the buttons. A phone shows some twenty letters."""

    ack: str
    silence: str
    recheck: str
    details: str
    # in the menu of silences
    hours: Counted
    morning: str
    # to let a silence last longer
    longer: Counted
