"""Parent messages, kept up to date with what no playbook is run for: what follows from a fault, and its flapping."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.event import Json
    from fannel.incidents.incident import Aside
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters
    from fannel.respond import Responder

# What flaps is told again so often at most.
FLAPPING_EVERY = timedelta(seconds=30)


class Retelling:
    """Remembers what was told and nothing else: after a restart it is told once more, into the same message."""

    def __init__(
        self,
        store: Store,
        responder: Responder,
        counters: Counters,
        now: Callable[[], datetime],
        is_silenced: Callable[[Json], bool] = lambda _: False,
    ) -> None:
        """That something flaps calls people; not while it `is_silenced`."""
        self._is_silenced = is_silenced
        self._store = store
        self._responder = responder
        self._counters = counters
        self._now = now
        self._told: dict[str, tuple[tuple[Aside, bool], datetime]] = {}

    def __call__(self) -> None:
        """Tell what changed."""
        with tried(self._counters, "keeping parent messages up to date", "retelling"):
            self._retell(self._now())

    def _is_quiet(self, incident_id: str) -> bool:
        incident = self._store.incident(incident_id)
        opening = None if incident is None else self._store.event_json(incident.opened_by)
        return opening is not None and self._is_silenced(opening)

    def _retell(self, now: datetime) -> None:
        listed = self._store.with_aside(now)
        for incident_id, aside in self._store.asides(sorted({*listed, *self._told}), now).items():
            before, told_at = self._told.get(incident_id, (None, now))
            resting = before is not None and before[0].flapping and aside.flapping and now - told_at < FLAPPING_EVERY
            if resting:
                continue
            looks = (aside, bool(aside.flapping) and self._is_quiet(incident_id))
            if looks != before and self._responder.retell(incident_id, quietly=looks[1]):
                self._told[incident_id] = (looks, now)
        self._told = {one: self._told[one] for one in listed if one in self._told}
        self._store.forget_calm(now)
