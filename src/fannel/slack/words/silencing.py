"""What a catalogue holds about silences: how requests are answered."""

from __future__ import annotations

from typing import NamedTuple


class Silencing(NamedTuple):
    """Answers to who asks for something in Slack."""

    # why somebody may not
    may_not: str
    not_here: str
    cannot_tell: str
