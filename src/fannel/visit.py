"""A visit to a device: one login that answers everything runs want to know of it at that time.

Every run says first that its fault began, asks, and waits for its turn. Whoever gets the turn logs in, answers its own
event and those of the runs that wait, and leaves each its verdict; they end without a login. What a visit has not
answered when it is killed is still asked: the next turn answers it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from fannel.checks import session
from fannel.checks.errors import CheckError, NoCheckError
from fannel.checks.find import Checks
from fannel.event import Subject
from fannel.incidents import lease
from fannel.incidents.look import KIND as LOOK
from fannel.incidents.recheck import KIND as RECHECK
from fannel.incidents.store import StoreError
from fannel.incidents.store.asks import NOTHING
from fannel.login import POLL_S, Turn, Turns, guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel import config
    from fannel.checks.verdict import Verdict
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.incidents.lease import Keeper, Lease
    from fannel.incidents.store import Store
    from fannel.login import Device
    from fannel.respond import Responder, Say

# One login answers so many at most; whoever waits then takes the next turn.
MOST_ANSWERS = 50
# A device that says that it started is tried again so much later, in seconds, where it takes no login yet.
STARTING = "device_restart"
STARTING_S = (20.0, 40.0)
# What a run asked so long ago it does not wait for any more.
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Visits:
    """How runs come to answers. Every method raises StoreError when the database is away."""

    store: Store
    responder: Responder
    checks: Checks
    turns: Turns
    policy: config.Leases
    now: Callable[[], datetime] = lease.utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, settings: Settings, responder: Responder) -> Self:
        """As the settings say."""
        checks = Checks.beside(settings.checks.path)
        turns = Turns(responder.store.leases, settings.leases, settings.site.zone)
        return cls(responder.store, responder, checks, turns, settings.leases)

    def answer(self, event: Json, reach: Callable[[], Device], say: Say = "first") -> Json | None:
        """The verdict on an event, as an event for the rules; None when nothing was left to answer.

        `reach` gives the device, not yet logged in to; it is called only when it is our turn. `say` is when people are
        told of an event that has no incident.
        """
        if "incident" not in event:
            return self._alone(event, reach, say)
        # It asks before it says anything: a fault that is said and not asked about is one that nobody waits for.
        self.store.asks.put(event, self.now())
        turn = self._turn(event)
        if turn.lease is not None:
            return _Visit(self, event, turn).run(turn.lease, reach)
        # Before anything is said: whoever is logged in must not answer it as well.
        self.store.asks.withdraw(event["id"])
        if turn.answer is not None:
            return turn.answer or None
        return self.finish(event, session.inconclusive(turn.waited))

    def finish(self, event: Json, verdict: Verdict) -> Json:
        """Say what was found; what that means depends on what the event asked."""
        if event["kind"] == RECHECK:
            return self.responder.recheck(event, verdict)
        if event["kind"] == LOOK:
            return self.responder.attach(event, verdict)
        if event["phase"] == "clear":
            return self.responder.recover(event, verdict)
        return self.responder.conclude(event, verdict)

    def _alone(self, event: Json, reach: Callable[[], Device], say: Say) -> Json:
        """Look at what has no incident: nobody else can answer for it, and it for nobody."""
        if say == "first":
            self.responder.note(event)
        verdict = self._at_our_turn(event, reach)
        for after_s in STARTING_S if event["problem"] == STARTING else ():
            if any(output.text for output in verdict.outputs):
                break
            # Its agent is up before it takes logins.
            self.sleep(after_s)
            verdict = self._at_our_turn(event, reach)
        return self.responder.report(event, verdict, say)

    def _at_our_turn(self, event: Json, reach: Callable[[], Device]) -> Verdict:
        turn = self.turns.take(event, lambda: None)
        if turn.lease is None:
            return session.inconclusive(turn.waited)
        with lease.Keeper(self.store.leases, turn.lease, self.policy.hold_s, StoreError, self.now) as kept:
            device = reach()
            try:
                return replace(device.hidden(self.look(event, device, kept)), waited=turn.waited)
            finally:
                device.hang_up()

    def look(self, event: Json, device: Device, kept: Keeper) -> Verdict:
        """What the check of the event's problem finds there."""
        try:
            check = self.checks.find(event["problem"], event["host"].get("os"))
        except (NoCheckError, CheckError) as error:
            return session.inconclusive(str(error))
        subject = Subject(**event["subject"])
        if event["kind"] == LOOK and subject.type != check.subject:
            subject = Subject("device")  # a look at something else: no sensor is called as the fan that failed
        return session.run(check, subject, guarded(device.ask, kept))

    def _turn(self, event: Json) -> Turn:
        if not self._begin(event):
            return Turn(answer=self.store.asks.answer(event["id"]) or NOTHING)
        try:
            return self.turns.take(event, lambda: self.store.asks.answer(event["id"]))
        except StoreError as error:
            return Turn(waited=f"nobody can tell whether another run is logged in to this device: {error}")

    def _begin(self, event: Json) -> bool:
        """Say that a fault began; whether an answer is still wanted."""
        if event["kind"] == RECHECK:
            return self.responder.recheck_wanted(event)
        return event["phase"] != "raise" or self.responder.announce(event)


class _Visit:
    """One login, made for `event`."""

    def __init__(self, visits: Visits, event: Json, turn: Turn) -> None:
        self._visits = visits
        self._event = event
        self._turn = turn
        self._host: str = event["host"]["name"]
        self._seen: set[str] = set()
        self._found: tuple[Json, Verdict] | None = None
        self._answer: Json | None = None

    def run(self, taken: Lease, reach: Callable[[], Device]) -> Json | None:
        """Answer the event, then what waits, for as long as there is something to wait for."""
        visits = self._visits
        visits.store.asks.forget(visits.now() - FORGOTTEN_AFTER)
        # Those who wait for us give up after `wait_s`: until then they need a turn of their own.
        until = visits.clock() + visits.policy.wait_s / 2
        with lease.Keeper(visits.store.leases, taken, visits.policy.hold_s, StoreError, visits.now) as kept:
            device = reach()
            try:
                event: Json | None = self._event
                while event is not None:
                    self._finish()
                    self._seen.add(event["id"])
                    self._found = event, device.hidden(visits.look(event, device, kept))
                    more = not (device.lost or kept.lost) and len(self._seen) < MOST_ANSWERS
                    event = self._next(until) if more else None
            finally:
                device.hang_up()
            # The last one is said when the device's line is free again, since Slack may be slow; but before the lease
            # is, lest the run that asked takes it and logs in.
            self._finish()
        return self._answer

    def _finish(self) -> None:
        """Say what was found last, if that is not said yet, and leave it for the run that asked."""
        if self._found is None:
            return
        event, verdict = self._found
        self._found = None
        asks = self._visits.store.asks
        if event is not self._event:
            asks.settle(event["id"], self._visits.finish(event, verdict))
            return
        self._answer = self._visits.finish(event, replace(verdict, waited=self._turn.waited))
        asks.withdraw(event["id"])

    def _next(self, until: float) -> Json | None:
        """What is to be looked at next; None when that is all. Waits for runs that are on their way."""
        visits = self._visits
        while visits.clock() < until:
            # In this order: a run that comes in between is seen once or the other way, never neither.
            more = self._others_may_come()
            waiting = visits.store.asks.waiting(self._host, MOST_ANSWERS)
            for event in (event for event in waiting if event["id"] not in self._seen):
                if not self._over(event):
                    return event
                self._seen.add(event["id"])
                visits.store.asks.settle(event["id"], NOTHING)
            if not more:
                break
            self._finish()
            visits.sleep(POLL_S)
        return None

    def _over(self, event: Json) -> bool:
        incident = self._visits.store.incident(event["incident"]["id"])
        return incident is None or incident.over

    def _others_may_come(self) -> bool:
        since = self._visits.now() - timedelta(seconds=self._visits.policy.linger_s)
        expected = self._visits.store.asks.expected(self._host, since)
        # Our own incident's next run may well be waiting for us to end: a rule keeps two runs off one fault.
        own = self._event["incident"]["id"]
        return any(case != own and event_id not in self._seen for case, event_id in expected)
