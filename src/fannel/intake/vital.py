"""One thing that must be well for the path to be: what health pages show a line for.

`Heartbeat` makes one of a loop: a thread that is stuck or gone no longer says that it goes round.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logs.Logger("fannel.vital")


@dataclass(frozen=True, slots=True)
class Vital:
    """`detail` is one line: what is wrong and what would help, or what is so."""

    name: str
    ok: bool
    detail: str


class Heartbeat:
    """A loop of ours that says each time it goes round. `name` is the vital's; the clock is one that only runs forward.

    `stalled_after_s` has to be longer than the longest round that is in order. The count begins when it is made.
    """

    __slots__ = ("_at", "_clock", "_name", "_stalled_after_s")

    def __init__(self, name: str, stalled_after_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._stalled_after_s, self._clock = name, stalled_after_s, clock
        self._at = clock()

    def beat(self) -> None:
        """Call it once a round, from the loop's own thread."""
        self._at = self._clock()

    def vital(self) -> Vital:
        """Whether the loop went round lately; from any thread."""
        idle_s = max(0.0, self._clock() - self._at)
        if idle_s < self._stalled_after_s:
            return Vital(self._name, ok=True, detail=f"went round {idle_s:.1f} s ago")
        detail = f"did not go round for {idle_s:.0f} s ({self._stalled_after_s:g} s are in order): restart the process"
        return Vital(self._name, ok=False, detail=detail)


def look(name: str, judge: Callable[[], Sequence[Vital]]) -> Sequence[Vital]:
    """What `judge` says, or that it broke: a defect in judging is a reason not to trust the path, and no crash."""
    try:
        found = judge()
    except Exception as error:
        log.exception("a look at a vital broke", vital=name)
        # Its type only: the text of an unforeseen error may hold anything.
        return [Vital(name, ok=False, detail=f"the look at it broke ({type(error).__name__}): see the log, report it")]
    # Who looks at nothing has no reason to call it well.
    return found or [Vital(name, ok=False, detail="nothing to judge by yet")]
