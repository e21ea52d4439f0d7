"""A message without a thread: something people should know that is no fault to follow. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from fannel.slack import blocks, text
from fannel.slack.layout import look as looks
from fannel.slack.layout import losses, outputs
from fannel.slack.layout.message import (
    DESCRIPTION,
    NAME,
    REASON,
    Message,
    device,
    happened,
    headline,
    joined,
    metadata,
    phone_line,
    place,
    shown_place,
    told,
    told_plain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.checks.verdict import Verdict
    from fannel.event import Event, Source
    from fannel.slack.blocks import Json
    from fannel.slack.words import Reader, Words

VARBINDS_IN_NOTE = 8
_RESTART = "device_restart"
_SAID = 400


class Often(NamedTuple):
    """What a rule counted before it had it said: so many times at least within so many minutes."""

    times: int
    minutes: int


def note(event: Event, key: str, to: Reader, found: Verdict | None = None, often: Often | None = None) -> Message:
    """An unknown host, a restart, a wrong community, what FANNEL itself lost; or what a look at one of these found."""
    if found is not None:
        return _found(event, found, key, to)
    if event.lost:
        return _lost(event, event.lost, key, to)
    words = to.words
    look = looks.severity(event.severity, words)
    what = happened((event.trap or {}).get("name"), event.kind, words)
    counted = "" if often is None else words.notes.often.format(times=often.times, minutes=often.minutes)
    repeated = words.thread.times.of(event.repeats) if event.repeats > 1 else ""
    facts = [
        device(event.host, words),
        blocks.fact(words.labels.when, to.when(event.received_at)),
        blocks.fact(words.labels.seen, counted or repeated),
        blocks.fact(words.labels.refused, _refused(event, words)),
        _disputed(event.source, words),
        words.notes.restarted if event.problem == _RESTART else "",
    ]
    sections = [
        blocks.section(headline(look.emoji, what, event.host, event.subject, look.words), shown_place(event, to)),
        blocks.section(*facts),
    ]
    if said := _said(event):
        sections.append(blocks.terminal((None, said)))
    sender = text.prose(event.source.address, NAME)
    came = words.notes.sender.format(sender=sender)
    if event.source.proxy:
        came = words.notes.sender_through.format(sender=sender, proxy=text.prose(event.source.proxy, NAME))
    pushed = phone_line(look.emoji, event, what, tail=joined(look.words, counted, place(event, to)))
    return _note(event, key, pushed, sections, look.colour, came, "trap" if event.via == "snmp_trap" else event.via)


def _found(event: Event, verdict: Verdict, key: str, to: Reader) -> Message:
    """Why a device restarted, who could not log in: the reason, and the lines that show it."""
    words = to.words
    look = looks.judged(verdict.outcome, event.problem, verdict.severity or event.severity, words)
    what = happened(None, event.kind, words)
    first = headline(look.emoji, what, event.host, event.subject)
    shown = [blocks.section(first, told(verdict.reasons, words)), outputs.shown(verdict.evidence, ())[0]]
    pushed = phone_line(look.emoji, event, what, tail=told_plain(verdict.reasons, words))
    return _note(event, key, pushed, [block for block in shown if block is not None], look.colour, "check")


def _lost(event: Event, lost: Mapping[str, int], key: str, to: Reader) -> Message:
    """FANNEL's own losses: the one message that must not be taken for a device's."""
    words, look = to.words, looks.severity(event.severity, to.words)
    head, ways = losses.head(lost, words.losses), losses.ways(lost, words.losses)
    sections = [
        blocks.section(
            f"{look.emoji} *{head}*  {text.code(event.host.name, NAME)}",
            *(f"• {text.prose(way, DESCRIPTION)}" for way in ways),
        ),
        blocks.section(
            *(blocks.fact(words.labels.do, remedy) for remedy in losses.remedies(lost, words.losses)),
            words.losses.all,
            blocks.fact(words.labels.when, to.when(event.received_at)),
        ),
    ]
    pushed = text.push(f"{look.emoji} {head}:", ", ".join(ways))
    return _note(event, key, pushed, sections, look.colour)


def _note(event: Event, key: str, pushed: str, sections: list[Json], colour: str, *meta: str) -> Message:
    payload = {
        "text": pushed,
        "blocks": sections,
        "attachments": [blocks.coloured(colour, pushed, blocks.context(text.prose(event.id, NAME), *meta))],
        "metadata": metadata(event=event.id, key=key),
    }
    return Message(payload)


def _refused(event: Event, words: Words) -> str:
    """Why a datagram was not accepted, and how many of its kind nobody was told of."""
    refusal = event.refusal or {}
    unsaid = refusal.get("unsaid") or 0
    more = words.notes.unsaid.of(unsaid) if isinstance(unsaid, int) and unsaid > 0 else ""
    return joined(told(str(refusal.get("detail") or ""), words), more)


def _disputed(source: Source, words: Words) -> str:
    """`*Disputed:* source address says rt1, agent address says rt2`: the order of trust may be the wrong one."""
    said = [
        words.notes.says.format(fact=words.notes.facts.get(fact, fact), device=device)
        for fact, device in (source.disputed or {}).items()
    ]
    return blocks.fact(words.labels.disputed, text.prose(", ".join(said), REASON))


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
