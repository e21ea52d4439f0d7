"""English: what stands on buttons."""

from __future__ import annotations

from fannel.slack.words.buttons import Buttons
from fannel.slack.words.counted import Counted

BUTTONS = Buttons(
    ack="Ack",
    silence="Silence …",
    recheck="Re-check",
    details="Details",
    hours=Counted("{n} hour", "{n} hours"),
    morning="until {clock}",
    longer=Counted("+{n} hour", "+{n} hours"),
)
