"""The few Block Kit pieces FANNEL uses, each built inside Slack's limits.

Marked-up text arrives here ready (`text.prose`, `text.code`, `text.when`); preformatted lines need no escaping, since
a rich_text element never parses mark-up. https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]

# What a section's text may hold (3,000 characters), with some to spare.
_SECTION = 2_900

RED, AMBER, GREEN, GREY, BLUE = "#D92D20", "#F79009", "#12B76A", "#98A2B3", "#2E90FA"


def mrkdwn(text: str) -> Json:
    """A text object. `verbatim` keeps Slack from linking what merely looks like a channel, a person or an address."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(*lines: str) -> Json:
    """A paragraph of lines. `expand` shows all of it: on a phone Slack otherwise folds tall sections."""
    return {"type": "section", "expand": True, "text": mrkdwn("\n".join(line for line in lines if line))}


def sections(*lines: str) -> list[Json]:
    """The same for a list that outside text may make long: as few paragraphs as hold it."""
    found: list[list[str]] = [[]]
    room = _SECTION
    for line in filter(None, lines):
        if (needs := _units(line) + 1) > room and found[-1]:
            found.append([])
            room = _SECTION
        found[-1].append(line)
        room -= needs
    return [section(*each) for each in found if each]


def _units(text: str) -> int:
    """UTF-16 units, the longest way Slack could count."""
    return len(text) + sum(char > "\uffff" for char in text)


def fact(label: str, value: str) -> str:
    """One line of a section: what it is in bold, a space (a mark that touches Japanese text is no mark), the value."""
    return f"*{label}:* {value}" if value else ""


def context(*facts: str | None) -> Json:
    """One small grey line: facts joined by middle dots."""
    return {"type": "context", "elements": [mrkdwn(" · ".join(fact for fact in facts if fact))]}


def plain(text: str) -> Json:
    """Text that nothing in is parsed: what stands on a button. `emoji` off: `:name:` stays what it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def button(action: str, label: str, value: str, style: str | None = None) -> Json:
    """A button: `action` says what is wanted, `value` comes back as it is."""
    made: Json = {"type": "button", "action_id": action, "text": plain(label), "value": value}
    return made | {"style": style} if style else made


def menu(action: str, label: str, *groups: tuple[str, Sequence[tuple[str, str]]]) -> Json:
    """A menu under `label`: groups of (name, [(text, value)])."""
    made = [
        {"label": plain(name), "options": [{"text": plain(shown), "value": value} for shown, value in options]}
        for name, options in groups
    ]
    return {"type": "static_select", "action_id": action, "placeholder": plain(label), "option_groups": made}


def actions(*elements: Json) -> Json:
    """A row of buttons. Without a block_id: Slack gives it a new one at each edit, so that no menu keeps its choice."""
    return {"type": "actions", "elements": list(elements)}


def coloured(colour: str, fallback: str, *blocks: Json) -> Json:
    """An attachment: Slack draws its left edge in `colour`; `fallback` is what clients without colours show."""
    return {"color": colour, "fallback": fallback, "blocks": list(blocks)}


def terminal(*pages: tuple[str | None, Sequence[str]]) -> Json:
    """Preformatted pages, each under its bold heading (a command) if it has one."""
    elements: list[Json] = []
    for heading, lines in pages:
        if heading:
            bold = {"type": "text", "text": heading, "style": {"bold": True}}
            elements.append({"type": "rich_text_section", "elements": [bold]})
        body = {"type": "text", "text": "\n".join(lines) or " "}
        elements.append({"type": "rich_text_preformatted", "border": 0, "elements": [body]})
    return {"type": "rich_text", "elements": elements}
