"""Faults that nobody clears: the rules are asked whether they are still true, and people are reminded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.storm import RulesBehind
from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from fannel.checks.find import Checks
    from fannel.event import Event, Json
    from fannel.incidents.incident import Incident
    from fannel.incidents.recheck import RecheckPolicy
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters
    from fannel.observer.custody import Custody
    from fannel.respond import Responder

log = logs.Logger("fannel.observer")

RECHECK_EVERY_S = 10.0
# How long a person waits for the rules to be asked.
WANTED_EVERY_S = 1.0
REMIND_EVERY_S = 60.0
_REMINDED_AT_ONCE = 20


class Rechecks:
    """Asks about what is due, where a check can answer, while the rules have room for it."""

    def __init__(
        self,
        store: Store,
        policy: RecheckPolicy,
        checks: Checks,
        custody: Custody,
        counters: Counters,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._policy = policy
        self._checks = checks
        self._custody = custody
        self._counters = counters
        self._now = now

    def __call__(self) -> None:
        """One round."""
        if not self._custody.has_room:
            return
        with tried(self._counters, "looking for faults to check again", "rechecks"):
            for event in self._store.take_rechecks(self._now(), self._policy, self._answerable):
                self._ask(event)

    def wanted(self) -> None:
        """A round, if a person waits for one: asking whether costs no write."""
        with tried(self._counters, "looking who wants a fault checked", "rechecks"):
            if self._store.recheck_wanted(self._now()):
                self()

    def _ask(self, event: Event) -> None:
        try:
            self._custody.say(event, self._now())
        except RulesBehind:
            return  # it is on record as asked and not answered: its turn comes again
        self._counters.add("rechecks")
        log.info("asking whether it is still true", incident=(event.incident or {})["id"], event=event.id)

    def _answerable(self, incident: Incident) -> bool:
        """Whether there is a check to run."""
        return incident.host.known and self._checks.answers(incident.problem, incident.host.os)


class Reminding:
    """Says once of a fault that it lasts and that nobody acknowledged it."""

    def __init__(
        self,
        store: Store,
        responder: Responder,
        after: timedelta,
        counters: Counters,
        now: Callable[[], datetime],
        is_silenced: Callable[[Json], bool] = lambda _: False,
    ) -> None:
        """Of what `is_silenced` nobody is reminded before that ends."""
        self._store = store
        self._is_silenced = is_silenced
        self._responder = responder
        self._after = after
        self._counters = counters
        self._now = now

    def __call__(self) -> None:
        """All that are due, a few a minute."""
        with tried(self._counters, "reminding of faults that nobody answered", "rechecks"):
            self._remind(self._now())

    def _remind(self, now: datetime) -> None:
        reminded, since = 0, None
        while reminded < _REMINDED_AT_ONCE and (some := self._store.unanswered(now, self._after, beyond=since)):
            for incident in some:
                # Not by the incident alone: a silence may be of a kind of event.
                opening = self._store.event_json(incident.opened_by)
                if opening is None or not self._is_silenced(opening):
                    self._responder.remind(incident)
                    reminded += 1
            since = (some[-1].opened_at, some[-1].id)
