"""What playbooks do about an incident: say it, judge it, say what was found, resolve it.

The logic of the collection's action plugins, free of Ansible. Every step may be repeated: posts have keys, states
only move forward, so a playbook that ran twice (a restart, a repeated rule) leaves the thread as if it ran once.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Self

from ulid import ULID

from fannel import logs
from fannel.checks.unseen import unseen
from fannel.event import Event
from fannel.incidents.judged import verdict_event
from fannel.incidents.look import LOOKED, unrelated
from fannel.incidents.store import Store, StoreError
from fannel.incidents.store.about import NoIncidentError
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.changes import By
from fannel.incidents.store.lost import again_if_lost
from fannel.incidents.store.posts import FIRST, RECOVERY, SUMMARY, VERDICT
from fannel.looked import activities
from fannel.posting import Thread, open_outbox, post, reader_of
from fannel.slack import layout
from fannel.slack.layout import course

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fannel.checks.verdict import Verdict
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.incidents.incident import Incident
    from fannel.incidents.store.about import About
    from fannel.slack.layout import Message
    from fannel.slack.outbox import Outbox
    from fannel.slack.words import Reader


log = logs.Logger("fannel.respond")

# When people are told of what is no fault: at once, and then what a look found; or only what a look confirmed.
Say = Literal["first", "confirmed"]


class UnknownIncidentError(LookupError):
    """The event's incident is not in this database: source and playbook read different settings."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class Responder:
    """The steps of the playbooks, on one store and one outbox. All raise StoreError when the store is away."""

    def __init__(
        self, settings: Settings, store: Store, outbox: Outbox | None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.store = store
        self._settings = settings
        self._outbox = outbox
        self._now = now
        self._reader = reader_of(settings)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """A responder on the configured database and Slack."""
        store = Store.open(settings.database.url)
        return cls(settings, store, open_outbox(settings, store))

    def close(self) -> None:
        """Give the database back."""
        self.store.close()

    @again_if_lost
    def announce(self, event: Json) -> bool:
        """Open the incident's thread before anything is known; False when this event was answered already.

        What is left of a fault that is over is looked at before anybody is told: its clear may have been lost, too.

        Raises:
            UnknownIncidentError: the incident is not in this database.
        """
        with self._about(event) as it:
            it.answer(self._by(f"event {event['id']}"))
            incident, thread = it.incident, self._thread(it)
            answered = it.wanted(_key(incident, "verdict", event))
            if self._outbox is not None and not it.left_over:
                thread.parent()
                if incident.reopened and not incident.over:
                    # The thread's parent says that it recovered, and an edit reaches no telephone.
                    self._say_reopened(thread, incident, event)
        self._deliver(incident)
        return not (answered or incident.over)

    @again_if_lost
    def conclude(self, event: Json, verdict: Verdict) -> Json:
        """Keep the verdict, reply with what was found, update the parent; returns the event for the rules.

        Where another run of the same question was first, what this one found is news only if it is over by now.
        """
        with self._about(event) as it:
            it.answer(self._by(f"event {event['id']}"))
            self._log(it, event, verdict)
            key, over = _key(it.incident, "verdict", event), it.incident.over
            told = over or it.wanted(key)
            if not told:
                self._judge(it, verdict)
            left_over = it.left_over
            if verdict.outcome == "cleared":
                # It was over before anybody looked: the clear may come, may be lost, and changes nothing.
                it.resolve(self._began(verdict), self._by("check", verdict.reason))
            incident, thread, to = it.incident, self._thread(it), self._reader
            if left_over and incident.over:
                ended = "correlation: it ended with its cause, so nobody is told of it"
                it.note([Activity(self._now(), "decision", ended, incident.id, event["id"])])
            elif self._outbox is not None:
                if not told:
                    thread.reply(VERDICT, key, _calm(event, layout.collected(incident, verdict, key, to), to))
                    thread.update(VERDICT, _key(incident, "update", event))
                elif incident.over and not over:
                    key = _key(incident, "recovered", event)
                    thread.reply(RECOVERY, key, _calm(event, layout.recovered(incident, verdict, key, to), to))
                    thread.update(RECOVERY, f"{key}/update")
        self._deliver(incident)
        return self._verdict_event(event, incident, verdict)

    @again_if_lost
    def recover(self, event: Json, verdict: Verdict) -> Json:
        """Resolve the incident if the check agrees (or could not tell: then the device's word counts)."""
        with self._about(event) as it:
            self._log(it, event, verdict)
            if it.incident.over:
                return self._verdict_event(event, it.incident, verdict)
            if verdict.outcome == "cleared":
                it.resolve(self._began(verdict), self._by("check", verdict.reason))
            elif verdict.outcome == "inconclusive":
                said_at = datetime.fromisoformat(event["received_at"])
                it.resolve(said_at, self._by(f"event {event['id']}", f"not verified: {verdict.reason}"))
            if not it.incident.over:
                if verdict.outcome in ("cleared", "inconclusive"):
                    verdict = replace(verdict, outcome="confirmed", reasons=("it was raised again meanwhile",))
                self._judge(it, verdict)
            incident = it.incident
            if self._outbox is not None:
                lay_out, what = (layout.recovered, "recovered") if incident.over else (layout.still_down, "still_down")
                key, thread, to = _key(incident, what, event), self._thread(it), self._reader
                thread.reply(RECOVERY, key, _calm(event, lay_out(incident, verdict, key, to), to))
                thread.update(RECOVERY, _key(incident, "update", event))
        self._deliver(incident)
        return self._verdict_event(event, incident, verdict)

    def recheck_wanted(self, event: Json) -> bool:
        """Whether nobody knows yet if the fault that this event of kind `recheck` asks about is still there."""
        incident = self._incident(event)
        return not incident.over and incident.recheck_id == event["id"]

    @again_if_lost
    def recheck(self, event: Json, verdict: Verdict) -> Json:
        """What another look found: over, or still there. The latter makes no new post, unless a person asked for it.

        A look that told nothing changes nothing; what nobody was told of ends without a word. What is still there and
        nobody answered is for the rules to tell: they are asked again.
        """
        with self._about(event) as it:
            before = it.incident
            if not before.over and before.recheck_id == event["id"]:
                self._log(it, event, verdict)
                self._rechecked(it, event, verdict)
                it.rechecked(event["id"], self._now() + timedelta(seconds=self._settings.incidents.recheck_every_s))
            incident = it.incident
        self._deliver(incident)
        return self._verdict_event(event, incident, verdict)

    def attach(self, event: Json, verdict: Verdict) -> Json:
        """Say in the fault's thread what a look at something else found; it changes nothing but the thread."""
        with self._about(event) as it:
            self._log(it, event, verdict)
            incident = it.incident
            began_at = incident.reopened_at or incident.opened_at
            if (why_not := unrelated(event, verdict.facts, began_at, self._now())) is not None:
                it.note([Activity(self._now(), "decision", why_not, incident_id=incident.id, event_id=event["id"])])
            elif self._outbox is not None and it.told:
                # Once for each time it opened, however often somebody looks.
                key = f"{incident.id}/looked/{event['problem']}/{event['host']['name']}/{incident.opened_by}"
                said = course.looked_further(Event.from_json(event), incident, verdict, key, self._reader)
                self._thread(it).reply(VERDICT, key, said)
        self._deliver(incident)
        return _looked(event, verdict)

    @again_if_lost
    def report(self, event: Json, verdict: Verdict, say: Say) -> Json:
        """What a look at something found that is no fault, and has no thread: said where it tells something."""
        self.store.activities.note([*activities(event, verdict, self._now())])
        # What is said only when it is confirmed may go on and on: it is said once an hour, however many events it has.
        key = f"{event['fingerprint']}/{self._now():%Y-%m-%dT%H}/found" if say == "confirmed" else None
        if verdict.outcome == "confirmed" or (say == "first" and verdict.outcome != "inconclusive"):
            self.note(event, verdict, key)
        return _looked(event, verdict)

    def look_again(self, event: Json, after_s: float) -> bool:
        """Have the fault looked at once more, `after_s` seconds from now; False where it is over."""
        with self._about(event) as it:
            return it.look_again(self._now() + timedelta(seconds=after_s))

    def escalate(self, event: Json, channel: str) -> bool:
        """Say in another channel, once for each time it opened, what a check confirmed; False where nobody is told."""
        if self._outbox is None:
            return False
        with self._about(event) as it:
            incident = it.incident
            key = f"{incident.id}/escalated/{incident.opened_by}"
            if incident.over or it.wanted(key):
                return False
            message = course.escalated(incident, key, self._reader)
            row = post(self._settings, self._now(), None, "note", key, message, FIRST)
            it.want(replace(row, channel=channel))
            it.note([Activity(self._now(), "decision", f"escalated to {channel}", incident_id=incident.id)])
        self._outbox.deliver(key)
        return True

    def remind(self, incident: Incident) -> None:
        """Say once that it lasts and nobody acknowledged it."""
        with self.store.about(incident.id) as it:
            if it.incident.state in ("new", "open") and it.told:
                key = f"{incident.id}/unanswered/{it.incident.opened_by}"
                said = course.unanswered(it.incident, key, self._reader, now=self._now())
                self._thread(it).reply(VERDICT, key, said)

    @again_if_lost
    def note(
        self, event: Json, found: Verdict | None = None, key: str | None = None, often: layout.Often | None = None
    ) -> None:
        """Say what nobody logs in for: a fault on an unknown device gets its thread, everything else one message.

        Or what a look at it `found`, in a message of its own. What has the same `key` is said once. `often` is what
        the rule counted.
        """
        if "incident" in event:
            verdict = unseen(event)
            if event["phase"] == "clear":
                self.recover(event, verdict)
            elif self.announce(event):
                self.conclude(event, verdict)
            return
        if self._outbox is None:
            return
        logged = self.store.event_json(event["id"]) or event
        key = key or f"event/{event['id']}" + ("/found" if found else "")
        message = layout.note(Event.from_json(logged), key, self._reader, found, often)
        self.store.posts.want(post(self._settings, self._now(), None, "note", key, message, FIRST))
        self._outbox.deliver(key)

    def retell(self, incident_id: str, *, quietly: bool = False) -> bool:
        """Bring the parent message up to date; False where there is none, because nobody was told of it.

        That it flaps is a reply as well, once and kept up to date: nobody hears a message change. Not `quietly`.
        """
        if self._outbox is None:
            return False
        try:
            with self.store.about(incident_id) as it:
                if told := it.told:
                    thread, aside = self._thread(it), it.aside(self._now())
                    thread.update(SUMMARY, f"{incident_id}/aside/{ULID()}")
                    if aside.flapping_since is not None:
                        key = f"{incident_id}/flapping/{aside.flapping_since.timestamp():.0f}"
                        said = course.flapping(it.incident, aside, it.turns(), key, self._reader)
                        if it.wanted(key):
                            thread.edit(SUMMARY, key, str(ULID()), said)
                        elif not quietly:
                            thread.reply(SUMMARY, key, said)
        except NoIncidentError:  # pruned meanwhile
            return False
        return told

    # --- inside -----------------------------------------------------------------------------------------------

    def _incident(self, event: Json) -> Incident:
        incident = self.store.incident(event["incident"]["id"])
        if incident is None:
            raise self._unknown(event)
        return incident

    @contextmanager
    def _about(self, event: Json) -> Iterator[About]:
        try:
            with self.store.about(event["incident"]["id"]) as it:
                yield it
        except NoIncidentError:
            raise self._unknown(event) from None

    def _thread(self, it: About) -> Thread:
        return Thread(it, self._settings, self._reader, self._now())

    def _by(self, who: str, why: str | None = None) -> By:
        return By(who, self._now(), why)

    def _say_reopened(self, thread: Thread, incident: Incident, event: Json) -> None:
        thread.update(FIRST, _key(incident, "reopened", event))
        if (event.get("flap") or {}).get("flapping"):
            return  # the parent says so, and counts
        key = _key(incident, "back", event)
        thread.reply(FIRST, key, course.reopened(incident, key, self._reader))

    def _rechecked(self, it: About, event: Json, verdict: Verdict) -> None:
        before = it.incident
        by = self._by("check", f"found by re-check: {verdict.reason}")
        found_over = verdict.outcome == "cleared" and it.resolve(self._began(verdict), by)
        known, changed, told = before.verdict or {}, False, it.told
        # Answered, and yet nobody was told: there was no Slack then.
        late = not told and (verdict.outcome, before.state, before.cause) == ("confirmed", "open", None)
        if verdict.outcome not in ("cleared", "inconclusive"):
            if not (told and before.recheck_for) and it.hurry():
                return  # a verdict would say that it was answered; rules that leave it alone do so again
            self._judge(it, verdict)
            changed = (known.get("outcome"), known.get("reason")) != (verdict.outcome, verdict.reason)
        if self._outbox is None or not (told or late):
            return
        thread, to = self._thread(it), self._reader
        if found_over:
            key = _key(before, "recovered", event)
            thread.reply(RECOVERY, key, course.found_over(it.incident, verdict, key, to))
        elif late or before.recheck_for or (changed and known.get("outcome") == "inconclusive"):
            # Somebody waits for it; or it is the first that anybody knows, and an edit reaches no telephone.
            key = _key(before, "verdict", event)
            said = layout.collected(it.incident, verdict, key, to, asked_by=before.recheck_for)
            thread.reply(VERDICT, key, said)
        if found_over or changed:
            thread.update(RECOVERY if found_over else SUMMARY, _key(before, "update", event))

    def _unknown(self, event: Json) -> UnknownIncidentError:
        return UnknownIncidentError(
            f"incident {event['incident']['id']} is not in the database this playbook reads: give ansible-rulebook and "
            "its playbooks the same FANNEL_CONFIG or FANNEL_DATABASE__URL (`fannel run` does)"
        )

    def _verdict_event(self, event: Json, incident: Incident, verdict: Verdict) -> Json:
        """The verdict as an event of its own, about the same host and subject, so that rules can go on from it."""
        said = verdict.to_json()
        if self._settings.slack.escalate_to:
            said["escalates"] = True  # a rule that escalates to nobody would start a playbook for nothing
        return verdict_event(event, incident, said, event_id=str(ULID()), now=utc_now()).to_queue()

    def _log(self, it: About, event: Json, verdict: Verdict) -> None:
        """Keep what a check did and what the device printed."""
        it.note([*activities(event, verdict, self._now(), it.incident.id)])

    def _judge(self, it: About, verdict: Verdict) -> None:
        why = f"{verdict.outcome}: {verdict.reason}"
        it.judge(verdict.to_json(), verdict.subject_name, self._by("check", why))

    def _began(self, verdict: Verdict) -> datetime:
        """When the check began to look: a raise after that is news to it."""
        return self._now() - timedelta(seconds=verdict.took_s)

    def _deliver(self, incident: Incident) -> None:
        if self._outbox is None:
            return
        try:
            self._outbox.deliver(incident.id)
        except StoreError as error:
            # What is wanted is on record: the observer posts it when it can be read again.
            log.warning("the observer is left to post it", incident=incident.id, reason=str(error))


def _looked(event: Json, verdict: Verdict) -> Json:
    """No verdict on a fault: a rule that acts on those must not take it for one."""
    asked = replace(Event.from_json(event), kind=LOOKED, via="check", verdict=verdict.to_json())
    return replace(asked, id=str(ULID()), received_at=utc_now()).to_queue()


def _calm(event: Json, said: Message, to: Reader) -> Message:
    """The same, and that it is calm, where the event is the last word of what flapped."""
    flap = event.get("flap")
    if flap is None or flap["flapping"] or flap["window_s"]:
        return said
    return layout.calm(said, flap["transitions"], to)


def _key(incident: Incident, what: str, event: Json) -> str:
    return f"{incident.id}/{what}/{event['id']}"
