"""Gives up what waited for a second person and nobody confirmed in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel import logs
from fannel.desk.confirmations import lapse
from fannel.incidents.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters

log = logs.Logger("fannel.observer")

LAPSE_EVERY_S = 10.0


class Lapsing:
    """A chore. Nothing that goes wrong here ends the process that records events."""

    def __init__(self, settings: Settings, store: Store, counters: Counters, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._counters = counters
        self._now = now

    def __call__(self) -> None:
        """A round."""
        try:
            lapsed = lapse(self._settings, self._store, self._now())
        except StoreError as error:
            log.error("cannot read what waits for a second person", reason=str(error))
            self._counters.add("store_errors")
        except Exception:
            # A defect of ours; it is said with its traceback and counted, every time.
            log.exception("giving up what nobody confirmed failed")
            self._counters.add("silence_defects")
        else:
            if lapsed:
                log.info("nobody confirmed a broad silence", silences=lapsed)
