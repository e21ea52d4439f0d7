"""Records to Slack messages: what an engineer reads at three in the morning on a telephone.

Pure. The parent of a thread carries the state and is edited in place; each reply carries one push. The parent is made
of section blocks only, because Slack refuses to edit a rich_text message into another kind (`block_mismatch`).
Facts stand in blocks; only the meta line is in the coloured attachment, which phones may fold.

The outbox's `key` goes into the metadata, and ids only: every app in the workspace can read it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from fannel.incidents.incident import Aside
from fannel.slack import blocks, losses, names, outputs, related, text
from fannel.slack.advice import next_step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from fannel.checks.verdict import Verdict
    from fannel.event import Event, Host, Severity, Source, Subject
    from fannel.incidents.incident import Incident
    from fannel.slack.blocks import Json
    from fannel.slack.outputs import File

EVENT_TYPE = "fannel_incident"
VARBINDS_IN_NOTE = 8

# How long an outside string may get where it stands, in characters as read.
_NAME, _WORD, _DESCRIPTION, _REASON, _SAID = 40, 48, 80, 240, 400


@dataclass(frozen=True, slots=True)
class Message:
    """What to post: `payload` is text, blocks, attachments, metadata of chat.postMessage or chat.update.

    `broadcast` shows a reply in the channel too; `file` is to be shared in the thread after it.
    """

    payload: Json
    broadcast: bool = False
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How a state appears wherever it appears."""

    emoji: str
    words: str
    colour: str


PENDING = "checking …"
_NOTHING = Aside()
RECOVERED = Look("🟢", "RECOVERED", blocks.GREEN)
FLAPPING = Look("🔁", "FLAPPING", blocks.AMBER)
STILL_DOWN = Look("🔴", "STILL DOWN", blocks.RED)
_BY_SEVERITY: dict[Severity, tuple[str, str]] = {
    "critical": ("🔴", blocks.RED),
    "major": ("🔴", blocks.RED),
    "minor": ("🟠", blocks.AMBER),
    "warning": ("🟠", blocks.AMBER),
    "info": ("🔵", blocks.BLUE),
}


def judged(outcome: str, problem: str, severity: Severity) -> Look:
    """The look of an outcome; the colour of a confirmed fault is its severity's."""
    if outcome == "confirmed":
        return Look("🔴", "DOWN, confirmed" if problem.endswith("_down") else "confirmed", _BY_SEVERITY[severity][1])
    if outcome == "expected":
        return Look("⚪", "expected", blocks.GREY)
    if outcome == "cleared":
        return Look("🟢", "back already", blocks.GREEN)
    return Look("🟠", "could not judge", blocks.AMBER)


# --- the parent --------------------------------------------------------------------------------------------------


def parent(incident: Incident, key: str, *, zone: tzinfo, aside: Aside = _NOTHING) -> Message:
    """The first message of the thread, for every state of the incident: checking, judged, flapping, resolved."""
    if incident.over:
        return _resolved_parent(incident, key, zone, aside)
    verdict = incident.verdict
    what = _notification(incident.notification, incident.problem)
    emoji, colour = _BY_SEVERITY[incident.severity]
    if verdict is None:
        look, says = Look(emoji, PENDING, colour), PENDING
    else:
        look = judged(str(verdict.get("outcome")), incident.problem, incident.severity)
        says = _conclusion(look, verdict)
    if aside.flapping:
        look = Look(FLAPPING.emoji, f"{FLAPPING.words} ×{aside.flapping}", FLAPPING.colour)
        what = look.words
    seen = f"*Seen:* {incident.raises} times, last {text.clock(incident.last_raise_at, zone)}"
    sections = [
        blocks.section(headline(look.emoji, what, incident.host, incident.subject), _where(incident)),
        blocks.section(
            f"*Verdict:* {says}",
            f"*Since:* {text.when(incident.opened_at, zone)}",
            seen if incident.raises > 1 else "",
            _device(incident.host),
        ),
    ]
    if (others := related.section(aside.related, incident.host)) is not None:
        sections.append(others)
    first = look.emoji if verdict is None or aside.flapping else f"{look.emoji} {look.words}:"
    push = phone_line(first, incident, what, tail=_where_plain(incident))
    return Message(written(push, sections, look, incident, key))


def _resolved_parent(incident: Incident, key: str, zone: tzinfo, aside: Aside) -> Message:
    facts = []
    lasted = down_time(incident)
    if incident.resolved_at is not None:
        span = f"{text.clock(incident.opened_at, zone)} → {text.clock(incident.resolved_at, zone)}"
        facts.append(f"*Down:* {lasted}  ({span})")
    if incident.raises > 1:
        facts.append(f"*Seen:* {incident.raises} times")
    if incident.verdict is not None:
        look = judged(str(incident.verdict.get("outcome")), incident.problem, incident.severity)
        facts.append(f"*Verdict was:* {_conclusion(look, incident.verdict)}")
    sections = [
        blocks.section(headline(RECOVERED.emoji, RECOVERED.words, incident.host, incident.subject), _where(incident)),
        blocks.section(*facts, _device(incident.host)),
    ]
    if not sections[1]["text"]["text"]:
        sections.pop()
    if (others := related.section(aside.related, incident.host)) is not None:
        sections.append(others)
    tail = " · ".join(part for part in (f"down {lasted}" if lasted else "", _where_plain(incident)) if part)
    push = phone_line(f"{RECOVERED.emoji} {RECOVERED.words}", incident, "", tail=tail)
    return Message(written(push, sections, RECOVERED, incident, key))


# --- the replies -------------------------------------------------------------------------------------------------


def collected(incident: Incident, verdict: Verdict, key: str) -> Message:
    """What the check saw and concluded: the judgement, its reason, the lines that show it, the rest as a file."""
    look = judged(verdict.outcome, incident.problem, incident.severity)
    step = f"*Next:* {next_step(verdict.reason)}" if verdict.outcome == "inconclusive" else ""
    head = blocks.section(f"{look.emoji} *{look.words}*", text.prose(verdict.reason, _REASON), step)
    body, complete = outputs.shown(verdict.evidence, verdict.outputs)
    printed = [output for output in verdict.outputs if output.text.strip()]
    file = None
    if printed and not complete:
        host, subject = names.host(incident.host.name), _subject_name(incident.subject, verdict.subject_name)
        # The name tells this file from others of the thread, since a share has no metadata to find it by.
        mark = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:8]
        file = outputs.file(f"{host}_{incident.id}_{mark}", f"{host} {subject}".strip(), printed)
    effort = f"{_count(len(verdict.outputs), 'command')} in {verdict.took_s:.1f} s" if verdict.outputs else ""
    meta = blocks.context(effort, _waited(verdict), "full output below" if file else "", _id(incident))
    sections = [block for block in (head, body, meta) if block is not None]
    push = phone_line(look.emoji, incident, f"{look.words}: {verdict.reason}", subject=verdict.subject_name)
    return Message(written(push, sections, None, incident, key), file=file)


def recovered(incident: Incident, verdict: Verdict | None, key: str) -> Message:
    """The end of the fault, shown in the channel too unless it was expected to be down.

    Without a verdict the device's word is all there is, and the reply says so.
    """
    lasted = down_time(incident)
    if verdict is None:
        why = "The device says so; no check was made."
    elif verdict.outcome == "inconclusive":
        why = f"The device says so; not verified: {text.prose(verdict.reason, _REASON)}"
    else:
        why = text.prose(verdict.reason, _REASON)
    head = headline(RECOVERED.emoji, RECOVERED.words, incident.host, incident.subject)
    section = blocks.section(f"{head}  after *{lasted}*" if lasted else head, why, _waited(verdict))
    expected = incident.verdict is not None and incident.verdict.get("outcome") == "expected"
    reason = verdict.reason if verdict is not None else None
    push = phone_line(
        f"{RECOVERED.emoji} {RECOVERED.words}",
        incident,
        "",
        tail=" · ".join(part for part in (f"after {lasted}" if lasted else "", reason) if part),
    )
    return Message(written(push, [section], None, incident, key), broadcast=not expected)


def still_down(incident: Incident, verdict: Verdict, key: str) -> Message:
    """The device announced the end and the check disagrees: the incident stays open."""
    look = STILL_DOWN
    if verdict.outcome != "confirmed":
        # Saying "down" on an inconclusive check would be a guess.
        judgement = judged(verdict.outcome, incident.problem, incident.severity)
        look = Look(judgement.emoji, "NOT CONFIRMED UP", judgement.colour)
    step = f"*Next:* {next_step(verdict.reason)}" if verdict.outcome == "inconclusive" else ""
    head = blocks.section(
        headline(look.emoji, look.words, incident.host, incident.subject),
        "The device announced the end; the check says otherwise:",
        text.prose(verdict.reason, _REASON),
        step,
        _waited(verdict),
    )
    body, _ = outputs.shown(verdict.evidence, ())
    push = phone_line(f"{look.emoji} {look.words}", incident, "", tail=verdict.reason)
    return Message(written(push, [head, *([body] if body else [])], None, incident, key))


def calm(message: Message, changes: int) -> Message:
    """A reply to what flapped and is calm again: the one that says so."""
    said = blocks.context(f"🔁 Calm again after {changes} changes")
    return replace(message, payload=message.payload | {"blocks": [*message.payload["blocks"], said]})


# --- a message without a thread -----------------------------------------------------------------------------------


def note(event: Event, key: str, *, zone: tzinfo) -> Message:
    """Something people should know that is no fault to follow: an unknown host, a restart, a wrong community."""
    if event.lost:
        return _lost(event, event.lost, key, zone)
    emoji, colour = _BY_SEVERITY[event.severity]
    what = _notification((event.trap or {}).get("name"), event.kind)
    facts = [
        _device(event.host),
        f"*When:* {text.when(event.received_at, zone)}",
        f"*Seen:* {event.repeats} times" if event.repeats > 1 else "",
        _disputed(event.source),
    ]
    sections = [
        blocks.section(headline(emoji, what, event.host, event.subject), _where(event)),
        blocks.section(*facts),
    ]
    if said := _said(event):
        sections.append(blocks.terminal((None, said)))
    sender = f"from {text.prose(event.source.address, _NAME)}"
    if event.source.proxy:
        sender += f" through {text.prose(event.source.proxy, _NAME)}"
    push = phone_line(emoji, event, what, tail=_where_plain(event))
    return _note(event, key, push, sections, colour, sender, "trap" if event.via == "snmp_trap" else event.via)


def _lost(event: Event, lost: Mapping[str, int], key: str, zone: tzinfo) -> Message:
    """FANNEL's own losses: the one message that must not be taken for a device's."""
    emoji, colour = _BY_SEVERITY[event.severity]
    head = f"FANNEL lost {losses.total(lost)}"
    sections = [
        blocks.section(
            f"{emoji} *{head}*  {text.code(event.host.name, _NAME)}",
            *(f"• {text.prose(way, _DESCRIPTION)}" for way in losses.ways(lost)),
        ),
        blocks.section(
            *(f"*Do:* {remedy}" for remedy in losses.remedies(lost)),
            "*All:* `fannel_datagrams_lost_total` in /metrics; Slack is told every 10 minutes at most.",
            f"*When:* {text.when(event.received_at, zone)}",
        ),
    ]
    push = text.push(f"{emoji} {head}:", ", ".join(losses.ways(lost)))
    return _note(event, key, push, sections, colour)


def _note(event: Event, key: str, push: str, sections: list[Json], colour: str, *meta: str) -> Message:
    payload = {
        "text": push,
        "blocks": sections,
        "attachments": [blocks.coloured(colour, push, blocks.context(text.prose(event.id, _NAME), *meta))],
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"v": 1, "event": event.id, "key": key}},
    }
    return Message(payload)


def _said(event: Event) -> list[str]:
    """What the notification carried, for a phone: the log line, or the first few varbinds."""
    if event.syslog is not None:
        return outputs.first_lines([str(event.syslog.get("message", ""))[:_SAID]])
    varbinds = (event.trap or {}).get("varbinds")
    if not isinstance(varbinds, dict):
        return []
    # RFC 3584 §3.1 puts the community into a varbind (snmpTrapCommunity.0): it is a password.
    open_ones = ((k, v) for k, v in varbinds.items() if "community" not in str(k).lower())
    named = islice(open_ones, VARBINDS_IN_NOTE)
    return outputs.first_lines(f"{text.one_line(str(k)[:_SAID])} = {text.one_line(str(v)[:_SAID])}" for k, v in named)


# --- pieces ------------------------------------------------------------------------------------------------------


def written(push: str, sections: list[Json], look: Look | None, incident: Incident, key: str) -> Json:
    """A message of an incident's thread; with `look`, the parent's coloured line below it."""
    payload: dict[str, Any] = {"text": push, "blocks": sections}
    if look is not None:
        reported = text.prose(incident.notification or "", _WORD)
        stale = f"pagoda data {text.duration(incident.host.stale_s)} old" if incident.host.stale_s else ""
        payload["attachments"] = [
            blocks.coloured(look.colour, push, blocks.context(_id(incident), reported, stale)),
        ]
    payload["metadata"] = {"event_type": EVENT_TYPE, "event_payload": {"v": 1, "incident": incident.id, "key": key}}
    return payload


def headline(emoji: str, what: str, host: Host, subject: Subject) -> str:
    """`🔴 *what*  host  subject`."""
    name = _subject_name(subject)
    shown = f"  {text.code(name, _NAME)}" if name else ""
    return f"{emoji} *{text.prose(what, _WORD)}*  {text.code(names.host(host.name), _NAME)}{shown}"


def phone_line(first: str, about: Incident | Event, what: str, *, tail: str = "", subject: str | None = None) -> str:
    """`first`, what, host and subject, then ` · tail`; each bounded so that the important part is never cut."""
    host = text.cut(text.one_line(names.host(about.host.name)), _NAME)
    name = text.cut(text.one_line(_subject_name(about.subject, subject)), _NAME)
    who = f"{host} {name}".strip()
    lead = (what, who) if tail or not what else (who, what)
    return text.push(first, *lead, f"· {tail}" if tail else None)


def _subject_name(subject: Subject, asked: str | None = None) -> str:
    """The subject as an engineer writes it; `asked` is the name the device itself gave."""
    name = asked or subject.name or subject.peer
    if name:
        return names.interface(name) if subject.type == "interface" else name
    return f"ifIndex {subject.ifindex}" if subject.ifindex is not None else ""


def _where(about: Incident | Event) -> str:
    return text.prose(_where_plain(about), _DESCRIPTION + 2 * _NAME)


def _where_plain(about: Incident | Event) -> str:
    parts = (
        text.cut(text.one_line(about.subject.description or ""), _DESCRIPTION),
        text.cut(text.one_line(about.subject.circuit or ""), _NAME),
        text.cut(text.one_line(about.host.site or ""), _NAME),
    )
    return " · ".join(part for part in parts if part)


def _device(host: Host) -> str:
    """What the device is; for a sender nobody knows, what to do about that."""
    if host.ambiguous:
        return f"*Host:* several in pagoda claim this address: {text.prose(', '.join(host.ambiguous), _REASON)}"
    if not host.known:
        return "*Host:* not in pagoda. Add it there, or the address it sends from."
    kind = text.prose(host.platform or host.os or "", _NAME)
    return f"*Device:* {kind}" if kind else ""


def _disputed(source: Source) -> str:
    """`*Disputed:* source address says rt1, agent address says rt2`: the order of trust may be the wrong one."""
    says = [f"{fact.replace('_', ' ')} says {device}" for fact, device in (source.disputed or {}).items()]
    return f"*Disputed:* {text.prose(', '.join(says), _REASON)}" if says else ""


def _notification(name: str | None, otherwise: str) -> str:
    """`IF-MIB::linkDown` as `linkDown`; without a name, the problem or kind in words."""
    last = text.one_line(name or "").rsplit("::", 1)[-1]
    return last or text.one_line(otherwise.replace("_", " ")) or "notification"


def _conclusion(look: Look, verdict: Mapping[str, Any]) -> str:
    reason = text.prose(str(verdict.get("reason") or ""), _REASON)
    return f"{look.words}: {reason}" if reason else look.words


def down_time(incident: Incident) -> str:
    """How long it lasted, in words; nothing while it does."""
    if incident.resolved_at is None:
        return ""
    return text.duration((incident.resolved_at - incident.opened_at).total_seconds())


def _waited(verdict: Verdict | None) -> str:
    return text.prose(verdict.waited, _REASON) if verdict is not None else ""


def _id(incident: Incident) -> str:
    return text.prose(incident.id, _NAME)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
