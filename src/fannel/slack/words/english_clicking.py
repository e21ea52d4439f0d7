"""English: answers to clicks, and details."""

from __future__ import annotations

from fannel.slack.words.clicking import Clicking, Details
from fannel.slack.words.counted import Counted

CLICKING = Clicking(
    stale="That button is of another FANNEL: nothing was done. The newest message of this alert has its buttons.",
    unknown="{incident} is not on record any more: nothing was done.",
    over="{incident} is over since {clock}: nothing was done.",
    has_it="{who} has it since {clock}.",
    checking="{host} is being checked; what is found comes into this thread.",
    asked_already="{who} asked for that already; what is found comes into this thread.",
    being_checked="{host} is being checked by another run ({owner}, since {clock}); this comes right after it.",
    no_check="There is no check for {problem} on {os}: nobody logs in. `fannel new check` begins one.",
    nobody_logs_in="pagoda does not know {host}: nobody logs in there.",
    nothing_exact="The device gave that part no name, so nothing exact can be silenced: silence the host, or write it.",
    silenced_already="That is silenced until {end} already ({number}).",
    observer_away="It is noted, and waits: FANNEL's observer was last seen {when}.",
    to_whom="To {who}, who clicked at {clock}",
    observer_never="It is noted, and waits: FANNEL's observer does not run.",
)
DETAILS = Details(
    state="State",
    states={
        "new": "not answered yet",
        "open": "open",
        "acknowledged": "acknowledged",
        "resolved": "resolved",
        "closed": "closed",
    },
    silence="Silence",
    silenced="{number} until {end}, {who}",
    flap="Flapping",
    flapping=Counted("{n} change", "{n} changes"),
    history="History",
    earlier=Counted("{n} earlier line", "{n} earlier lines"),
    more="all of it: `fannel incidents show {incident}`",
    phases={"raise": "reported", "clear": "reported over", "info": "reported"},
    what={
        "opened": "opened",
        "answered": "being answered",
        "judged": "judged",
        "acknowledged": "acknowledged",
        "resolved": "resolved",
        "reopened": "reopened",
        "closed": "closed",
        "attached": "follows from another",
        "detached": "goes on without its cause",
    },
    by="by {who}",
)
