"""The replies that tell how an incident goes on: it is back, flaps, a person has it or ended it, nobody has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.slack import blocks, text
from fannel.slack.layout import look as looks
from fannel.slack.layout import outputs
from fannel.slack.layout.look import Look
from fannel.slack.layout.message import Message, headline, joined, phone_line, shown_id, told, told_plain, written
from fannel.slack.layout.parent import down_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fannel.checks.verdict import Verdict
    from fannel.event import Event
    from fannel.incidents.incident import Aside, Incident, Turn
    from fannel.slack.words import Reader

_WHO, _WHY = 60, 400


def reopened(incident: Incident, key: str, to: Reader) -> Message:
    """A fault that was over is back: how long it had been over, from when to when. The channel hears it."""
    words = to.words
    down = incident.problem.endswith("_down")
    look = Look("🔴", words.looks.down_again if down else words.looks.is_back, blocks.RED)
    was_over = span = ""
    if incident.reopened_at is not None and incident.recovered_at is not None:
        lasted = to.duration((incident.reopened_at - incident.recovered_at).total_seconds())
        was_over = words.course.was_over.format(lasted=lasted)
        span = f"({to.clock(incident.recovered_at)} → {to.clock(incident.reopened_at)})"
    section = blocks.section(
        headline(look.emoji, look.words, incident.host, incident.subject, words.severities[incident.severity]),
        f"{was_over}  {span}".strip(),
        blocks.fact(words.course.first_seen, to.when(incident.opened_at)),
        blocks.fact(words.labels.reopened, words.course.came_back.of(incident.reopened)),
    )
    push = phone_line(f"{look.emoji} {look.words}", incident, "", tail=was_over)
    return Message(written(push, [section], None, incident, key, to), broadcast=True)


def flapping(incident: Incident, aside: Aside, turns: Sequence[Turn], key: str, to: Reader) -> Message:
    """It comes and goes: said once, since the parent that counts the changes calls nobody; and edited from then on.

    `turns` are the latest changes.
    """
    words, look = to.words.course, looks.flapping(aside.flapping, to.words)
    if incident.problem.endswith("_down"):
        now = words.now_down if aside.there else words.now_up
    else:
        now = words.now_there if aside.there else words.now_gone
    state = joined(words.changes.of(aside.flapping), now)
    severity = to.words.severities[incident.severity]
    section = blocks.section(
        headline(look.emoji, look.words, incident.host, incident.subject, severity),
        state,
        blocks.fact(words.latest_changes, _turns(aside.flapping, turns, to)),
    )
    push = phone_line(f"{look.emoji} {look.words}", incident, "", tail=now)
    return Message(written(push, [section, blocks.context(words.flap_rule)], None, incident, key, to), broadcast=True)


def _turns(changes: int, turns: Sequence[Turn], to: Reader) -> str:
    """The latest changes, the newest last."""
    shown = [f"{'🔴' if turn.there else '🟢'} {to.clock(turn.at)}" for turn in turns]
    more = ["…"] if shown and changes > len(shown) else []
    return " ".join([*more, *shown])


def looked_further(asked: Event, incident: Incident, verdict: Verdict, key: str, to: Reader) -> Message:
    """What a look at something else found: the far end, who changed the configuration. Nobody is called for it."""
    words = to.words
    name = to.words.looks.looked_further
    section = blocks.section(headline("🔎", name, asked.host, asked.subject), told(verdict.reasons, words))
    body, _ = outputs.shown(verdict.evidence, ())
    push = phone_line(f"🔎 {name}", asked, "", tail=told_plain(verdict.reasons, words))
    shown = [block for block in (section, body) if block is not None]
    return Message(written(push, shown, None, incident, key, to))


def escalated(incident: Incident, key: str, to: Reader) -> Message:
    """For another channel: what is confirmed, and under which name its thread is found."""
    words, verdict = to.words, incident.verdict or {}
    found = told(verdict.get("reasons") or str(verdict.get("reason") or ""), words)
    section = blocks.section(
        headline("🚨", words.looks.escalated, incident.host, incident.subject, words.severities[incident.severity]),
        found,
        blocks.fact(words.labels.since, to.when(incident.opened_at)),
        shown_id(incident),
    )
    tail = told_plain(verdict.get("reasons") or "", words)
    push = phone_line(f"🚨 {words.looks.escalated}", incident, "", tail=tail)
    return Message(written(push, [section], None, incident, key, to))


def acknowledged(incident: Incident, who: str, why: str | None, key: str, to: Reader) -> Message:
    """A person has it."""
    first = headline("👤", to.words.looks.acknowledged, incident.host, incident.subject, _by(who, to))
    section = blocks.section(first, _because(why, to))
    push = phone_line(f"👤 {to.words.looks.acknowledged}", incident, "", tail=_plainly(who, why, to))
    return Message(written(push, [section], None, incident, key, to))


def ended_by_hand(incident: Incident, who: str, why: str | None, key: str, to: Reader) -> Message:
    """A person says that it is over, whatever the devices say."""
    words, lasted = to.words, down_time(incident, to)
    after = words.thread.after.format(lasted=f"*{lasted}*") if lasted else ""
    first = headline("✅", words.looks.resolved_by_hand, incident.host, incident.subject, after)
    section = blocks.section(first, _by(who, to), _because(why, to))
    push = phone_line(f"✅ {words.looks.resolved_by_hand}", incident, "", tail=_plainly(who, why, to))
    return Message(written(push, [section], None, incident, key, to))


def found_over(incident: Incident, verdict: Verdict, key: str, to: Reader) -> Message:
    """A check that looked unasked found that it is over: the clear never came, so nobody knows since when."""
    words, look, lasted = to.words, looks.recovered(to.words), down_time(incident, to)
    after = words.course.after_at_most.format(lasted=f"*{lasted}*") if lasted else ""
    section = blocks.section(
        headline(look.emoji, look.words, incident.host, incident.subject, after),
        words.course.found_by_recheck.format(reason=told(verdict.reasons, words)),
        words.course.nobody_said,
        told(verdict.waited, words),
    )
    tail = joined(words.course.found_by_recheck_push, told_plain(verdict.reasons, words))
    push = phone_line(f"{look.emoji} {look.words}", incident, "", tail=tail)
    expected = incident.verdict is not None and incident.verdict.get("outcome") == "expected"
    return Message(written(push, [section], None, incident, key, to), broadcast=not expected)


def unanswered(incident: Incident, key: str, to: Reader, *, now: datetime) -> Message:
    """It lasts, and nobody acknowledged it. The channel hears it: in the thread nobody listens."""
    words = to.words
    since = incident.reopened_at or incident.opened_at
    step = words.course.what_to_press if to.clickable else words.course.what_to_do
    lasts = words.course.lasts.format(lasted=to.duration((now - since).total_seconds()))
    verdict = incident.verdict or {}
    found = told(verdict.get("reasons") or str(verdict.get("reason") or ""), words)
    section = blocks.section(
        headline(
            "🔴", words.looks.still_open, incident.host, incident.subject, words.severities[incident.severity], lasts
        ),
        blocks.fact(words.labels.since, to.when(since)),
        words.course.nobody_has_it,
        blocks.fact(words.course.last_found, found),
        blocks.fact(words.labels.do, step.format(incident=shown_id(incident))),
    )
    tail = joined(lasts, words.course.nobody_has_it_push)
    push = phone_line(f"🔴 {words.looks.still_open}", incident, "", tail=tail)
    return Message(written(push, [section], None, incident, key, to), broadcast=True)


def _by(who: str, to: Reader) -> str:
    return to.words.course.by.format(who=f"*{text.prose(who, _WHO)}*")


def _because(why: str | None, to: Reader) -> str:
    return blocks.fact(to.words.course.why, text.prose(why or "", _WHY))


def _plainly(who: str, why: str | None, to: Reader) -> str:
    """For a push, which escapes it."""
    said = to.words.course.by.format(who=text.cut(text.one_line(who), _WHO))
    return f"{said}: {text.one_line(why)}" if why else said
