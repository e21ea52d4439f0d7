"""Gives up what waited for a second person and nobody confirmed in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel import logs
from fannel.desk.confirmations import lapse
from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters

log = logs.Logger("fannel.observer")

LAPSE_EVERY_S = 10.0


class Lapsing:
    """A chore of the observer."""

    def __init__(self, settings: Settings, store: Store, counters: Counters, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._counters = counters
        self._now = now

    def __call__(self) -> None:
        """A round."""
        with tried(self._counters, "giving up what nobody confirmed", "silences"):
            if lapsed := lapse(self._settings, self._store, self._now()):
                log.info("nobody confirmed a broad silence", silences=lapsed)
