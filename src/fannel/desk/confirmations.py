"""What is broad waits for a second person: whoever may, but who asked, confirms it by a button, within a time.

The button carries a number and nothing that is believed. It may be clicked late, twice, or by two at once: it is done
once, and everybody else is told what became of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fannel import logs
from fannel.desk.answering import Answering, channel_reader, respond
from fannel.desk.doing import Done
from fannel.desk.waiting import reader_of, wanted_by
from fannel.incidents.silence import Silence, SilenceError
from fannel.slack import names, text
from fannel.slack.layout import requests as layout
from fannel.slack.layout.message import REASON

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.config import Settings
    from fannel.desk.office import Office
    from fannel.desk.people import Who
    from fannel.incidents.store import Store
    from fannel.incidents.store.requests import Acting, Confirmation
    from fannel.slack.inbound.heard import Click
    from fannel.slack.words import Reader

log = logs.Logger("fannel.desk")

_LONGEST_NUMBER: Final = 9


class Confirmations:
    """For any thread."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def clicked(self, click: Click) -> None:
        """The button of one of them.

        Raises:
            StoreError, SlackError: the database cannot be used, or Slack does not tell now who clicked: hear it again.
        """
        to = channel_reader(self._office.settings)
        who = self._office.people.who(click.user)
        why = self._office.permission.why_not("confirm", click.user, click.channel, to.words)
        if why is None:
            why = self._confirm(click, who, to)
        if why is not None:
            respond(self._office.client, click.response_url, [layout.denied(why, to)], to)

    def _confirm(self, click: Click, who: Who, to: Reader) -> str | None:
        """Do it; or why not."""
        words, now = to.words.silencing, self._office.now()
        if not (click.value.isascii() and click.value.isdecimal()) or len(click.value) > _LONGEST_NUMBER:
            return words.not_waiting
        with self._office.store.requests.confirming(int(click.value)) as (acting, waits):
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
            part = layout.confirmed(kept, waits.wanted["hosts"], who.author, reader_of(waits))
            answering = Answering(acting, f"request/confirm/{waits.id}", now, to)
            root = acting.place(waits.channel, waits.wanted["root"])
            answering.say(root, [part], to)
            answering.remark(acting.place(waits.channel, waits.thread), "no_bell", "hourglass_flowing_sand")
            if before is not None:
                answering.echo(root, [Done((), changed=((before, kept),))])
            answering.close(waits, layout.confirmed_head(who.author, reader_of(waits)))
        log.info("a broad silence was confirmed", silence=kept.id, asked_by=waits.asked_by, by=click.user)
        if waits.wanted["alone"] and waits.wanted.get("note") is None:
            # An answer to a click: nobody knows where it is but Slack.
            respond(self._office.client, click.response_url, [part], reader_of(waits), replace=True)
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
            part = layout.lapsed(wanted_by(waits), (waits.lapses_at - waits.asked_at).total_seconds(), reader_of(waits))
            answering = Answering(acting, f"request/confirm/{number}", now, channel_reader(settings))
            answering.say(acting.place(waits.channel, waits.wanted["root"]), [part], reader_of(waits))
            answering.remark(acting.place(waits.channel, waits.thread), "x", "hourglass_flowing_sand")
            answering.close(waits, reader_of(waits).words.silencing.lapsed)
            lapsed += 1
    return lapsed


def _done(acting: Acting, waits: Confirmation, who: Who, now: datetime) -> tuple[Silence | None, Silence]:
    """The silence as it was before, if it was, and as it is from now on.

    Raises:
        SilenceError: what it would change is over, or other by now.
    """
    wanted, by = wanted_by(waits), f"{waits.wanted['asker']}, confirmed by {names.person(who.author)}"
    if not wanted.id:
        return None, acting.add(replace(wanted, starts_at=max(wanted.starts_at, now), changed_by=by), now)
    before = acting.silence(wanted.id)
    if before is None or before.state(now) == "expired":
        raise SilenceError(f"silence #{wanted.id} has ended: add another one")
    after = before.extended(wanted.ends_at, by, now) if wanted.what == "extended" else before.replaced(wanted, by, now)
    acting.change([after])
    return before, after
