"""What is said in a thread: what was found, that it is over, that it is not. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.layout import look as looks
from fannel.slack.layout import outputs
from fannel.slack.layout.advice import next_step
from fannel.slack.layout.message import (
    DESCRIPTION,
    NAME,
    Message,
    headline,
    joined,
    phone_line,
    shown_id,
    subject_name,
    told,
    told_plain,
    written,
)
from fannel.slack.layout.parent import down_time

if TYPE_CHECKING:
    from fannel.checks.verdict import Verdict
    from fannel.incidents.incident import Incident
    from fannel.slack.words import Reader, Words


def collected(incident: Incident, verdict: Verdict, key: str, to: Reader, *, asked_by: str | None = None) -> Message:
    """What the check saw and concluded: the judgement, its reason, the lines that show it, the rest as a file."""
    words = to.words
    look = looks.judged(verdict.outcome, incident.problem, incident.severity, words)
    named = replace(incident.subject, name=verdict.subject_name or incident.subject.name)
    first = headline(look.emoji, look.words, incident.host, named)
    head = blocks.section(first, told(verdict.reasons, words), _next(verdict, words))
    body, complete = outputs.shown(verdict.evidence, verdict.outputs)
    printed = [output for output in verdict.outputs if output.text.strip()]
    file = None
    if printed and not complete:
        host, subject = names.host(incident.host.name), subject_name(incident.subject, verdict.subject_name)
        # The name tells this file from others of the thread, since a share has no metadata to find it by.
        mark = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:8]
        file = outputs.file(f"{host}_{incident.id}_{mark}", f"{host} {subject}".strip(), printed, words)
    ran = len(verdict.outputs)
    effort = words.thread.commands.of(ran, seconds=f"{verdict.took_s:.1f}") if ran else ""
    more = words.thread.full_output if file else ""
    asked = words.course.asked_by.format(who=text.prose(asked_by, NAME)) if asked_by else ""
    meta = blocks.context(asked, effort, told(verdict.waited, words), more, shown_id(incident))
    sections = [block for block in (head, body, meta) if block is not None]
    reason = told_plain(verdict.reasons, words)
    said = phone_line(look.emoji, incident, f"{look.words}: {reason}", subject=verdict.subject_name)
    return Message(written(said, sections, None, incident, key, to), file=file)


def recovered(incident: Incident, verdict: Verdict | None, key: str, to: Reader) -> Message:
    """The end of the fault, shown in the channel too unless it was expected to be down.

    Without a verdict the device's word is all there is, and the reply says so.
    """
    words, look, lasted = to.words, looks.recovered(to.words), down_time(incident, to)
    if verdict is None:
        why = words.thread.unchecked
    elif verdict.outcome == "inconclusive":
        why = words.thread.unverified.format(reason=told(verdict.reasons, words))
    else:
        why = told(verdict.reasons, words)
    after = words.thread.after.format(lasted=f"*{lasted}*") if lasted else ""
    waited = told(verdict.waited, words) if verdict is not None else ""
    first = headline(look.emoji, look.words, incident.host, incident.subject, after)
    expected = incident.verdict is not None and incident.verdict.get("outcome") == "expected"
    said = phone_line(
        f"{look.emoji} {look.words}",
        incident,
        "",
        tail=joined(
            words.thread.after.format(lasted=lasted) if lasted else "",
            told_plain(verdict.reasons, words) if verdict is not None else "",
        ),
    )
    sections = [blocks.section(first, why, waited)]
    return Message(written(said, sections, None, incident, key, to), broadcast=not expected)


def still_down(incident: Incident, verdict: Verdict, key: str, to: Reader) -> Message:
    """The device announced the end and the check disagrees: the incident stays open."""
    words = to.words
    look = looks.still_down(verdict.outcome, incident.problem, incident.severity, words)
    head = blocks.section(
        headline(look.emoji, look.words, incident.host, incident.subject),
        words.thread.announced_end,
        told(verdict.reasons, words),
        _next(verdict, words),
        told(verdict.waited, words),
    )
    body, _ = outputs.shown(verdict.evidence, ())
    said = phone_line(f"{look.emoji} {look.words}", incident, "", tail=told_plain(verdict.reasons, words))
    return Message(written(said, [head, *([body] if body else [])], None, incident, key, to))


def calm(message: Message, changes: int, to: Reader) -> Message:
    """A reply to what flapped and is calm again: the one that says so."""
    said = blocks.context(f"🔁 {to.words.thread.calm.of(changes)}")
    return replace(message, payload=message.payload | {"blocks": [*message.payload["blocks"], said]})


def file_missing(incident: Incident, filename: str, key: str, to: Reader) -> Message:
    """The file with the whole output did not come; it is promised above."""
    words, named = to.words.posting, {"incident": shown_id(incident)}
    body = words.file_missing.format(name=text.code(filename, DESCRIPTION), **named)
    said = phone_line("📎", incident, words.file_missing_push.format(**named))
    return Message(written(said, [blocks.context(f"📎 {body}")], None, incident, key, to))


def _next(verdict: Verdict, words: Words) -> str:
    step = next_step(verdict.reason, words.steps) if verdict.outcome == "inconclusive" else ""
    return blocks.fact(words.labels.next, step)
