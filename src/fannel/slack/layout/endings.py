"""What is told when a silence is over, and shortly before: what came meanwhile, and what is still there. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.choice import EXTEND, HOURS, Longer
from fannel.slack.layout.message import NAME, Message, joined, metadata, subject_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fannel.incidents.silence import Scope, Silence
    from fannel.incidents.store.endings import Account, Quieted
    from fannel.slack.blocks import Json
    from fannel.slack.words import Reader

# A phone shows so many lines before the message folds; the rest is counted.
_LASTING, _OVER = 10, 5
_SCOPES = 3
_SCOPE = 60


def over(silence: Silence, account: Account, key: str, to: Reader) -> Message:
    """It is over. The channel hears it where something is still there that no other silence covers."""
    words = to.words.endings
    by = words.ended_by.format(who=text.prose(names.person(silence.changed_by), NAME))
    start, end = to.when(silence.starts_at), to.when(silence.ends_at)
    lasted = to.duration((silence.ends_at - silence.starts_at).total_seconds())
    window = words.window.format(start=start, end=end, length=lasted)
    head = (
        _first("🔔", words.over, silence, to),
        blocks.fact(words.when, joined(window, by if silence.what in ("expired", "narrowed") else "")),
    )
    sections = [blocks.section(*head, *_came(account, to))]
    if account.lasting:
        sections += _listed(words.still_there, _of(account, over=False), account.lasting, _LASTING, to)
    if _of(account, over=True):
        sections += _listed(words.recovered, _of(account, over=True), account.over, _OVER, to)
    lasting = words.lasting.of(account.lasting) if account.lasting else ""
    tail = joined(lasting.upper(), _names(account)) or (words.unused if not account.events else words.nothing_there)
    push = _push("🔔", words.over, silence, tail)
    calls = account.lasting > sum(one.then == "under" for one in account.incidents)
    return Message({"text": push, "blocks": sections, "metadata": metadata(key=key)}, broadcast=calls)


def soon(silence: Silence, account: Account, key: str, to: Reader, now: datetime) -> Message:
    """It will be over in a moment; with buttons to let it last longer, where somebody hears a click."""
    words = to.words.endings
    left = to.duration((silence.ends_at - now).total_seconds())
    until = words.until.format(end=to.when(silence.ends_at), left=left)
    sections = [blocks.section(_first("⏰", words.ends_soon, silence, to), until, *_came(account, to))]
    if account.lasting:
        sections += _listed(words.still_there, _of(account, over=False), account.lasting, _OVER, to)
    if to.clickable:
        sections.append(blocks.actions(*(_extend(silence, hours, to) for hours in HOURS)))
    else:
        sections.append(blocks.context(words.keep.format(number=number(silence))))
    lasting = words.lasting.of(account.lasting) if account.lasting else ""
    push = _push("⏰", words.ends_soon, silence, joined(lasting.upper(), _names(account)))
    return Message({"text": push, "blocks": sections, "metadata": metadata(key=key)})


def number(silence: Silence) -> str:
    """A silence as people name it."""
    return f"#{silence.id}"


def _extend(silence: Silence, hours: int, to: Reader) -> Json:
    longer = Longer(silence.id, silence.ends_at + timedelta(hours=hours))
    return blocks.button(f"{EXTEND}.{hours}h", to.words.buttons.longer.of(hours), longer.value)


def _first(emoji: str, head: str, silence: Silence, to: Reader) -> str:
    shown = [text.code(_written(scope), _SCOPE) for scope in silence.scopes[:_SCOPES]]
    if (more := len(silence.scopes) - _SCOPES) > 0:
        shown.append(to.words.thread.more.of(more))
    return f"{emoji} *{head}*  {number(silence)}  {' '.join(shown)}"


def _push(emoji: str, head: str, silence: Silence, tail: str) -> str:
    shown = ", ".join(text.cut(text.one_line(_written(scope)), _SCOPE) for scope in silence.scopes[:_SCOPES])
    return text.push(emoji, head, number(silence), shown, f"· {tail}" if tail else None)


def _written(scope: Scope) -> str:
    """`rt-tyo-01 Gi0/1`, or what it takes to say it."""
    said = [
        names.host(one.value)
        if one.field == "host" and one.operator == "equal"
        else names.interface(one.value)
        if one.field == "interface" and one.operator == "equal"
        else str(one)
        for one in scope
    ]
    return " ".join(said)


def _came(account: Account, to: Reader) -> tuple[str, ...]:
    words = to.words.endings
    if not account.events:
        return (words.unused,)
    found = account.lasting + account.over
    came = words.events.of(account.events)
    if not found:
        return (blocks.fact(words.meanwhile, came),)
    state = joined(
        words.lasting.of(account.lasting) if account.lasting else "",
        words.back.of(account.over) if account.over else "",
    )
    counted = joined(came, words.incidents.of(found), state)
    return (blocks.fact(words.meanwhile, counted), "" if account.lasting else words.nothing_there)


def _of(account: Account, *, over: bool) -> list[Quieted]:
    return [one for one in account.incidents if (one.over_at is not None) == over]


def _listed(label: str, found: Sequence[Quieted], counted: int, most: int, to: Reader) -> list[Json]:
    lines = [_line(one, to) for one in found[:most]]
    if (more := counted - len(lines)) > 0:
        lines.append(to.words.thread.more.of(more))
    return blocks.sections(f"*{label}:*", *lines)


def _line(one: Quieted, to: Reader) -> str:
    words = to.words.endings
    what = text.prose(to.words.problem(one.problem), NAME)
    name = subject_name(one.subject)
    where = " ".join(text.code(part, NAME) for part in (names.host(one.host.name), name) if part)
    times = words.times.of(one.events) if one.events > 1 else ""
    if one.over_at is not None:
        span = words.between.format(start=to.clock(one.since), end=to.clock(one.over_at))
        return f"✓ {where}  {joined(what, span, times)}"
    other = text.prose(one.other, NAME)
    incident = text.prose(one.incident_id, NAME)
    then = {
        "asked": words.asked,
        "under": words.under.format(number=other),
        "with": words.follows.format(incident=other),
        "told": words.told.format(incident=incident),
        "": incident,
    }[one.then]
    return f"• {where}  {joined(what, words.since.format(clock=to.clock(one.since)), times, then)}"


def _names(account: Account) -> str:
    """The parts of devices that are still there, for a push."""
    shown = []
    for one in _of(account, over=False)[:_SCOPES]:
        name = subject_name(one.subject)
        shown.append(text.cut(text.one_line(f"{names.host(one.host.name)} {name}".strip()), NAME))
    return ", ".join(shown)
