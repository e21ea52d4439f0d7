"""Messages: each version of each is dealt with once, whole, in one transaction; and what is edited or deleted later.

A message stands for the silences that it asks for. Edited, they follow it; edited into what is not understood, they
hold as they were, and that is said; deleted, they end.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fannel import logs
from fannel.desk.answering import Answering, channel_reader
from fannel.desk.asking import Asker
from fannel.desk.doing import Done, late
from fannel.incidents.silence import OvertakenError
from fannel.incidents.store.requests import Place
from fannel.slack.grammar import Refusal, Request, change
from fannel.slack.layout import requests as layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.desk.asking import Wish
    from fannel.desk.doing import Doing, Mark
    from fannel.desk.hearing import Heard
    from fannel.desk.office import Office
    from fannel.incidents.silence import Silence
    from fannel.incidents.store.requests import Asked, Confirmation
    from fannel.slack.inbound.heard import Message
    from fannel.slack.layout.requests import Part
    from fannel.slack.words import Reader

log = logs.Logger("fannel.desk")

# That somebody else changes the same silence at the same moment is rare; twice in a row is not to be believed.
_TRIES: Final = 3
_DELETED: Final = "slack:deleted"


class Requests:
    """For any thread."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def said(self, message: Message) -> None:
        """A message, new, edited or deleted.

        Raises:
            StoreError: the database cannot be used: hear it again.
            SlackError: Slack does not tell now who wrote it: hear it again.
        """
        heard = self._office.hearing.of(message)
        if heard is None:
            return
        if message.deleted:
            self._once_more(lambda: self._deleted(message))
            return
        if message.bot_id is not None and not self._office.permission.bot_may(message.bot_id):
            return
        who = self._office.people.who(message.user, message.bot_id)
        asker = Asker(
            who=who,
            channel=message.channel,
            thread=message.ts,
            root=message.thread_ts or message.ts,
            now=self._office.now(),
            written_at=moment(message.ts),
        )
        wishes = self._office.wishes.of(message.text, asker, message.channel, heard.about, heard.under)
        others = () if wishes else self._others(message, heard, asker)
        # An edit into talk counts, too: the request that it was may be heard after it.
        edited = message.edited_ts is not None
        if wishes or others or edited or self._office.store.requests.known(message.channel, message.ts):
            self._once_more(lambda: self._deal(message, asker, wishes, others))

    # --- one version of a message ---------------------------------------------------------------------------------

    def _deal(self, message: Message, asker: Asker, wishes: Sequence[Wish], others: Sequence[Part]) -> None:
        version = _version(message)
        with self._office.store.requests.asked(message.channel, message.ts, asker.now) as asked:
            if asked.withdrawn or version in asked.heard or _older(message, asked.heard):
                return
            key = f"request/{message.channel}:{message.ts}/{len(asked.heard)}"
            doing = self._office.wishes.doing(asked, asker, alone=len(wishes) == 1, note=key)
            answering = Answering(asked, key, asker.now, channel_reader(self._office.settings))
            to = wishes[0].to if wishes else self._office.queries.reader(message.text, asker.who)
            dealing = _Dealing(asked, asker, doing, to)
            dealing.all(wishes)
            place = Place(message.channel, asker.root)
            for one in dealing.withdrawn:
                answering.close(one, to.words.silencing.withdrawn)
            parts = [*(part for done in dealing.dones for part in done.parts), *others]
            small = layout.late((asker.now - asker.written_at).total_seconds(), to)
            answering.say(place, parts, to, small if late(asker) and not asked.heard and parts else "")
            if parts and (asked.heard or dealing.marks):
                answering.mark(Place(message.channel, message.ts), dealing.marks)
            answering.echo(place, dealing.dones)
            asked.keep(version, dealing.silences, dealing.did)
        if parts:
            made, marks = dealing.silences, dealing.marks
            log.info("answered a request", channel=message.channel, ts=message.ts, silences=made, marks=marks)

    def _others(self, message: Message, heard: Heard, asker: Asker) -> tuple[Part, ...]:
        """The answer to what is no request to silence: a question about a host, or nothing that is understood."""
        found = self._office.queries.answer(message.text, asker)
        if found or not heard.mentioned:
            return found
        to = self._office.queries.reader(message.text, asker.who)
        return (layout.refused(to.words.silencing.no_request, to, "silence HOST 2h"),)

    def _deleted(self, message: Message) -> None:
        now, to = self._office.now(), channel_reader(self._office.settings)
        with self._office.store.requests.asked(message.channel, message.ts, now) as asked:
            if asked.withdrawn:
                return
            live, waiting = _live(asked, now), asked.waiting(message.channel, message.ts)
            asked.change([one.expired(_DELETED, now) for one in live])
            answering = Answering(asked, f"request/{message.channel}:{message.ts}/deleted", now, to)
            for one in waiting:
                asked.decide(one.id, "withdrawn", _DELETED)
                answering.close(one, to.words.silencing.withdrawn)
            if live or waiting:
                place = Place(message.channel, message.thread_ts or message.ts)
                answering.say(place, [layout.withdrawn(live, len(waiting), to)], to)
            # Also one that nothing is known of: should it be heard after its deletion, it asks for nothing.
            asked.keep("deleted", asked.silences, asked.done, withdrawn=True)

    def _once_more(self, deal: Callable[[], None]) -> None:
        for _ in range(_TRIES):
            try:
                deal()
            except OvertakenError:
                continue
            return
        deal()


class _Dealing:
    """One version of a message, inside its transaction: what is done, what it stands for from here on."""

    def __init__(self, asked: Asked, asker: Asker, doing: Doing, to: Reader) -> None:
        self._asked = asked
        self._asker = asker
        self._doing = doing
        self._to = to
        made = [silence for number in asked.silences if (silence := asked.silence(number)) is not None]
        self._live = [one for one in made if one.state(asker.now) != "expired"]
        self._ended = [one for one in made if one.what == "expired"]
        self.dones: list[Done] = []
        self.withdrawn: list[Confirmation] = []
        self.did = list(asked.done)
        self.silences = list(asked.silences)

    @property
    def marks(self) -> list[Mark]:
        """The emoji that the message deserves now."""
        return [done.mark for done in self.dones if done.mark is not None]

    def all(self, wishes: Sequence[Wish]) -> None:
        """Everything that this version asks for."""
        asker, asked = self._asker, self._asked
        waiting = asked.waiting(asker.channel, asker.thread)
        if self._live or waiting:
            if not wishes:
                numbers = " ".join(layout.number(one.id) for one in self._live) or "HOST"
                why = self._to.words.silencing.no_request_left.format(number=numbers)
                self._hold(Done((layout.refused(why, self._to),), "x"))
                return
            if any(isinstance(wish.outcome, Refusal) for wish in wishes):
                refused = [self._doing.do(wish) for wish in wishes if isinstance(wish.outcome, Refusal)]
                self._hold(Done(tuple(part for done in refused for part in done.parts), "x"))
                return
        for one in waiting:
            asked.decide(one.id, "withdrawn", asker.who.author)
        self.withdrawn = waiting
        pairs = _paired(wishes, self._live)
        left = [one for one in self._live if one not in pairs]
        stands_for: list[int] = []
        for wish, before in zip(wishes, pairs, strict=True):
            if wish.action == "silence":
                done = self._doing.do(wish, before, self._ended)
                stands_for += done.made or ((before.id,) if before is not None else ())
                if before is not None and not done.made and done.mark == "x":
                    done = _holding(done, [before], wish.to)
            elif wish.action is not None:
                done = self._change(wish)
            else:
                done = self._doing.do(wish)
            self.dones.append(done)
        self.dones += [self._doing.end(one, self._to) for one in left]
        # What was ended is remembered: the next edit does not bring it back either.
        self.silences = [*stands_for, *(one.id for one in self._ended if one.id not in stands_for)]

    def _change(self, wish: Wish) -> Done:
        """A request about other silences than the message's own: it is done once, whatever becomes of the message."""
        wanted = _asked_for(wish)
        if wanted in self._asked.done:
            return Done(())
        if any(one.partition(" ")[0] == wish.action for one in self._asked.done):
            return Done((layout.refused(wish.to.words.silencing.done_before, wish.to),), "x")
        done = self._doing.do(wish)
        if done.mark != "x":
            self.did.append(wanted)
        return done

    def _hold(self, done: Done) -> None:
        """Nothing is changed; what holds is said."""
        self.dones.append(_holding(done, self._live, self._to))
        if self._live:
            self.dones.append(Done((), "no_bell"))


def _paired(wishes: Sequence[Wish], live: Sequence[Silence]) -> list[Silence | None]:
    """For each wish the silence that it was before: one that is about the same, else the first that is left."""
    left = list(live)
    about = [change.scopes_of(wish.outcome) if isinstance(wish.outcome, Request) else () for wish in wishes]
    found: list[Silence | None] = [None] * len(wishes)
    for same in (True, False):
        for number, wish in enumerate(wishes):
            if wish.action == "silence" and found[number] is None:
                found[number] = next((one for one in left if not same or one.scopes == about[number]), None)
                left = [one for one in left if one is not found[number]]
    return found


def _holding(done: Done, live: Sequence[Silence], to: Reader) -> Done:
    (*parts, last) = done.parts
    return Done(
        (*parts, last._replace(lines=(*last.lines, *layout.holding(live, to.words.silencing.holds, to)))), done.mark
    )


def _live(acting: Asked, now: datetime) -> list[Silence]:
    """What a message stands for and is not over."""
    found = [silence for number in acting.silences if (silence := acting.silence(number)) is not None]
    return [one for one in found if one.state(now) != "expired"]


def _asked_for(wish: Wish) -> str:
    """A request as the record of what was done keeps it, without its reason."""
    assert isinstance(wish.outcome, Request)  # noqa: S101  (only requests are done)
    said = {name: value for name, value in wish.outcome.to_json().items() if name not in ("reason", "outcome")}
    return f"{wish.outcome.action} {json.dumps(said, sort_keys=True)}"


def _version(message: Message) -> str:
    """What tells versions apart: Slack tells the time of an edit in whole seconds, in which there may be two."""
    digest = hashlib.sha256(message.text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{message.edited_ts or '0'} {digest}"


def _older(message: Message, heard: Sequence[str]) -> bool:
    """Whether a later version was dealt with already: what is heard is in no order."""
    edited = float(message.edited_ts or 0)
    return any(float(one.partition(" ")[0]) > edited for one in heard if one != "deleted")


def moment(ts: str) -> datetime:
    """The time that a ts tells."""
    return datetime.fromtimestamp(float(ts), UTC)
