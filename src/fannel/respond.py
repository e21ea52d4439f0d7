"""What playbooks do about an incident: say it, judge it, say what was found, resolve it.

The logic of the collection's action plugins, free of Ansible. Every step may be repeated: posts have keys, states
only move forward, so a playbook that ran twice (a restart, a repeated rule) leaves the thread as if it ran once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from ulid import ULID

from fannel.checks.verdict import Verdict
from fannel.event import Event
from fannel.incidents.store import Post, Store
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.posts import FIRST, OUTPUT, RECOVERY, SUMMARY, VERDICT
from fannel.intake.source_notice import SOURCE_QUIET, SOURCE_STORM
from fannel.slack import layout
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.checks.verdict import Outcome
    from fannel.config import Settings
    from fannel.event import Json
    from fannel.incidents.incident import Incident
    from fannel.incidents.store.posts import Kind
    from fannel.slack.layout import Message
    from fannel.slack.layout.outputs import File

    LayOut = Callable[[Incident, Verdict, str, Reader], Message]


class UnknownIncidentError(LookupError):
    """The event's incident is not in this database: source and playbook read different settings."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def open_outbox(settings: Settings, store: Store, now: Callable[[], datetime] = utc_now) -> Outbox | None:
    """The outbox on the configured Slack, or None while no bot token is set."""
    if settings.slack.bot_token is None:
        return None
    client = SlackClient(
        settings.slack.bot_token.get_secret_value(),
        api_url=str(settings.slack.api_url),
        timeout_s=settings.slack.timeout_s,
    )
    return Outbox(store, client, now=now, reader=reader_of(settings), storm_incidents=settings.slack.storm_incidents)


def reader_of(settings: Settings) -> Reader:
    """Who reads the channel."""
    return Reader.of(settings.slack.language, settings.readers_zone)


class Responder:
    """The steps of the playbooks, on one store and one outbox. All raise StoreError when the store is away."""

    def __init__(
        self, settings: Settings, store: Store, outbox: Outbox | None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._settings = settings
        self._store = store
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
        self._store.close()

    def announce(self, event: Json) -> bool:
        """Open the incident's thread before anything is known; False when this event was answered already.

        Raises:
            UnknownIncidentError: the incident is not in this database.
        """
        incident = self._answer(event)
        answered = self._store.posts.find(_key(incident, "verdict", event)) is not None
        if self._outbox is not None:
            self._want_parent(incident)
            if incident.reopened and not incident.over:
                # The thread's parent says that it recovered.
                self._want_update(incident, FIRST, _key(incident, "reopened", event))
            self._outbox.deliver(incident.id)
        return not (answered or incident.over)

    def conclude(self, event: Json, verdict: Verdict) -> Json:
        """Keep the verdict, reply with what was found, update the parent; returns the event for the rules."""
        incident = self._answer(event)
        self._log(incident, event, verdict)
        incident = self._judge(incident, verdict)
        if verdict.outcome == "cleared":
            # It was over before anybody looked: the clear may come, may be lost, and changes nothing.
            incident = self._resolve(incident, self._began(verdict), "check", verdict.reason)
        self._want(incident, VERDICT, _key(incident, "verdict", event), _calm(event, layout.collected), verdict)
        self._want_update(incident, VERDICT, _key(incident, "update", event))
        self._deliver(incident)
        return _verdict_event(event, incident, verdict)

    def recover(self, event: Json, verdict: Verdict) -> Json:
        """Resolve the incident if the check agrees (or could not tell: then the device's word counts)."""
        incident = self._incident(event)
        self._log(incident, event, verdict)
        if incident.over:
            return _verdict_event(event, incident, verdict)
        if verdict.outcome == "cleared":
            incident = self._resolve(incident, self._began(verdict), "check", verdict.reason)
        elif verdict.outcome == "inconclusive":
            said_at = datetime.fromisoformat(event["received_at"])
            incident = self._resolve(incident, said_at, f"event {event['id']}", f"not verified: {verdict.reason}")
        if incident.over:
            self._want(incident, RECOVERY, _key(incident, "recovered", event), _calm(event, layout.recovered), verdict)
        else:
            if verdict.outcome in ("cleared", "inconclusive"):
                verdict = replace(verdict, outcome="confirmed", reasons=("it was raised again meanwhile",))
            incident = self._judge(incident, verdict)
            self._want(
                incident, RECOVERY, _key(incident, "still_down", event), _calm(event, layout.still_down), verdict
            )
        self._want_update(incident, RECOVERY, _key(incident, "update", event))
        self._deliver(incident)
        return _verdict_event(event, incident, verdict)

    def note(self, event: Json) -> None:
        """Say what nobody logs in for: a fault on an unknown device gets its thread, everything else one message."""
        if "incident" in event:
            verdict = _own_verdict(event) or Verdict("inconclusive", (_why_nobody_looked(event),))
            if event["phase"] == "clear":
                self.recover(event, verdict)
            elif self.announce(event):
                self.conclude(event, verdict)
            return
        if self._outbox is None:
            return
        logged = self._store.event_json(event["id"]) or event
        key = f"event/{event['id']}"
        message = layout.note(Event.from_json(logged), key, self._reader)
        self._store.posts.want(self._post(None, "note", key, message, FIRST))
        self._outbox.deliver(key)

    def retell(self, incident_id: str) -> bool:
        """Bring the parent message up to date; False where there is none, because nobody was told of it."""
        incident = self._store.incident(incident_id)
        if incident is None or self._outbox is None or self._store.posts.find(f"{incident_id}/parent") is None:
            return False
        self._want_update(incident, SUMMARY, f"{incident_id}/aside/{ULID()}")
        return True

    # --- inside -----------------------------------------------------------------------------------------------

    def _incident(self, event: Json) -> Incident:
        incident = self._store.incident(event["incident"]["id"])
        if incident is None:
            raise self._unknown(event)
        return incident

    def _answer(self, event: Json) -> Incident:
        incident = self._store.answer(event["incident"]["id"], who=f"event {event['id']}", now=self._now())
        if incident is None:
            raise self._unknown(event)
        return incident

    def _unknown(self, event: Json) -> UnknownIncidentError:
        return UnknownIncidentError(
            f"incident {event['incident']['id']} is not in the database this playbook reads: give ansible-rulebook and "
            "its playbooks the same FANNEL_CONFIG or FANNEL_DATABASE__URL (`fannel run` does)"
        )

    def _log(self, incident: Incident, event: Json, verdict: Verdict) -> None:
        """Keep what a check did and what the device printed; nothing where nobody looked."""
        if not (verdict.outputs or verdict.took_s):
            return
        about = {"incident_id": incident.id, "event_id": event["id"]}
        said = f"check of {incident.problem}: {verdict.outcome}: {verdict.reason}"
        commands = [output.command for output in verdict.outputs]
        run = Activity(self._now(), "run", said, **about, detail={"took_s": verdict.took_s, "commands": commands})
        printed = [
            Activity(self._now(), "output", output.command, **about, detail={"took_s": output.took_s}, body=output.text)
            for output in verdict.outputs
        ]
        self._store.activities.note([run, *printed])

    def _judge(self, incident: Incident, verdict: Verdict) -> Incident:
        found = verdict.to_json()
        return self._store.judge(incident.id, found, verdict.subject_name, who="check", now=self._now()) or incident

    def _resolve(self, incident: Incident, as_of: datetime, who: str, why: str) -> Incident:
        self._store.resolve(incident.id, as_of=as_of, who=who, now=self._now(), why=why)
        return self._store.incident(incident.id) or incident

    def _began(self, verdict: Verdict) -> datetime:
        """When the check began to look: a raise after that is news to it."""
        return self._now() - timedelta(seconds=verdict.took_s)

    def _want_parent(self, incident: Incident) -> None:
        key = f"{incident.id}/parent"
        if self._store.posts.find(key) is not None:
            return
        message = layout.parent(incident, key, self._reader, self._store.aside(incident.id))
        self._store.posts.want(self._post(incident, "parent", key, message, FIRST))

    def _want_update(self, incident: Incident, priority: int, key: str) -> None:
        if self._outbox is None:
            return
        aside = self._store.aside(incident.id)
        message = layout.parent(incident, f"{incident.id}/parent", self._reader, aside)
        self._store.posts.want(self._post(incident, "update", key, message, priority))

    def _want(
        self,
        incident: Incident,
        priority: int,
        key: str,
        lay_out: LayOut,
        verdict: Verdict,
    ) -> None:
        if self._outbox is None:
            return
        self._want_parent(incident)
        message = lay_out(incident, verdict, key, self._reader)
        self._store.posts.want(self._post(incident, "reply", key, message, priority))
        if message.file is not None:
            self._store.posts.want(self._file(incident, f"{key}/file", message.file))

    def _post(self, incident: Incident | None, kind: Kind, key: str, message: Message, priority: int) -> Post:
        return Post(
            key=key,
            incident_id=incident.id if incident else None,
            kind=kind,
            channel=self._settings.slack.channel,
            payload=message.payload,
            wanted_at=self._now(),
            broadcast=message.broadcast,
            priority=priority,
        )

    def _file(self, incident: Incident, key: str, file: File) -> Post:
        payload = {
            "filename": file.filename,
            "title": file.title,
            "content": file.content,
            "comment": file.comment,
        }
        return Post(
            key=key,
            incident_id=incident.id,
            kind="file",
            channel=self._settings.slack.channel,
            payload=payload,
            wanted_at=self._now(),
            priority=OUTPUT,
        )

    def _deliver(self, incident: Incident) -> None:
        if self._outbox is not None:
            self._outbox.deliver(incident.id)


def _calm(event: Json, lay_out: LayOut) -> LayOut:
    """The same, and that it is calm, where the event is the last word of what flapped."""
    flap = event.get("flap")
    if flap is None or flap["flapping"] or flap["window_s"]:
        return lay_out
    return lambda incident, verdict, key, to: layout.calm(lay_out(incident, verdict, key, to), flap["transitions"], to)


def _key(incident: Incident, what: str, event: Json) -> str:
    return f"{incident.id}/{what}/{event['id']}"


def _verdict_event(event: Json, incident: Incident, verdict: Verdict) -> Json:
    """The verdict as an event of its own, about the same host and subject, so that rules can go on from it."""
    judged = Event(
        id=str(ULID()),
        received_at=utc_now(),
        via="check",
        kind="verdict",
        problem=incident.problem,
        phase="info",
        severity=incident.severity,
        host=incident.host,
        subject=incident.subject,
        source=Event.from_json(event).source,
        verdict=verdict.to_json(),
        incident={"id": incident.id, "state": "resolved" if incident.over else incident.state},
    )
    return judged.to_queue()


def _own_verdict(event: Json) -> Verdict | None:
    """What FANNEL saw itself, that a source storms or is quiet, needs nobody's look at the device."""
    if event["problem"] not in (SOURCE_STORM, SOURCE_QUIET):
        return None
    outcome: Outcome = "cleared" if event["phase"] == "clear" else "confirmed"
    return Verdict(outcome, (event["subject"].get("description") or "seen by FANNEL itself",))


def _why_nobody_looked(event: Json) -> str:
    host = event["host"]
    if ambiguous := host.get("ambiguous"):
        return f"pagoda gives this address to several devices: {', '.join(ambiguous)}; nobody logged in"
    if not host["known"]:
        return "pagoda does not know this device; nobody logged in"
    if not host.get("os"):
        return "pagoda names no platform for this device; nobody logged in"
    return f"no rule looks at {event['problem']} on {host['os']}; nobody logged in"
