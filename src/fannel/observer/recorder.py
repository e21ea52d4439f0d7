"""The first half of the observer: takes datagrams from the spool, puts their events on record, hands them to custody.

Nothing from outside ends it. A spool or a database that is away is waited for, while what comes waits on disk; a
defect of ours costs one datagram, is counted and said.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from fannel import logs
from fannel.event import Source
from fannel.incidents.store import StoreError
from fannel.incidents.store.activities import Activity
from fannel.intake.datagram import Note
from fannel.intake.noise import Noise
from fannel.intake.restarts import Restarts
from fannel.intake.spool import SpoolError
from fannel.intake.storm import RulesBehind
from fannel.intake.vital import Heartbeat
from fannel.kinds.classify import UNKNOWN_SYSLOG
from fannel.normalise import canary_event, spooled_id
from fannel.observer.asking import AskedAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fannel.event import Event, Json
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters
    from fannel.intake.quiet import Quiet
    from fannel.intake.spool import Spooled, SpoolId, SpoolReader
    from fannel.observer.custody import Custody
    from fannel.pipeline import Pipeline, Seen

log = logs.Logger("fannel.observer")

# A batch is a transaction. The first is small, so that the rules do not wait for a large one to be through; after a
# full one comes one twice as large, to this bound: in a storm what a transaction costs is shared by many.
BATCH, LARGEST_BATCH = 50, 200
# How long the spool may be waited for: also how late a quiet device or the end of a storm is noticed.
WAIT_S = 0.25
# How often the record is asked what became due: held incidents, outlived causes, calm.
DUE_EVERY_S = 1.0
# A transaction may wait for the disk, or for whoever holds the database, for a while.
STALLED_AFTER_S = 120.0
RETRY_FIRST_S, RETRY_LAST_S = 0.5, 30.0

_Done = TypeVar("_Done")


class Recorder:
    """`run()` until custody is closed. `trouble` says what of the record or the spool is away, by name."""

    def __init__(
        self,
        spool: SpoolReader,
        pipeline: Pipeline,
        quiet: Quiet,
        custody: Custody,
        counters: Counters,
        *,
        now: Callable[[], datetime],
        noise: Noise | None = None,
        silenced: Callable[[Event], Event] = lambda event: event,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """`noise` is what keeps lines of no kind within bounds; without it, all are for the rules.

        `silenced` gives an event with the silence it comes under, to be recorded with it; `prepare` reads from the
        store what that takes, before the first event.
        """
        self._prepare = prepare
        self._silenced = silenced
        self._noise = noise if noise is not None else Noise("debug", 0)
        self._spool = spool
        self._pipeline = pipeline
        self._store: Store = pipeline.store
        self._quiet = quiet
        self._custody = custody
        self._counters = counters
        self._now = now
        self._restarts = Restarts()
        self._last: SpoolId | None = None
        self._batch = BATCH
        self._asked = AskedAgain((), now())
        self._own: list[Event] = []  # on record, and to be said when there is room
        self._quiet_due_at = self._due_at = 0.0
        self.trouble: dict[str, str] = {}
        self.heartbeat = Heartbeat("recording", STALLED_AFTER_S)

    def run(self) -> None:
        """Record until the end."""
        self._begin()
        self.ask_again()
        while not self._custody.closed:
            self.step()

    def _begin(self) -> None:
        try:
            self._patiently("store", self._prepare, StoreError)
        except Exception:
            # A defect of ours. What comes is told as if nobody had silenced it, until the next look succeeds.
            log.exception("silences cannot be read")
            self._counters.add("defects", "silences")

    def ask_again(self) -> None:
        """What was not answered to the end when the last observer ended is put to the rules again."""
        try:
            events = self._patiently("store", self._store.unfinished, StoreError) or []
        except Exception:
            # A defect of ours, in one row: what comes now matters more than what waited.
            log.exception("what was not answered before cannot be read")
            self._counters.add("own_events_lost")
            return
        self._asked = AskedAgain(events, self._now())
        self._note_asked_again(events)
        for event in events:
            log.info("asking the rules again", incident=event["incident"]["id"], fingerprint=event["fingerprint"])
        self._custody.ask_again(events)

    def _note_asked_again(self, events: Sequence[Json]) -> None:
        said = "asking: not answered to the end before a restart, the rules are asked again"
        done = [Activity(self._now(), "decision", said, one["incident"]["id"], one["id"]) for one in events]
        self._patiently("store", lambda: self._store.activities.note(done), StoreError)

    def step(self) -> None:
        """One batch, if there is one and room for it, and what is to be said besides."""
        self.heartbeat.beat()
        self._say_own()
        if not self._custody.has_room:
            self._custody.wait_room(WAIT_S)
            return
        spooled = self._patiently("spool", self._read, SpoolError)
        if spooled:
            self._last = spooled[-1].id
            self._custody.read(len(spooled))
            self._record(spooled)

    def _read(self) -> Sequence[Spooled]:
        if not self._spool.wait(self._last, WAIT_S):
            return ()
        some = self._spool.read(self._last, self._batch)
        self._batch = min(2 * self._batch, LARGEST_BATCH) if len(some) >= self._batch else BATCH
        return some

    def _record(self, spooled: Sequence[Spooled]) -> None:
        canaries = [one for one in spooled if one.datagram.note is Note.CANARY]
        for one in canaries:
            at, source = one.datagram.received_at, Source(one.datagram.source)
            event_id = spooled_id(at, one.id.octets())
            self._custody.canary(canary_event(received_at=at, source=source, event_id=event_id), one.id)
        others = [one for one in spooled if one.datagram.note is not Note.CANARY] if canaries else spooled
        observed = self._worth_recording(self._pipeline.observe(others))
        self._note_restarts(observed)
        for seen in self._commit(observed):
            try:
                self._hand_over(seen)
            except Exception:
                # A defect of ours: it is on record, and read again it would fail again.
                log.exception("an event could not be handed over", source=seen.spooled.datagram.source)
                self._custody.settle(seen.spooled.id, "lost", "defect")

    def _note_restarts(self, observed: Sequence[Seen]) -> None:
        """Restarts that uptimes show go on record before the links that fall with them."""
        shown = [restart for one in observed if one.event is not None and (restart := self._restarts.heard(one.event))]
        for restart in shown:
            log.info(
                "a device restarted, as its uptime says", host=restart.host.name, at=restart.received_at.isoformat()
            )
        self._own += self._on_record(shown)

    def _worth_recording(self, observed: Sequence[Seen]) -> list[Seen]:
        """All but the noise of which enough is on record; it was counted, and its device was heard."""
        kept: list[Seen] = []
        for seen in observed:
            recorded = None if seen.event is None else self._noise.recorded(seen.event, self._now())
            if recorded is not None:
                recorded = self._silenced(recorded)
            if seen.event is None or recorded is seen.event:
                kept.append(seen)
            elif recorded is not None:
                kept.append(replace(seen, event=recorded))
            else:
                self._own += self._on_record(self._quiet.heard(seen.event, self._now()))
                self._custody.settle(seen.spooled.id, "coalesced", UNKNOWN_SYSLOG)
        return kept

    def _hand_over(self, seen: Seen) -> None:
        found, event = seen.spooled.id, seen.event
        if seen.refusal is not None or seen.spooled.datagram.note is Note.NOTICE:
            name, reason = ("notices", "") if seen.refusal is None else ("rejected", seen.refusal.reason)
            if event is None:
                self._custody.settle(found, name, reason)
            else:
                self._in_time(lambda now: self._custody.say(event, now, found, name, reason))
            return
        if event is None:
            self._custody.settle(found, "lost", "defect")
            return
        self._own += self._on_record(self._quiet.heard(event, self._now()))
        if self._noise.is_noise(event):
            self._custody.settle(found, "coalesced", UNKNOWN_SYSLOG)
            return
        left = self._asked.left_of(event)
        if left is None:
            self._custody.refer(found, event.id, "coalesced", "asked_again")
        else:
            self._in_time(lambda now: self._custody.offer(left, found, now))

    def _in_time(self, offer: Callable[[datetime], None]) -> None:
        """Offer it as soon as the rules are not behind. At the end it may be left: it was not acknowledged."""
        while not self._custody.closed:
            self.heartbeat.beat()
            try:
                offer(self._now())
            except RulesBehind:
                self._custody.wait_room(WAIT_S)
            else:
                return

    def _commit(self, seen: Sequence[Seen]) -> list[Seen]:
        """Put a batch on record, however long the database is away: an event without a record might be answered twice.

        A defect of ours, in one event, must not take the others with it: that one comes back without event.
        """
        try:
            return self._patiently("store", lambda: self._pipeline.commit(seen), StoreError) or []
        except Exception:
            if len(seen) > 1:
                half = len(seen) // 2
                return self._commit(seen[:half]) + self._commit(seen[half:])
            log.exception("an event could not be recorded", source=seen[0].spooled.datagram.source)
            return [replace(seen[0], event=None)]

    def _say_own(self) -> None:
        """What FANNEL itself has to say of storms and of quiet devices: first on record, then to the rules."""
        now = self._now()
        self._own += self._due(now)
        events = self._custody.notices(now)
        if time.monotonic() >= self._quiet_due_at:
            events += self._quiet.due(now)
            self._quiet_due_at = time.monotonic() + min(1.0, self._quiet.due_in_s(now) or 1.0)
        self._own += self._on_record(events)
        while self._own:
            try:
                self._custody.say(self._own[0], self._now())
            except RulesBehind:
                return
            del self._own[0]

    def _due(self, now: datetime) -> Sequence[Event]:
        """What became due in the record while nothing came: on record already."""
        if time.monotonic() < self._due_at:
            return ()
        self._due_at = time.monotonic() + DUE_EVERY_S
        try:
            return self._patiently("store", lambda: self._store.due(now), StoreError) or ()
        except Exception:
            log.exception("what is due cannot be read")
            self._counters.add("own_events_lost")
            return ()

    def _on_record(self, events: Sequence[Event]) -> Sequence[Event]:
        if not events:
            return ()
        observed = [(self._silenced(event), b"") for event in events]
        try:
            return self._patiently("store", lambda: self._store.record(observed), StoreError) or ()
        except Exception:
            log.exception("an event of FANNEL's own could not be recorded", kinds=sorted({e.kind for e in events}))
            self._counters.add("own_events_lost", n=len(events))
            return ()

    def _patiently(self, what: str, work: Callable[[], _Done], error_type: type[Exception]) -> _Done | None:
        """Do it, again and again while `what` is away; None only when everything is to end."""
        delay_s = RETRY_FIRST_S
        while True:
            self.heartbeat.beat()
            try:
                done = work()
            except error_type as error:
                self.trouble[what] = str(error)
                log.error("cannot record, trying again", what=what, reason=str(error), retry_in_s=delay_s)
                self._counters.add(f"{what}_errors")
                if self._custody.wait_closed(delay_s):
                    return None
                delay_s = min(delay_s * 2, RETRY_LAST_S)
            else:
                self.trouble.pop(what, None)
                return done
