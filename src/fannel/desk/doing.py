"""One request, done in the store, in the transaction of whoever asks; and what is said of it.

What is broad is not done: it waits for somebody else to confirm it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from fannel.desk.waiting import kept, wanted_by
from fannel.incidents.silence import OvertakenError, SilenceError
from fannel.incidents.store.requests import Confirmation
from fannel.slack.grammar import Refusal, change
from fannel.slack.layout import requests as layout
from fannel.slack.layout.late import LATE_AFTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.config.silences import Silences
    from fannel.desk.asking import Asker, Wish
    from fannel.incidents.silence import Silence
    from fannel.incidents.store.requests import Acting
    from fannel.slack.grammar import Known, Request
    from fannel.slack.layout.requests import Part
    from fannel.slack.words import Reader

Mark = Literal["no_bell", "bell", "x", "hourglass_flowing_sand", "white_check_mark"]
MARKS: tuple[Mark, ...] = ("no_bell", "bell", "x", "hourglass_flowing_sand", "white_check_mark")
"""The emoji on a request: registered, resumed, refused, waiting, over."""

MOST_LISTED: Final = 30
_ABOUT_HOSTS: Final = frozenset({"unknown_host", "strange_host", "unknown_address", "unknown_group", "no_match"})


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one request. `changed` are silences of before, as they were and as they are."""

    parts: tuple[Part, ...]
    mark: Mark | None = None
    made: tuple[int, ...] = ()
    changed: tuple[tuple[Silence, Silence], ...] = ()


class Doing:
    """What a desk does for `asker`, in the transaction of `acting`.

    `alone`: its answer is all that a message will say, a post of the key `note`. `trouble`: why no host is known.
    """

    def __init__(
        self,
        limits: Silences,
        known: Known,
        acting: Acting,
        asker: Asker,
        *,
        alone: bool = True,
        note: str | None = None,
        trouble: str | None = None,
    ) -> None:
        self._limits = limits
        self._known = known
        self._acting = acting
        self._asker = asker
        self._alone = alone
        self._note = note if alone else None
        self._trouble = trouble

    def do(self, wish: Wish, instead_of: Silence | None = None, ended: Sequence[Silence] = ()) -> Done:
        """One wish; `instead_of` is the silence that an earlier version of its line asked for, `ended` are those that
        somebody has ended since.
        """
        outcome, to = wish.outcome, wish.to
        if isinstance(outcome, Refusal):
            return self._refused(outcome, to)
        if wish.denied is not None:
            return Done((layout.denied(wish.denied, to),), "x")
        try:
            match outcome.action:
                case "silence":
                    return self._silence(outcome, to, instead_of, ended)
                case "resume":
                    return self._resume(outcome, to)
                case "extend":
                    return self._extend(outcome, to)
                case "list":
                    return self._list(to)
                case "help":
                    return Done((layout.explained(to),))
        except OvertakenError:
            raise
        except SilenceError as error:
            return Done((layout.refused(to.words.said(str(error)), to),), "x")

    def end(self, silence: Silence, to: Reader) -> Done:
        """A silence that its message does not ask for any more."""
        after = silence.expired(self._asker.who.author, self._asker.now)
        self._acting.change([after])
        return Done((layout.ended(after, silence, self._asker.who.author, to),), "bell")

    def _list(self, to: Reader) -> Done:
        now = self._asker.now
        waits = [wanted_by(one) for one in self._acting.all_waiting(now)]
        return Done((*layout.listed(self._acting.current(now), MOST_LISTED, to), *layout.still_waiting(waits, to)))

    def _refused(self, refusal: Refusal, to: Reader) -> Done:
        why = refusal.why
        if self._trouble is not None and refusal.code in _ABOUT_HOSTS:
            why = f"{to.words.silencing.nobody_knows.format(reason=self._trouble)} ({why})"
        return Done((layout.refused(why, to, refusal.closest),), "x")

    def _silence(self, request: Request, to: Reader, instead_of: Silence | None, ended: Sequence[Silence]) -> Done:
        asker = self._asker
        wanted = change.silence_of(request, asker.who.author, asker.origin)
        if wanted.ends_at <= asker.now:
            end = layout.moment(wanted.ends_at, to)
            return Done((layout.refused(to.words.silencing.over_already.format(end=end), to),), "x")
        # Who corrects a word of a message does not take back what somebody did about it since.
        if same := next((one for one in ended if self._acting.asked_for(one).scopes == wanted.scopes), None):
            raise SilenceError(f"silence #{same.id} has ended: add another one")
        if late(asker) and wanted.starts_at < asker.now and instead_of is None:
            wanted = replace(wanted, starts_at=asker.now)  # nothing was quiet until it was heard
        if instead_of is not None and _same(wanted, self._acting.asked_for(instead_of)):
            return self._reworded(instead_of, wanted.reason, to)
        hosts = change.hosts_of(request)
        why = change.why_broad(wanted, hosts, asker.now, self._limits, self._known)
        if why:
            wanted = wanted if instead_of is None else replace(wanted, id=instead_of.id)
            return self._wait(wanted, len(hosts), why, request.language, to)
        if instead_of is None:
            made = self._acting.add(wanted, asker.now)
            return Done((layout.silenced(made, len(hosts), to),), "no_bell", (made.id,))
        made = instead_of.replaced(wanted, asker.who.author, asker.now)
        self._acting.change([made])
        part = layout.silenced(made, len(hosts), to, to.words.silencing.changed)
        return Done((part,), "no_bell", (made.id,))

    def _reworded(self, silence: Silence, reason: str, to: Reader) -> Done:
        """An edit asks for the same as before, at most for another reason."""
        head = to.words.silencing.unchanged
        if reason != silence.reason:
            silence = silence.reworded(reason, self._asker.who.author, self._asker.now)
            self._acting.change([silence])
            head = to.words.silencing.changed
        return Done((layout.silenced(silence, self._hosts(silence), to, head),), "no_bell", (silence.id,))

    def _resume(self, request: Request, to: Reader) -> Done:
        asker, by = self._asker, self._asker.who.author
        if not request.ids:
            current = self._acting.current(asker.now)
            after = change.over(request, current, by, asker.now)
            before = {one.id: one for one in current}
            return self._over([(before[one.id], one) for one in after], to)
        found = [(number, self._acting.silence(number)) for number in request.ids]
        if missing := [number for number, silence in found if silence is None]:
            return self._no_number(missing, to)
        live = [silence for _, silence in found if silence is not None]
        if len(live) > 1:  # of all that a message asked for, what is over already is over
            live = [one for one in live if one.state(asker.now) != "expired"] or live
        return self._over([(one, one.expired(by, asker.now)) for one in live], to)

    def _over(self, pairs: Sequence[tuple[Silence, Silence]], to: Reader) -> Done:
        self._acting.change([after for _, after in pairs])
        parts = tuple(layout.ended(after, before, self._asker.who.author, to) for before, after in pairs)
        return Done(parts, "bell", changed=tuple(pairs))

    def _extend(self, request: Request, to: Reader) -> Done:
        asker = self._asker
        found, missing = change.meant(request, self._acting.current(asker.now), self._acting.silence)
        if missing:
            return self._no_number(missing, to)
        if len(found) > 1:
            found = [one for one in found if one.state(asker.now) != "expired"] or found
        pairs = [(one, change.later(one, request, asker.who.author, asker.now, self._limits)) for one in found]
        longest = timedelta(hours=self._limits.broad_hours)
        dones = []
        for before, after in pairs:
            hosts = self._hosts(after)
            if after.ends_at - max(after.starts_at, asker.now) > longest:
                why = change.why_broad(after, (), asker.now, self._limits, self._known)
                dones.append(self._wait(after, hosts, why, request.language, to))
                continue
            self._acting.change([after])
            part = layout.silenced(after, hosts, to, to.words.silencing.extended)
            dones.append(Done((part,), "no_bell", changed=((before, after),)))
        parts = tuple(part for done in dones for part in done.parts)
        return Done(parts, dones[0].mark, changed=tuple(pair for done in dones for pair in done.changed))

    def _wait(self, wanted: Silence, hosts: int, why: Sequence[str], language: str, to: Reader) -> Done:
        """Have it wait for somebody else."""
        asker = self._asker
        within = timedelta(seconds=self._limits.confirm_within_s)
        # What is over by then need not be confirmed any more.
        lapses_at = min(asker.now + within, wanted.ends_at)
        facts = kept(
            wanted,
            hosts=hosts,
            why=[*why],
            root=asker.root,
            language=language,
            zone=str(to.zone),
            asker=asker.who.author,
            alone=self._alone,
            note=self._note,
        )
        waiting = Confirmation(0, asker.channel, asker.thread, asker.who.user, asker.now, lapses_at, facts)
        number = self._acting.wait(waiting)
        part = layout.waiting(wanted, hosts, why, lapses_at, to, number)
        return Done((part,), "hourglass_flowing_sand")

    def _no_number(self, missing: Sequence[int], to: Reader) -> Done:
        numbers = ", ".join(map(layout.number, missing))
        return Done((layout.refused(to.words.silencing.no_number.format(number=numbers), to),), "x")

    def _hosts(self, silence: Silence) -> int:
        return len(change.hosts_in(silence.scopes, self._known))


def late(asker: Asker) -> bool:
    """Whether it was heard long after it was written: Slack, or FANNEL, was away."""
    return asker.now - asker.written_at > LATE_AFTER


def _same(wanted: Silence, kept: Silence) -> bool:
    """Whether an edit asks for what was asked for before; a start that is over makes no difference."""
    return (wanted.scopes, wanted.ends_at) == (kept.scopes, kept.ends_at) and wanted.starts_at <= kept.starts_at
