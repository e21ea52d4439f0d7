"""Whether the observer's part of the path is well, and what is wrong with it: computed from the clock, never stored."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fannel.intake.vital import Vital

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fannel.directory.host_directory import HostDirectory
    from fannel.observer.custody import Custody

# An event that the rule engine has not taken for so long waits for more than a garbage collection.
BLOCKED_AFTER_S = 30.0
# A canary is overdue when this many in a row did not come.
CANARIES_MISSED = 3


class Vitals:
    """What the health page shows. `trouble` says what is away, by name: "spool", "store"."""

    def __init__(
        self,
        custody: Custody,
        directory: HostDirectory,
        trouble: Mapping[str, str],
        *,
        canary_every_s: float,
        slack: Callable[[], Vital] | None = None,
        windows: Callable[[], Vital] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._custody = custody
        self._directory = directory
        self._trouble = trouble
        self._canary_every_s = canary_every_s
        self._others = [vital for vital in (slack, windows) if vital is not None]
        self._clock = clock
        self._started_at = clock()

    def ready(self) -> list[Vital]:
        """Every part of the path from the spool to the rule engine."""
        vitals = [self._present("spool"), self._present("store"), self._pagoda(), self._rule_queue()]
        vitals += [vital() for vital in self._others]
        return [*vitals, *self._canaries()]

    def _present(self, name: str) -> Vital:
        trouble = self._trouble.get(name)
        return Vital(name, trouble is None, trouble or "can be used")

    def _pagoda(self) -> Vital:
        """Never a reason to be not ready: events flow with what is known."""
        trouble = self._directory.trouble
        detail = f"{len(self._directory.directory)} devices"
        return Vital("pagoda", ok=True, detail=detail if trouble is None else f"degraded, {detail} known: {trouble}")

    def _rule_queue(self) -> Vital:
        waits_s = self._custody.waits_s()
        if waits_s > BLOCKED_AFTER_S:
            detail = (
                f"the rule engine has taken no event for {waits_s:.0f} s: all its actions are busy "
                "(--max-concurrent-actions), or it hangs; what comes is recorded and waits"
            )
            return Vital("rule queue", ok=False, detail=detail)
        at = self._custody.confirmed_at
        return Vital("rule queue", ok=True, detail="nothing to tell yet" if at is None else self._ago("took one", at))

    def _canaries(self) -> list[Vital]:
        if not self._canary_every_s:
            return []
        return [
            self._seen(
                "receiver",
                self._custody.canary_came_at,
                "no canary came through the spool for {:.0f} s: the receiver does not run, or cannot write the spool",
            ),
            self._seen(
                "canary",
                self._custody.canary_confirmed_at,
                "no canary reached the rule engine for {:.0f} s: see the others for the stage that stands still",
            ),
        ]

    def _seen(self, name: str, at: float | None, missing: str) -> Vital:
        missing_s = self._clock() - (self._started_at if at is None else at)
        # Until the first one came, nothing is proven.
        if at is None or missing_s > CANARIES_MISSED * self._canary_every_s:
            return Vital(name, ok=False, detail=missing.format(missing_s))
        return Vital(name, ok=True, detail=self._ago("seen", at))

    def _ago(self, what: str, at: float) -> str:
        return f"{what} {self._clock() - at:.1f} s ago"
