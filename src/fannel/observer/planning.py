"""Work windows become silences, and follow their plans: files are looked at twice a minute, calendars now and then.

One replica does it at a time, and goes on doing it while it lives: what two of them fetched at different moments would
be changed to and fro. What cannot be read is said, and leaves what is known.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.vital import Vital
from fannel.tried import tried
from fannel.windows.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.directory.directory import Directory
    from fannel.incidents.lease import Lease
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters
    from fannel.windows.gather import Gathered, Sources

log = logs.Logger("fannel.observer")

TICK_S = 5.0
READ_EVERY_S = 30.0
LEASE, LEASE_S = "silences/windows", 120.0


class Planning:
    """Called every few seconds, in a thread of its own; `vital()` is for any thread."""

    def __init__(
        self,
        sources: Sources,
        store: Store,
        directory: Callable[[], Directory],
        counters: Counters,
        now: Callable[[], datetime],
        *,
        fetch_every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` only runs forward; it says when the next look is due."""
        self._sources = sources
        self._store = store
        self._directory = directory
        self._counters = counters
        self._now = now
        self._clock = clock
        self._fetch_every_s = fetch_every_s
        self._owner = f"observer/{uuid.uuid4().hex}"
        self._lease: Lease | None = None
        self._read_at = self._fetched_at = float("-inf")
        self._of: tuple[Directory, Places] | None = None
        # One assignment of one object: read from other threads.
        self._found: Gathered | None = None

    def __call__(self) -> None:
        """A round, if one is due."""
        if self._clock() - self._read_at < READ_EVERY_S or not self._sources.has_any:
            return
        with tried(self._counters, "reading work windows", "windows"):
            self._round()

    def vital(self) -> Vital:
        """How it stands. Never a reason to be not ready: without a plan there is more noise, and no less is heard."""
        found, name = self._found, "work windows"
        if found is None:
            return Vital(name, ok=True, detail="none read by this process")
        detail = f"{len(found.windows)} planned"
        if found.left:
            detail += f", {len(found.left)} calendar entries mean nothing here (fannel silence planned)"
        if found.troubles:
            detail = f"degraded, {detail}; what was planned before holds: {'; '.join(found.troubles)}"
        return Vital(name, ok=True, detail=detail)

    def _round(self) -> None:
        places = self._places()
        if not len(places) or not self._is_ours():
            return  # names mean nothing yet, or another replica does it: see again soon
        self._read_at = self._clock()
        if self._clock() - self._fetched_at >= self._fetch_every_s:
            self._sources.fetch(self._now())
            self._fetched_at = self._clock()
        found = self._sources.read(self._now(), places)
        if not self._is_ours():
            return
        kept = self._store.windows.follow(found.windows, found.families, self._now())
        for what, silences in (("planned", kept.added), ("changed", kept.changed)):
            for one in silences:
                log.info("a silence follows a work window", silence=one.id, origin=one.origin, what=one.what)
            self._counters.add("windows", what, len(silences))
        self._say(found)

    def _say(self, found: Gathered) -> None:
        before = self._found.troubles if self._found is not None else []
        for trouble in found.troubles:
            self._counters.add("window_errors")
            if trouble not in before:
                log.error("a plan of work cannot be read, what is known holds", reason=trouble)
        self._found = found

    def _is_ours(self) -> bool:
        leases, now = self._store.leases, self._now()
        if self._lease is not None:
            self._lease = leases.renew(self._lease, LEASE_S, now)
        if self._lease is None:
            self._lease = leases.acquire(LEASE, self._owner, LEASE_S, now)
        return self._lease is not None

    def _places(self) -> Places:
        directory = self._directory()
        if self._of is None or self._of[0] is not directory:
            self._of = (directory, Places(directory))
        return self._of[1]
