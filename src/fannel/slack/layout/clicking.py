"""What whoever clicked is told, and nobody else: that it is done, why not, or all that is known of an incident. Pure.

It goes to a response_url: text and blocks, without metadata, since nobody looks for it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.layout import look as looks
from fannel.slack.layout.message import (
    DESCRIPTION,
    NAME,
    REASON,
    Message,
    happened,
    headline,
    shown_id,
    shown_place,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fannel.incidents.incident import Aside, Incident
    from fannel.incidents.silence import Silence
    from fannel.slack.words import Reader

# Of what happened; with a phone's width in mind, and far from what one section may hold (3,000 characters).
LINES = 12
_LINE = 110


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened to an incident; `text` is outside text."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One of the catalogue's, and what fills it: outside text."""

    form: str
    named: Mapping[str, str] = field(default_factory=dict)


def answer(emoji: str, *sentences: Sentence) -> Message:
    """A sentence or two."""
    shown = [
        one.form.format(**{name: text.prose(said, DESCRIPTION) for name, said in one.named.items()})
        for one in sentences
    ]
    push = text.push(emoji, *(one.form.format(**one.named) for one in sentences))
    return Message({"text": push, "blocks": blocks.sections(f"{emoji} {shown[0]}", *shown[1:])})


def details(
    incident: Incident, aside: Aside, silence: Silence | None, lines: Sequence[Line], earlier: int, to: Reader
) -> Message:
    """State, verdict, what silences it, whether it flaps, and the last lines of what happened."""
    words, found = to.words, incident.verdict or {}
    look = looks.recovered(words) if incident.over else looks.severity(incident.severity, words)
    if found and not incident.over:
        look = looks.judged(str(found.get("outcome")), incident.problem, incident.severity, words)
    reasons = told(found.get("reasons") or str(found.get("reason") or ""), words)
    flapping = words.details.flapping.of(aside.flapping) if aside.flapping else ""
    what = happened(incident.notification, incident.problem, words)
    sections = [
        blocks.section(headline(look.emoji, what, incident.host, incident.subject), shown_place(incident, to)),
        blocks.section(
            blocks.fact(words.details.state, _state(incident, to)),
            blocks.fact(words.labels.since, to.when(incident.opened_at)),
            blocks.fact(words.labels.seen, words.thread.times.of(incident.raises)),
            blocks.fact(words.labels.verdict, f"{look.words}: {reasons}" if reasons else ""),
            blocks.fact(words.details.silence, _silenced(silence, to)),
            blocks.fact(words.details.flap, flapping),
        ),
    ]
    if lines:
        shown = [f"{to.clock(line.at)}  {text.prose(line.text, _LINE)}" for line in lines[-LINES:]]
        more = earlier + max(0, len(lines) - LINES)
        head = words.details.earlier.of(more) if more else ""
        sections += blocks.sections(f"*{words.details.history}:*", head, *shown)
    sections.append(blocks.context(words.details.more.format(incident=shown_id(incident))))
    push = text.push(look.emoji, what, names.host(incident.host.name))
    return Message({"text": push, "blocks": sections})


def event_line(event: dict[str, object], to: Reader) -> str:
    """An event as a line: `reported: IF-MIB::linkDown (snmp_trap)`."""
    trap = event.get("trap")
    name = trap.get("name") if isinstance(trap, dict) else None
    phase = to.words.details.phases.get(str(event.get("phase")), "")  # type: ignore[call-overload]
    return f"{phase}: {name or event.get('kind')} ({event.get('via')})"


def change_line(what: str, who: str, why: str | None, to: Reader) -> str:
    """A line of history: `acknowledged by Kei: on my way`."""
    words = to.words.details
    said = words.what.get(what, what)  # type: ignore[call-overload]
    by = "" if who.startswith("event ") else f" {words.by.format(who=names.person(who))}"
    return f"{said}{by}: {to.words.said(why)}" if why else f"{said}{by}"


def _state(incident: Incident, to: Reader) -> str:
    said = to.words.details.states[incident.state]
    if incident.over and incident.resolved_at is not None:
        return f"{said}  {to.clock(incident.resolved_at)}"
    if incident.acknowledged_by is not None and incident.acknowledged_at is not None:
        who = text.prose(names.person(incident.acknowledged_by), NAME)
        return f"{said}, {to.words.details.by.format(who=who)}  {to.clock(incident.acknowledged_at)}"
    return said


def _silenced(silence: Silence | None, to: Reader) -> str:
    if silence is None:
        return ""
    who, reason = text.prose(names.person(silence.author), NAME), text.prose(silence.reason, REASON)
    said = to.words.details.silenced.format(number=f"#{silence.id}", end=to.when(silence.ends_at), who=who)
    return f"{said}: {reason}" if reason else said
