"""The buttons of an incident's first message: what a person can do about it, for as long as there is something to do.

They carry the incident's id and nothing else that is believed: what became of it is looked up at the click. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.slack import blocks, names, text
from fannel.slack.choice import ACK, DETAILS, LENGTHS, RECHECK, SILENCE, Quiet, scope_of
from fannel.slack.layout.message import subject_name

if TYPE_CHECKING:
    from fannel.incidents.incident import Incident
    from fannel.slack.blocks import Json
    from fannel.slack.choice import Length, Part
    from fannel.slack.words import Reader

# A menu's texts have at most 75 characters, and a phone shows half of that.
_NAME = 40


def buttons(incident: Incident, to: Reader) -> list[Json]:
    """The row of them for one that is not over; none where nobody hears a click."""
    if not to.clickable:
        return []
    words = to.words.buttons
    row = []
    if incident.acknowledged_by is None:
        row.append(blocks.button(ACK, words.ack, incident.id, "primary"))
    if groups := _quiet(incident, to):
        row.append(blocks.menu(SILENCE, words.silence, *groups))
    if incident.host.known:
        row.append(blocks.button(RECHECK, words.recheck, incident.id))
    return [blocks.actions(*row, blocks.button(DETAILS, words.details, incident.id))]


def length(of: Length, to: Reader) -> str:
    """How long, as the menu says it."""
    words = to.words.buttons
    return words.morning.format(clock=f"{to.morning:%H:%M}") if of == "morning" else words.hours.of(of)


def _quiet(incident: Incident, to: Reader) -> list[tuple[str, list[tuple[str, str]]]]:
    host = text.cut(text.one_line(names.host(incident.host.name)), _NAME) or "-"
    subject = text.cut(text.one_line(subject_name(incident.subject)), _NAME)
    if incident.subject.type != "interface":
        problem = text.cut(text.one_line(to.words.problem(incident.problem)), _NAME)
        subject = f"{problem} {subject}" if subject and subject != incident.host.name else problem
    parts: tuple[tuple[Part, str], ...] = (("fault", subject or "-"), ("host", host))
    return [
        (name, [(length(each, to), Quiet(incident.id, part, each).value) for each in LENGTHS])
        for part, name in parts
        if scope_of(incident, part) is not None
    ]
