"""Answers to requests in Slack: what was understood, exactly, with absolute times; or why not, and what would be. Pure.

Each outcome of a message is one part of its answer. Times are in the zone of who wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fannel.slack import blocks, names, text
from fannel.slack.grammar.scope import written
from fannel.slack.layout.message import NAME, REASON, Message, metadata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fannel.incidents.silence import Scope, Silence
    from fannel.slack.words import Reader

CONFIRM = "fannel.confirm"

_SHOWN = 3
_REASON_SHOWN = 120
_WHY_SHOWN = 300
_NO_MARKS = dict.fromkeys(map(ord, "*`"))
# Slack takes 3,000 characters in a section and refuses messages somewhere above 11,000.
_LONGEST_SECTION, _LONGEST = 2900, 8000
_IN_A_PART = 5
_SMALL = "%Y-%m-%d %H:%M %Z"


class Part(NamedTuple):
    """What is said of one request: its lines, the short form for a phone's push, perhaps a button."""

    lines: tuple[str, ...]
    push: str
    # What the button under it confirms.
    confirm: int | None = None


def silenced(silence: Silence, hosts: int, to: Reader, head: str | None = None, emoji: str = "🔕") -> Part:
    """It is kept quiet, or will be."""
    words = to.words.silencing
    first, push = _first(emoji, head or words.silenced, silence, to)
    about = (
        blocks.fact(words.hosts, words.hosts_of.of(hosts)),
        blocks.fact(words.by, person(silence.author)),
        blocks.fact(words.reason, text.prose(silence.reason, _REASON_SHOWN)),
    )
    return Part((first, blocks.fact(words.when, _window(silence, to)), _joined(*about)), push)


def ended(silence: Silence, before: Silence, by: str, to: Reader) -> Part:
    """It is over now, or about less."""
    words = to.words.silencing
    if silence.what == "narrowed":
        gone = [scope for scope in before.scopes if scope not in silence.scopes]
        first = f"🔔 *{words.narrowed}*  {number(silence.id)}"
        left = f"{_scopes(silence.scopes, to)} {words.until.format(end=moment(silence.ends_at, to))}"
        facts = (blocks.fact(words.now, _scopes(gone, to)), blocks.fact(words.left, left))
        push = text.push("🔔", words.narrowed, number(silence.id), *written(gone)[:_SHOWN])
        return Part((first, *facts, blocks.fact(words.changed_by, person(by))), push)
    first, push = _first("🔔", words.ended, before, to, until=False)
    return Part(
        (first, _joined(blocks.fact(words.when, _window(silence, to)), blocks.fact(words.changed_by, person(by)))), push
    )


def waiting(silence: Silence, hosts: int, why: Sequence[str], lapses_at: datetime, to: Reader, confirm: int) -> Part:
    """It is broad, and waits for somebody else, who confirms it by that number."""
    words = to.words.silencing
    part = silenced(silence, hosts, to, words.waits, "⏳")
    reasons = text.prose("; ".join(to.words.said(reason) for reason in why), REASON)
    before = words.before_lapse.format(until=moment(lapses_at, to))
    if silence.id:
        then = words.as_it_was_until.format(number=number(silence.id), before=before)
    else:
        then = words.nothing_until.format(before=before)
    return Part((*part.lines, blocks.fact(words.why, reasons), then), part.push, confirm)


def refused(why: str, to: Reader, closest: str = "") -> Part:
    """It was not done; `why` is outside text in part, and said in the reader's language already."""
    words = to.words.silencing
    first = f"❌ *{words.refused}:* {_marked(why)}"
    return Part((first, blocks.fact(words.write, text.code(closest, REASON) if closest else "")), _no(why, to))


def denied(why: str, to: Reader) -> Part:
    """The same, for a reason that is FANNEL's own mark-up: a setting's name, a channel."""
    return Part((f"❌ *{to.words.silencing.refused}:* {why}",), _no(why, to))


def lasting(silence: Silence, head: str, to: Reader) -> Part:
    """It goes on as it is now, by somebody's word elsewhere."""
    words = to.words.silencing
    first, push = _first("🔕", head, silence, to)
    facts = (blocks.fact(words.when, _window(silence, to)), blocks.fact(words.changed_by, person(silence.changed_by)))
    return Part((first, _joined(*facts)), push)


def confirmed(silence: Silence, hosts: int, by: str, to: Reader) -> Part:
    """Somebody else confirmed it, and so it is done."""
    words = to.words.silencing
    head = {"added": words.silenced, "extended": words.extended}.get(silence.what, words.changed)
    part = silenced(silence, hosts, to, head)
    return Part((*part.lines, words.confirmed_by.format(who=person(by))), part.push)


def confirmed_head(by: str, to: Reader) -> str:
    """For the answer that had the button."""
    return text.prose(to.words.silencing.confirmed_by.format(who=names.person(by)), 2 * NAME)


def withdrawn(silences: Sequence[Silence], waited: int, to: Reader) -> Part:
    """The message is gone, and what it stood for."""
    words = to.words.silencing
    said = words.deleted if silences or not waited else words.deleted_waiting
    head = f"🔔 *{words.withdrawn}:* {said}"
    lines = [_line(one, to, until=False) for one in silences[:_SHOWN]]
    more = len(silences) - _SHOWN
    push = text.push("🔔", f"{words.withdrawn}:", *(number(one.id) for one in silences), said)
    return Part((head, *lines, words.more.of(more) if more > 0 else ""), push)


def lapsed(silence: Silence, lasted_s: float, to: Reader) -> Part:
    """Nobody confirmed it."""
    words = to.words.silencing
    why = words.nobody_confirmed.format(lasted=to.duration(lasted_s))
    push = text.push("⌛", f"{words.lapsed}:", *written(silence.scopes)[:_SHOWN])
    return Part((f"⌛ *{words.lapsed}:* {_scopes(silence.scopes, to)}", why), push)


def holding(silences: Sequence[Silence], head: str, to: Reader) -> tuple[str, ...]:
    """Lines of what is silenced, under a head; none where nothing is."""
    words = to.words.silencing
    lines = [_line(one, to) for one in silences[:_SHOWN]]
    more = len(silences) - _SHOWN
    return (f"*{head}:*", *lines, words.more.of(more) if more > 0 else "") if silences else ()


def listed(silences: Sequence[Silence], most: int, to: Reader) -> list[Part]:
    """What is silenced, a part for some of them."""
    words = to.words.silencing
    if not silences:
        return [Part((f"🔔 {words.list_none}",), text.push("🔔", words.list_none))]
    count = words.list_head.of(len(silences))
    lines = [f"🔕 *{count}*", *(_line(one, to) for one in silences[:most])]
    if len(silences) > most:
        lines.append(words.list_more.format(n=f"{len(silences) - most:,}"))
    push = text.push("🔕", count)
    return [Part(tuple(lines[at : at + _IN_A_PART]), push) for at in range(0, len(lines), _IN_A_PART)]


def still_waiting(wanted: Sequence[Silence], to: Reader) -> list[Part]:
    """What would be silenced if somebody confirmed it; nothing where nothing waits."""
    if not wanted:
        return []
    head = f"⏳ *{to.words.silencing.list_waiting.of(len(wanted))}*"
    lines = [_line(one, to) for one in wanted[:_IN_A_PART]]
    more = len(wanted) - _IN_A_PART
    rest = to.words.silencing.more.of(more) if more > 0 else ""
    return [Part((head, *lines, rest), text.push("⏳", to.words.silencing.list_waiting.of(len(wanted))))]


def explained(to: Reader) -> Part:
    """How requests are written."""
    lines = to.words.silencing.help
    return Part(lines, text.push("ℹ️", lines[0].translate(_NO_MARKS)))


def late(lasted_s: float, to: Reader) -> str:
    """A message was heard long after it was written."""
    words = to.words.silencing
    return f"🕒 {blocks.fact(words.late, words.heard_late.format(lasted=to.duration(lasted_s)))}"


def messages(parts: Sequence[Part], key: str, to: Reader, *small: str) -> list[Message]:
    """The answer to one message: one, or as many as Slack needs; `small` stands under the last."""
    pages: list[list[Part]] = [[]]
    room = _LONGEST
    for part in parts:
        length = sum(map(len, part.lines))
        if pages[-1] and length > room:
            pages.append([])
            room = _LONGEST
        pages[-1].append(part)
        room -= length
    keys = [key, *(f"{key}/{number}" for number in range(2, len(pages) + 1))]
    last = keys[-1]
    return [
        message(page, own, to, *(small if own == last else ())) for page, own in zip(pages, keys, strict=True) if page
    ]


def message(parts: Sequence[Part], key: str, to: Reader, *small: str) -> Message:
    """One message of these parts."""
    shown = []
    for part in parts:
        shown += _sections(part.lines)
        if part.confirm is not None:
            label = to.words.silencing.confirm
            shown.append(blocks.actions(blocks.button(CONFIRM, label, str(part.confirm), "primary")))
    if any(small):
        shown.append(blocks.context(*small))
    push = parts[0].push if len(parts) == 1 else text.push(*(part.push for part in parts))
    return Message({"text": push, "blocks": shown, "metadata": metadata(key=key)})


def number(silence_id: int) -> str:
    """A silence as people name it."""
    return f"#{silence_id}"


def moment(at: datetime, to: Reader) -> str:
    """An absolute time with its zone: what was understood, and not what each reader's phone makes of it."""
    return text.prose(f"{at.astimezone(to.zone):{_SMALL}}", NAME)


def person(who: str) -> str:
    """Somebody of the record, in mark-up."""
    return text.prose(names.person(who), NAME)


# --- pieces -------------------------------------------------------------------------------------------------------


def _sections(lines: Sequence[str]) -> list[blocks.Json]:
    """The lines in as few sections as Slack takes."""
    found: list[list[str]] = [[]]
    for line in lines:
        if found[-1] and sum(map(len, found[-1])) + len(found[-1]) + len(line) > _LONGEST_SECTION:
            found.append([])
        found[-1].append(line)
    return [blocks.section(*some) for some in found if any(some)]


def _first(emoji: str, head: str, silence: Silence, to: Reader, *, until: bool = True) -> tuple[str, str]:
    """The first line, and the push."""
    shown = number(silence.id) if silence.id else ""
    first = "  ".join(part for part in (f"{emoji} *{head}*", shown, _scopes(silence.scopes, to)) if part)
    end = to.words.silencing.until.format(end=moment(silence.ends_at, to)) if until else ""
    return first, text.push(emoji, head, shown, ", ".join(written(silence.scopes[:_SHOWN])), end)


def _line(silence: Silence, to: Reader, *, until: bool = True) -> str:
    """One of a list: number, what, until when, who, why."""
    words = to.words.silencing
    facts = [person(silence.author), text.prose(silence.reason, NAME)]
    if until:
        start, end = moment(silence.starts_at, to), moment(silence.ends_at, to)
        facts.insert(0, words.starting.format(start=start, end=end))
    named = "  ".join(part for part in (number(silence.id) if silence.id else "", _scopes(silence.scopes, to)) if part)
    return f"{named}  " + " · ".join(fact for fact in facts if fact)


def _scopes(scopes: Sequence[Scope], to: Reader) -> str:
    shown = [text.code(one, NAME) for one in written(scopes[:_SHOWN])]
    more = len(scopes) - _SHOWN
    return " ".join(shown) + (f" {to.words.silencing.more.of(more)}" if more > 0 else "")


def _window(silence: Silence, to: Reader) -> str:
    lasts = to.duration((silence.ends_at - silence.starts_at).total_seconds())
    start, end = moment(silence.starts_at, to), moment(silence.ends_at, to)
    return to.words.silencing.window.format(start=start, end=end, length=lasts)


def _marked(why: str) -> str:
    """A sentence of ours with outside text in it; what is between backticks may be typed as it stands."""
    pieces = text.cut(text.one_line(why), _WHY_SHOWN).split("`")
    if len(pieces) % 2 == 0:  # cut within such a piece
        pieces[-2:] = ["".join(pieces[-2:])]
    return "".join(
        text.code(piece, _WHY_SHOWN) if number % 2 else _kept_apart(piece) for number, piece in enumerate(pieces)
    )


def _kept_apart(piece: str) -> str:
    """Prose with the spaces at its ends, without which a mark is none."""
    said = text.prose(piece, _WHY_SHOWN)
    return f"{' ' if piece[:1] == ' ' else ''}{said}{' ' if said and piece[-1:] == ' ' else ''}"


def _joined(*facts: str) -> str:
    return " · ".join(fact for fact in facts if fact)


def _no(why: str, to: Reader) -> str:
    return text.push("❌", f"{to.words.silencing.refused}:", why)
