"""The first message of a thread, for every state of its incident: checking, judged, flapping, resolved. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fannel.incidents.incident import Aside
from fannel.slack import blocks, names, text
from fannel.slack.layout import look as looks
from fannel.slack.layout import related
from fannel.slack.layout.buttons import buttons
from fannel.slack.layout.message import (
    NAME,
    Message,
    device,
    happened,
    headline,
    joined,
    phone_line,
    place,
    shown_place,
    told,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.incidents.incident import Incident
    from fannel.slack.blocks import Json
    from fannel.slack.layout.look import Look
    from fannel.slack.words import Reader, Words

_NOTHING = Aside()
_HARMLESS = ("⚪", "🟢")


def parent(incident: Incident, key: str, to: Reader, aside: Aside = _NOTHING) -> Message:
    """The parent as its incident is now; `aside` is what else belongs to the thread."""
    return _resolved(incident, key, to, aside) if incident.over else _unresolved(incident, key, to, aside)


def _unresolved(incident: Incident, key: str, to: Reader, aside: Aside) -> Message:
    words, verdict = to.words, incident.verdict
    what = happened(incident.notification, incident.problem, words)
    if verdict is None:
        look = looks.checking(incident.severity, words)
        says = look.words
    else:
        look = looks.judged(str(verdict.get("outcome")), incident.problem, incident.severity, words)
        says = _conclusion(look, verdict, words)
    if aside.flapping:
        look = looks.flapping(aside.flapping, words)
        what = look.words
    if aside.hush is not None:
        look = replace(look, colour=blocks.GREY)
    # What was meant to be so, or is back, is no longer as bad as it was announced.
    severity = "" if look.emoji in _HARMLESS else words.severities[incident.severity]
    last = to.clock(incident.last_raise_at)
    seen = words.thread.times_last.of(incident.raises, last=last) if incident.raises > 1 else ""
    sections = [
        blocks.section(
            headline(look.emoji, what, incident.host, incident.subject, severity), shown_place(incident, to)
        ),
        blocks.section(
            blocks.fact(words.labels.verdict, says),
            blocks.fact(words.labels.since, to.when(incident.opened_at)),
            blocks.fact(words.labels.seen, seen),
            blocks.fact(words.course.has_it, _whoever_has_it(incident, to)),
            blocks.fact(words.details.silence, _hushed(aside, to)),
            *_story(incident, aside, to),
            device(incident.host, words),
        ),
        *_with_it(incident, aside, to),
    ]
    first = look.emoji if verdict is None or aside.flapping else f"{look.emoji} {look.words}:"
    said = phone_line(first, incident, what, tail=joined(severity, place(incident, to)))
    return Message(written(said, sections, look, incident, key, to, *buttons(incident, to)))


def _resolved(incident: Incident, key: str, to: Reader, aside: Aside) -> Message:
    words, look = to.words, looks.recovered(to.words)
    facts, lasted = [], down_time(incident, to)
    if incident.resolved_at is not None:
        span = f"{to.clock(incident.opened_at)} → {to.clock(incident.resolved_at)}"
        facts.append(blocks.fact(words.labels.down, f"{lasted}  ({span})"))
    if incident.raises > 1:
        facts.append(blocks.fact(words.labels.seen, words.thread.times.of(incident.raises)))
    if incident.verdict is not None:
        was = looks.judged(str(incident.verdict.get("outcome")), incident.problem, incident.severity, words)
        facts.append(blocks.fact(words.labels.verdict_was, _conclusion(was, incident.verdict, words)))
    facts = [fact for fact in (*facts, *_story(incident, aside, to), device(incident.host, words)) if fact]
    what = happened(incident.notification, incident.problem, words)
    sections = [
        blocks.section(headline(look.emoji, look.words, incident.host, incident.subject), shown_place(incident, to)),
        *([blocks.section(*facts)] if facts else []),
        *_with_it(incident, aside, to),
    ]
    was_down = words.thread.was_down.format(lasted=lasted) if lasted else ""
    said = phone_line(f"{look.emoji} {look.words}", incident, "", tail=joined(was_down, what, place(incident, to)))
    return Message(written(said, sections, look, incident, key, to))


def down_time(incident: Incident, to: Reader) -> str:
    """How long the fault was there; nothing while it still is."""
    if incident.resolved_at is None:
        return ""
    return to.duration((incident.resolved_at - incident.opened_at).total_seconds())


def _story(incident: Incident, aside: Aside, to: Reader) -> list[str]:
    """How it came to have this thread."""
    words = to.words
    reopened = words.thread.times.of(incident.reopened) if incident.reopened else ""
    if incident.recovered_at is not None and incident.reopened_at is not None:
        start, end = to.clock(incident.recovered_at), to.clock(incident.reopened_at)
        reopened = words.course.over_between.format(reopened=reopened, start=start, end=end)
    why = told(aside.outlived, words)
    outlived = words.thread.outlived.format(why=why) if why else ""
    return [blocks.fact(words.labels.reopened, reopened), blocks.fact(words.labels.outlived, outlived)]


def _whoever_has_it(incident: Incident, to: Reader) -> str:
    if incident.acknowledged_by is None or incident.acknowledged_at is None:
        return ""
    name = text.prose(names.person(incident.acknowledged_by), NAME)
    return f"{name}  {to.clock(incident.acknowledged_at)}"


def _hushed(aside: Aside, to: Reader) -> str:
    if aside.hush is None:
        return ""
    named = {"number": f"#{aside.hush.number}", "end": to.when(aside.hush.ends_at)}
    return f"🔕 {to.words.details.silenced.format(who=text.prose(names.person(aside.hush.who), NAME), **named)}"


def _with_it(incident: Incident, aside: Aside, to: Reader) -> list[Json]:
    others = related.section(aside.related, incident.host, to.words)
    return [] if others is None else [others]


def _conclusion(look: Look, verdict: Mapping[str, Any], words: Words) -> str:
    reasons = verdict.get("reasons") or str(verdict.get("reason") or "")
    reason = told(reasons, words)
    return f"{look.words}: {reason}" if reason else look.words
