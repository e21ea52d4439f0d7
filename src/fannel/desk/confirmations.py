"""What is broad waits for a second person: whoever may, but who asked, confirms it by a button, within a time.

The button carries a number and nothing that is believed. It may be clicked late, twice, or by two at once: it is done
once, and everybody else is told what became of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from fannel import logs
from fannel.desk.answering import Answering, channel_reader, respond
from fannel.desk.doing import Done
from fannel.incidents.silence import Silence, SilenceError, scopes_of
from fannel.slack import names, text
from fannel.slack.layout import requests as layout
from fannel.slack.layout.message import REASON
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.config import Settings
    from fannel.desk.people import People, Who
    from fannel.desk.permission import Permission
    from fannel.incidents.store import Store
    from fannel.incidents.store.requests import Acting, Confirmation
    from fannel.slack.client import SlackClient
    from fannel.slack.inbound.heard import Click

log = logs.Logger("fannel.desk")

_LONGEST_NUMBER: Final = 9


class Confirmations:
    """For any thread."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        client: SlackClient,
        people: People,
        permission: Permission,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._store = store
        self._client = client
        self._people = people
        self._permission = permission
        self._now = now

    def clicked(self, click: Click) -> None:
        """The button of one of them.

        Raises:
            StoreError, SlackError: the database cannot be used, or Slack does not tell now who clicked: hear it again.
        """
        to = channel_reader(self._settings)
        who = self._people.who(click.user)
        why = self._permission.why_not("confirm", click.user, click.channel, to.words)
        if why is None:
            why = self._confirm(click, who, to)
        if why is not None:
            respond(self._client, click.response_url, [layout.denied(why, to)], to)

    def _confirm(self, click: Click, who: Who, to: Reader) -> str | None:
        """Do it; or why not."""
        words, now = to.words.silencing, self._now()
        if not (click.value.isascii() and click.value.isdecimal()) or len(click.value) > _LONGEST_NUMBER:
            return words.not_waiting
        with self._store.requests.confirming(int(click.value)) as (acting, waits):
            if waits is not None and waits.state == "confirmed":
                number = layout.number(waits.silence_id or 0)
                return words.confirmed_already.format(who=layout.person(waits.decided_by or ""), number=number)
            if waits is None or waits.state != "waiting" or now >= waits.lapses_at:
                return words.not_waiting
            if waits.asked_by == click.user:
                return words.own
            try:
                before, kept = _done(acting, waits, who, now)
            except SilenceError as error:
                return text.prose(to.words.said(str(error)), REASON)
            acting.decide(waits.id, "confirmed", who.author, kept.id)
            acting.stands_for(waits.channel, waits.thread, kept.id)
            part = layout.confirmed(kept, waits.wanted["hosts"], who.author, _reader(waits))
            answering = Answering(acting, f"request/confirm/{waits.id}", now, to)
            root = acting.place(waits.channel, waits.wanted["root"])
            answering.say(root, [part], to)
            answering.remark(acting.place(waits.channel, waits.thread), "no_bell", "hourglass_flowing_sand")
            if before is not None:
                answering.echo(root, [Done((), changed=((before, kept),))])
        log.info("a broad silence was confirmed", silence=kept.id, asked_by=waits.asked_by, by=click.user)
        if waits.wanted["alone"]:
            # The button goes; should Slack not take that, a click on it is answered.
            respond(self._client, click.response_url, [part], _reader(waits), replace=True)
        return None


def lapse(settings: Settings, store: Store, now: datetime) -> int:
    """Give up what nobody confirmed in time, with a word where it was asked for; how much that was.

    Raises:
        StoreError: the database cannot be used.
    """
    lapsed = 0
    for number in store.requests.lapsed(now):
        with store.requests.confirming(number) as (acting, waits):
            if waits is None or waits.state != "waiting" or waits.lapses_at > now:
                continue  # another replica was first
            acting.decide(number, "lapsed", "fannel")
            part = layout.lapsed(_wanted(waits), (waits.lapses_at - waits.asked_at).total_seconds(), _reader(waits))
            answering = Answering(acting, f"request/confirm/{number}", now, channel_reader(settings))
            answering.say(acting.place(waits.channel, waits.wanted["root"]), [part], _reader(waits))
            answering.remark(acting.place(waits.channel, waits.thread), "x", "hourglass_flowing_sand")
            lapsed += 1
    return lapsed


def _done(acting: Acting, waits: Confirmation, who: Who, now: datetime) -> tuple[Silence | None, Silence]:
    """The silence as it was before, if it was, and as it is from now on.

    Raises:
        SilenceError: what it would change is over, or other by now.
    """
    wanted, by = _wanted(waits), f"{waits.wanted['asker']}, confirmed by {names.person(who.author)}"
    if not wanted.id:
        return None, acting.add(replace(wanted, starts_at=max(wanted.starts_at, now), changed_by=by), now)
    before = acting.silence(wanted.id)
    if before is None or before.state(now) == "expired":
        raise SilenceError(f"silence #{wanted.id} has ended: add another one")
    after = before.extended(wanted.ends_at, by, now) if wanted.what == "extended" else before.replaced(wanted, by, now)
    acting.change([after])
    return before, after


def _wanted(waits: Confirmation) -> Silence:
    """The silence that waits, as `doing` kept it."""
    kept: dict[str, Any] = waits.wanted
    return Silence(
        id=kept["id"],
        scopes=scopes_of(kept["scopes"]),
        starts_at=datetime.fromisoformat(kept["starts_at"]),
        ends_at=datetime.fromisoformat(kept["ends_at"]),
        author=kept["author"],
        origin=kept["origin"],
        reason=kept["reason"],
        what=kept["what"],
    )


def _reader(waits: Confirmation) -> Reader:
    """Who asked."""
    return Reader.of("ja" if waits.wanted["language"] == "ja" else "en", ZoneInfo(waits.wanted["zone"]))
