"""Buttons of alerts and of silences that end: done once, in the name of who clicked, and answered where they look.

What is done is told in the thread, through the outbox; what is not, and why, to whoever clicked alone. A button may be
as old as the message it is on: what it carries is looked up, and believed only as far as it is still true.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from fannel import logs
from fannel.checks.find import Checks
from fannel.desk.answering import Answering
from fannel.desk.asking import Asker, Wish
from fannel.desk.requests import moment
from fannel.desk.story import told
from fannel.incidents import lease
from fannel.incidents.silence import OvertakenError
from fannel.incidents.store.about import NoIncidentError
from fannel.incidents.store.activities import Activity
from fannel.incidents.store.beats import AWAY_AFTER, OBSERVER
from fannel.incidents.store.posts import VERDICT, Post
from fannel.incidents.store.requests import Place
from fannel.person import Person
from fannel.posting import reader_of
from fannel.slack import blocks, names, text
from fannel.slack.choice import ACK, DETAILS, EXTEND, RECHECK, SILENCE, Longer, Quiet, incident_id, scope_of
from fannel.slack.errors import SlackError
from fannel.slack.grammar import Request
from fannel.slack.grammar.scope import target_of
from fannel.slack.layout import requests as layout
from fannel.slack.layout.clicking import Sentence, answer
from fannel.slack.layout.message import NAME, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.desk.doing import Done
    from fannel.desk.office import Office
    from fannel.desk.people import Who
    from fannel.desk.permission import Action
    from fannel.incidents.incident import Incident
    from fannel.incidents.silence import Scope, Silence
    from fannel.slack.blocks import Json
    from fannel.slack.inbound.heard import Click
    from fannel.slack.layout.message import Message

log = logs.Logger("fannel.desk")

Became: TypeAlias = "tuple[str, Message | None]"

_TRIES: Final = 3
_MAY: Final[dict[str, Action]] = {ACK: "ack", SILENCE: "silence", RECHECK: "recheck", EXTEND: "extend"}


class Clicks:
    """For any thread. Each click is done once, though it may be heard more often."""

    def __init__(self, office: Office) -> None:
        self._to = reader_of(office.settings)
        self._checks = Checks.beside(office.settings.checks.path)
        self._office = office

    def clicked(self, click: Click) -> None:
        """One click.

        Raises:
            StoreError, SlackError: the database cannot be used, or Slack does not tell now who clicked: hear it again.
        """
        who, words = self._office.people.who(click.user), self._to.words
        what = EXTEND if click.action.startswith(f"{EXTEND}.") else click.action
        action = _MAY.get(what)
        why = None if action is None else self._office.permission.why_not(action, click.user, click.channel, words)
        if why is not None:
            self._note(click, who, "not allowed")
            self._respond(click, who, layout.message([layout.denied(why, self._to)], "", self._to))
            return
        does = {
            ACK: self._acknowledge,
            SILENCE: self._silence,
            RECHECK: self._recheck,
            DETAILS: self._details,
            EXTEND: self._extend,
        }.get(what)
        if does is None:
            log.warning("a button that is not known", action=click.action)
            self._respond(click, who, self._no(words.clicking.stale))
            return
        became, said = does(click, who)
        self._note(click, who, became)
        if said is not None:
            self._respond(click, who, said)

    # --- what each does: what became of it, for the record, and what is for whoever clicked ------------------------

    def _acknowledge(self, click: Click, who: Who) -> Became:
        number = incident_id(click.value)
        if number is None:
            return self._stale()
        try:
            person = Person(self._office.settings, self._office.store, name=who.name, who=who.author)
            found, changed = person.acknowledge(number, None, self._office.now())
        except NoIncidentError:
            return self._unknown(number)
        if changed:
            return "done", self._if_away("👤", who)
        return self._over(found, who) if found.over else self._had(found, who)

    def _silence(self, click: Click, who: Who) -> Became:
        chosen = Quiet.read(click.value)
        if chosen is None:
            return self._stale()
        incident = self._office.store.incident(chosen.incident)
        if incident is None:
            return self._unknown(chosen.incident)
        if incident.over:
            return self._over(incident, who)
        words, scope = self._to.words.clicking, scope_of(incident, chosen.part)
        target = None if scope is None else target_of(scope)
        if scope is None or target is None:
            return "nothing exact to silence", self._no(words.nothing_exact)
        asker = self._asker(click, who)
        ends_at = chosen.until(asker.written_at, self._to.morning, self._to.zone)
        longer = self._silenced(scope, asker.now, ends_at)
        if longer is not None and not self._office.store.requests.known(click.channel, asker.thread):
            named = {"end": self._clock(longer.ends_at, who), "number": layout.number(longer.id)}
            return "silenced already", answer("🔕", Sentence(words.silenced_already, named))
        request = Request(
            "silence",
            click.value,
            self._office.settings.slack.language,
            (target,),
            (incident.host.name,),
            starts_at=asker.written_at,
            ends_at=ends_at,
            reason=f"from alert {incident.id}",
        )
        return self._wish(click, asker, request)

    def _silenced(self, scope: Scope, now: datetime, ends_at: datetime) -> Silence | None:
        """A silence of exactly that, which lasts as long or longer."""
        current = self._office.store.silences.current(now)
        same = (one for one in current if scope in one.scopes and one.starts_at <= now)
        return next((one for one in same if one.ends_at >= ends_at), None)

    def _extend(self, click: Click, who: Who) -> Became:
        longer = Longer.read(click.value)
        if longer is None:
            return self._stale()
        language = self._office.settings.slack.language
        request = Request("extend", click.value, language, ids=(longer.silence,), ends_at=longer.ends_at)
        return self._wish(click, self._asker(click, who), request)

    def _recheck(self, click: Click, who: Who) -> Became:
        words, number, now = self._to.words.clicking, incident_id(click.value), self._office.now()
        incident = None if number is None else self._office.store.incident(number)
        if number is None:
            return self._stale()
        if incident is None:
            return self._unknown(number)
        if incident.over:
            return self._over(incident, who)
        named = {"host": names.host(incident.host.name)}
        if not incident.host.known:
            return "pagoda does not know the host", self._no(words.nobody_logs_in, **named)
        if not self._checks.answers(incident.problem, incident.host.os):
            problem = self._to.words.problem(incident.problem)
            return "no check", self._no(words.no_check, problem=problem, os=incident.host.os or "?")
        with self._office.store.about(incident.id) as it:
            asked, incident = it.ask_again(who.name, now), it.incident
        if incident.over:
            return self._over(incident, who)
        if not asked and incident.recheck_for != who.name:
            return "asked already", self._yes(who, words.asked_already, who=incident.recheck_for or "?")
        holder = self._office.store.leases.holder(lease.login(incident.host.name), now)
        if holder is None:
            return "asked", self._yes(who, words.checking, **named)
        owner, since = self._to.words.said(holder.owner), self._clock(holder.taken_at, who)
        return "asked", self._yes(who, words.being_checked, owner=owner, clock=since, **named)

    def _details(self, click: Click, who: Who) -> Became:
        number = incident_id(click.value)
        incident = None if number is None else self._office.store.incident(number)
        if incident is None:
            return self._stale() if number is None else self._unknown(number)
        return "shown", told(self._office.store, incident, replace(self._to, zone=who.zone), self._office.now())

    # --- a wish, as if it were written ----------------------------------------------------------------------------

    def _wish(self, click: Click, asker: Asker, request: Request) -> Became:
        """Do it as the same request in a message is done: what is broad waits for a second person."""
        for _ in range(_TRIES - 1):
            try:
                return self._wished(click, asker, request)
            except OvertakenError:
                continue
        return self._wished(click, asker, request)

    def _wished(self, click: Click, asker: Asker, request: Request) -> Became:
        with self._office.store.requests.asked(click.channel, asker.thread, asker.now) as asked:
            if asked.heard:
                return "done before", None
            done = self._office.wishes.doing(asked, asker, alone=True).do(Wish(request, self._to))
            refused = done.mark == "x"
            if not refused:
                place = Place(click.channel, asker.root)
                answering = Answering(asked, f"click/{click.channel}/{click.action_ts}", asker.now, self._to)
                answering.say(place, done.parts, self._to)
                answering.echo(place, [done])
            asked.keep("0", done.made, ())
        if refused:
            return "refused", layout.message(done.parts, "", self._to)
        return _became(done), self._if_away("🔕", asker.who)

    def _asker(self, click: Click, who: Who) -> Asker:
        now = self._office.now()
        root = click.thread_ts or click.message_ts
        clicked_at = min(moment(click.action_ts), now)
        return Asker(who, click.channel, f"click/{click.action_ts}"[:32], root, now, clicked_at)

    # --- answers --------------------------------------------------------------------------------------------------

    def _respond(self, click: Click, who: Who, said: Message) -> None:
        """To whoever clicked, alone; in the thread, by name, where Slack does not take that (any more)."""
        shown = {key: said.payload[key] for key in ("text", "blocks")}
        try:
            alone = {**shown, "response_type": "ephemeral", "replace_original": False}
            self._office.client.respond(click.response_url, alone)
        except SlackError as error:
            log.warning("an answer did not reach whoever clicked alone", action=click.action, reason=str(error))
            self._office.store.posts.want(self._in_thread(click, who, shown))

    def _in_thread(self, click: Click, who: Who, shown: Json) -> Post:
        now, key = self._office.now(), f"click/{click.channel}/{click.action_ts}/answer"
        clicked = {"who": text.prose(who.name, NAME), "clock": self._to.clock(moment(click.action_ts))}
        first = blocks.context(self._to.words.clicking.to_whom.format(**clicked))
        payload = {"text": shown["text"], "blocks": [first, *shown["blocks"]], "metadata": metadata(key=key)}
        root = click.thread_ts or click.message_ts
        return Post(key, None, "note", click.channel, payload, now, priority=VERDICT, thread_ts=root)

    def _yes(self, clicker: Who, form: str, /, **named: str) -> Message:
        return answer("🔎", Sentence(form, named), *self._away(clicker))

    def _no(self, form: str, **named: str) -> Message:
        return answer("❌", Sentence(form, named))

    def _if_away(self, emoji: str, who: Who) -> Message | None:
        """What was done is told in the thread, by the observer: unless that is away."""
        away = self._away(who)
        return answer(emoji, *away) if away else None

    def _away(self, who: Who) -> tuple[Sentence, ...]:
        words, seen = self._to.words.clicking, self._office.store.beats.last(OBSERVER)
        if seen is None:
            return (Sentence(words.observer_never),)
        if self._office.now() - seen <= AWAY_AFTER:
            return ()
        return (Sentence(words.observer_away, {"when": self._clock(seen, who)}),)

    def _stale(self) -> Became:
        return "not understood", self._no(self._to.words.clicking.stale)

    def _unknown(self, number: str) -> Became:
        return "not on record", self._no(self._to.words.clicking.unknown, incident=number)

    def _over(self, incident: Incident, who: Who) -> Became:
        ended = incident.resolved_at or incident.closed_at
        since = self._clock(ended, who) if ended else "?"
        return "it is over", self._no(self._to.words.clicking.over, incident=incident.id, clock=since)

    def _had(self, incident: Incident, who: Who) -> Became:
        since = self._clock(incident.acknowledged_at, who) if incident.acknowledged_at else "?"
        named = {"who": names.person(incident.acknowledged_by or "?"), "clock": since}
        return "somebody has it", answer("👤", Sentence(self._to.words.clicking.has_it, named))

    def _clock(self, at: datetime, who: Who) -> str:
        """As the clocks of who is told show it."""
        return layout.moment(at, replace(self._to, zone=who.zone))

    def _note(self, click: Click, who: Who, became: str) -> None:
        """A line for the incident's record, whatever came of it."""
        chosen = Quiet.read(click.value)
        about = incident_id(click.value) if chosen is None else chosen.incident
        wanted = click.action.removeprefix("fannel.")
        if chosen is not None:
            wanted += f" {chosen.value.removeprefix(f'{chosen.incident}/').replace('/', ' ')}"
        said = f"button {wanted} by {who.author}: {became}"
        self._office.store.activities.note(
            [Activity(self._office.now(), "click", said, about, detail={"value": click.value[:100]})]
        )


def _became(done: Done) -> str:
    if done.mark == "hourglass_flowing_sand":
        return "waits for a second person"
    return f"silence #{done.made[0]}" if done.made else "done"
