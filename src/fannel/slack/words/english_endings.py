"""English: the end of a silence."""

from __future__ import annotations

from fannel.slack.words.counted import Counted
from fannel.slack.words.endings import Endings

ENDINGS = Endings(
    over="Silence over",
    ends_soon="Silence ends soon",
    ended_by="ended by {who}",
    window="{start} – {end} ({length})",
    until="until {end}, in {left}",
    when="When",
    meanwhile="Meanwhile",
    still_there="Still there",
    recovered="Recovered",
    unused="It was not used: nothing came under it.",
    events=Counted("{n} event", "{n} events"),
    incidents=Counted("{n} incident", "{n} incidents"),
    lasting=Counted("{n} still there", "{n} still there"),
    back=Counted("{n} recovered", "{n} recovered"),
    nothing_there="Nothing of it is there any more.",
    asked="being checked; its thread follows",
    under="still silenced by {number}",
    follows="follows from {incident}",
    told="has its thread: {incident}",
    since="since {clock}",
    between="{start} → {end}",
    times=Counted("{n} event", "{n} events"),
    keep="`extend {number} 1h` keeps it.",
)
