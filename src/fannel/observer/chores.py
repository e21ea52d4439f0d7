"""What has to be done every so often beside the road: posts that wait for Slack, incidents to close, a line
that says what came.
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from fannel import logs
from fannel.incidents.store.beats import OBSERVER
from fannel.incidents.store.channels import Backlog
from fannel.slack.health import oldest_s, slack_vital
from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fannel.event import Json
    from fannel.incidents.store import Store
    from fannel.incidents.store.retention import Policy
    from fannel.intake.counters import Counters
    from fannel.intake.vital import Vital
    from fannel.slack.outbox import Outbox
    from fannel.slack.sending import Sending

log = logs.Logger("fannel.observer")

DELIVER_EVERY_S = 1.0
CLOSE_EVERY_S = 60.0
RETELL_EVERY_S = 5.0
PRUNE_EVERY_S = 60.0
ASK_AGAIN_EVERY_S = 20.0
# What is due is pruned once an hour; while there is more than a round takes, every minute.
PRUNED_FOR = timedelta(hours=1)
PRUNE_PAUSE_S = 0.05
PRUNE_LEASE, PRUNE_LEASE_S = "log/prune", 600.0
REPORT_EVERY_S = 60.0
KEEP_ENGINES_EVERY_S = 60.0


class Chores:
    """Runs each chore in a thread of its own, every so many seconds, while the block lasts.

    A chore says itself what goes wrong in it; what it does not foresee costs one round, never its thread.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def add(self, name: str, every_s: float, work: Callable[[], object]) -> None:
        """One more; call it before the block."""

        def repeat() -> None:
            while not self._ending.wait(every_s):
                with tried(self._counters, name, "chores"):
                    work()

        self._threads.append(threading.Thread(target=repeat, name=f"fannel-{name}", daemon=True))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A post under way is not waited for: the outbox knows what became of it the next time.
        self._ending.set()


class Delivery:
    """Delivers what Slack did not take when it was wanted, and knows how that stands."""

    def __init__(self, outbox: Outbox, counters: Counters, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._counters = counters
        self._now = now
        # One assignment of one object: read from other threads.
        self._seen: tuple[Backlog, Mapping[str, Sending]] = (Backlog({}, None, 0), {})

    def __call__(self) -> None:
        """One round."""
        with tried(self._counters, "delivering to Slack", "delivery"):
            done = self._outbox.deliver()
            before, self._seen = self._seen[0].waiting, self._outbox.backlog()
            waiting = self._seen[0].waiting
            changes = {
                ("posts_waiting", str(priority)): waiting.get(priority, 0) - before.get(priority, 0)
                for priority in {*before, *waiting}
            }
            changes |= {("posts_sent", ""): done.sent, ("posts_refused", ""): done.refused}
            self._counters.add_all({**changes, ("posts_unknown", ""): done.unknown})

    def vital(self) -> Vital:
        """How Slack is, as of the last round; from any thread."""
        return slack_vital(*self._seen, self._now())

    def oldest_s(self) -> float:
        """Seconds the oldest post has waited."""
        return oldest_s(self._seen[0], self._now())


class Closing:
    """Closes incidents that no raise reopens any more."""

    def __init__(self, store: Store, counters: Counters, now: Callable[[], datetime]) -> None:
        self._store = store
        self._counters = counters
        self._now = now

    def __call__(self) -> None:
        """All that are due, a few at a time."""
        with tried(self._counters, "closing incidents", "closing"):
            while self._store.close_resolved(self._now()):
                pass


class Beating:
    """Says that an observer is alive, so that people who ask for something learn when nobody would do it."""

    def __init__(self, store: Store, counters: Counters, now: Callable[[], datetime]) -> None:
        self._store = store
        self._counters = counters
        self._now = now

    def __call__(self) -> None:
        """Once."""
        with tried(self._counters, "saying that the observer is alive", "beating"):
            self._store.beats.beat(OBSERVER, self._now())


class AskingAgain:
    """Puts to the rules again what nobody answered, long after they were asked."""

    def __init__(
        self,
        store: Store,
        after: timedelta,
        ask: Callable[[Sequence[Json]], object],
        counters: Counters,
        now: Callable[[], datetime],
        is_silenced: Callable[[Json], bool] = lambda _: False,
    ) -> None:
        """What `is_silenced` is nobody's to answer now: it is asked about when that ends."""
        self._store = store
        self._after = after
        self._ask = ask
        self._counters = counters
        self._now = now
        self._is_silenced = is_silenced

    def __call__(self) -> None:
        """A round."""
        with tried(self._counters, "asking again what nobody answered", "asking"):
            overdue = self._store.overdue(self._now(), self._after)
            events = [event for event in overdue if not self._is_silenced(event)]
            for event in events:
                log.warning("nobody answered, asking the rules again", incident=event["incident"]["id"])
            if events:
                self._counters.add("asked_late", n=len(events))
                self._ask(events)


class Pruning:
    """Prunes the log, once an hour and in one replica at a time."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        counters: Counters,
        now: Callable[[], datetime],
        pause: Callable[[], object] = lambda: time.sleep(PRUNE_PAUSE_S),
    ) -> None:
        self._store = store
        self._policy = policy
        self._counters = counters
        self._now = now
        self._pause = pause
        self._owner = f"observer/{uuid.uuid4().hex}"
        self._due_at: datetime | None = None

    def __call__(self) -> None:
        """A round, if one is due."""
        if self._due_at is not None and self._now() < self._due_at:
            return
        with tried(self._counters, "pruning the log", "pruning"):
            self._round()

    def _round(self) -> None:
        lease = self._store.leases.acquire(PRUNE_LEASE, self._owner, PRUNE_LEASE_S, self._now())
        if lease is None:
            return
        try:
            pruned = self._store.retention.prune(self._policy, self._now(), pause=self._pause)
        finally:
            self._store.leases.release(lease)
        self._due_at = None if pruned.cut else self._now() + PRUNED_FOR
        if pruned.rows:
            self._counters.add_all({("pruned", table): rows for table, rows in pruned.rows.items()})
            log.info("pruned the log", **pruned.rows, more_is_due=pruned.cut)
        if pruned.excess and not pruned.cut:
            log.warning(
                "the database holds more than log.keep_octets, and nothing more may go",
                octets_too_many=pruned.excess,
                what_stays="unresolved incidents, what waits for Slack, the last hour",
            )


class Report:
    """Says what came and what became of it, when anything changed since the last time."""

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts
        self._before: Mapping[str, int] = {}

    def __call__(self) -> None:
        """One line, or none."""
        now = self._counts()
        if now != self._before:
            log.info("observed", **now)
            self._before = now
