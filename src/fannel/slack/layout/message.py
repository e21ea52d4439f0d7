"""What every message is made of: its first line, the phone's push, the names in it, its payload.

The outbox's `key` goes into the metadata, and ids only: every app in the workspace can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fannel.slack import blocks, names, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.event import Event, Host, Subject
    from fannel.incidents.incident import Incident
    from fannel.slack.blocks import Json
    from fannel.slack.layout.look import Look
    from fannel.slack.layout.outputs import File
    from fannel.slack.words import Reader, Words

EVENT_TYPE = "fannel_incident"

# How long an outside string may get where it stands, in characters as read.
NAME, WORD, DESCRIPTION, REASON = 40, 48, 80, 240


@dataclass(frozen=True, slots=True)
class Message:
    """What to post: `payload` is text, blocks, attachments, metadata of chat.postMessage or chat.update.

    `broadcast` shows a reply in the channel too; `file` is to be shared in the thread after it.
    """

    payload: Json
    broadcast: bool = False
    file: File | None = None


def metadata(**ids: str) -> Json:
    """What other programs may know of a message."""
    return {"event_type": EVENT_TYPE, "event_payload": {"v": 1, **ids}}


def written(
    push: str,
    sections: list[Json],
    look: Look | None,
    incident: Incident,
    key: str,
    to: Reader,
    *below: Json,
) -> Json:
    """The payload of a message of a thread; with a look, the coloured meta line of a parent is in it, and `below`."""
    payload: dict[str, Any] = {"text": push, "blocks": sections}
    if look is not None:
        reported = text.prose(incident.notification or "", WORD)
        age = to.duration(incident.host.stale_s) if incident.host.stale_s else ""
        stale = to.words.thread.stale.format(age=age) if age else ""
        meta = blocks.context(shown_id(incident), reported, stale)
        payload["attachments"] = [blocks.coloured(look.colour, push, meta, *below)]
    payload["metadata"] = metadata(incident=incident.id, key=key)
    return payload


def headline(emoji: str, what: str, host: Host, subject: Subject, *more: str) -> str:
    """The first line: severity or state as an emoji, what, which device, which part of it."""
    name = subject_name(subject)
    shown = f"  {text.code(name, NAME)}" if name and name != host.name else ""
    first = f"{emoji} *{text.prose(what, WORD)}*  {text.code(names.host(host.name), NAME)}{shown}"
    return "  ".join(part for part in (first, *more) if part)


def phone_line(first: str, about: Incident | Event, what: str, *, tail: str = "", subject: str | None = None) -> str:
    """`first`, what, host and subject, then ` · tail`; each bounded so that the important part is never cut."""
    host = text.cut(text.one_line(names.host(about.host.name)), NAME)
    name = text.cut(text.one_line(subject_name(about.subject, subject)), NAME)
    who = f"{host} {name}".strip() if name != host else host
    lead = (what, who) if tail or not what else (who, what)
    return text.push(first, *lead, f"· {tail}" if tail else None)


def joined(*parts: str) -> str:
    """What there is of the parts, for a push."""
    return " · ".join(part for part in parts if part)


def subject_name(subject: Subject, asked: str | None = None) -> str:
    """The subject as an engineer writes it; `asked` is the name the device itself gave."""
    name = asked or subject.name or subject.peer
    if name:
        return names.interface(name) if subject.type == "interface" else name
    return f"ifIndex {subject.ifindex}" if subject.ifindex is not None else ""


def place(about: Incident | Event, to: Reader) -> str:
    """Where it is and what it is for, as plain text: description, circuit, site."""
    # FANNEL's own words about a source stand where a description would.
    described = to.words.said(about.subject.description or "")
    return joined(
        text.cut(text.one_line(described), DESCRIPTION),
        text.cut(text.one_line(about.subject.circuit or ""), NAME),
        text.cut(text.one_line(about.host.site or ""), NAME),
    )


def shown_place(about: Incident | Event, to: Reader) -> str:
    """The same for a section."""
    return text.prose(place(about, to), DESCRIPTION + 2 * NAME)


def device(host: Host, words: Words) -> str:
    """What the device is; for a sender nobody knows, what to do about that."""
    if host.ambiguous:
        claimed = words.notes.several_claim.format(names=text.prose(", ".join(host.ambiguous), REASON))
        return blocks.fact(words.labels.host, claimed)
    if not host.known:
        return blocks.fact(words.labels.host, words.notes.not_in_pagoda)
    return blocks.fact(words.labels.device, text.prose(host.platform or host.os or "", NAME))


def happened(notification: str | None, problem: str, words: Words) -> str:
    """What happened, for a first line: `IF-MIB::linkDown` as `linkDown`, or the problem in words."""
    last = text.one_line(notification or "").rsplit("::", 1)[-1]
    named = text.one_line(words.problem(problem))
    if words.by_notification or not words.problems.known(problem):
        return last or named or "notification"
    return named or last


def told(reasons: Sequence[str] | str, words: Words) -> str:
    """Reasons in one line, in the reader's language, ready for a section."""
    return text.prose(told_plain(reasons, words), REASON)


def told_plain(reasons: Sequence[str] | str, words: Words) -> str:
    """The same for a push."""
    each = (reasons,) if isinstance(reasons, str) else reasons
    return "; ".join(words.said(str(reason)) for reason in each)


def shown_id(incident: Incident) -> str:
    """The incident's id, as text."""
    return text.prose(incident.id, NAME)
