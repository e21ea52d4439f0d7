"""How a state appears wherever it appears: an emoji, words, a colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.slack import blocks

if TYPE_CHECKING:
    from fannel.event import Severity
    from fannel.slack.words import Words


@dataclass(frozen=True, slots=True)
class Look:
    """One state."""

    emoji: str
    words: str
    colour: str


_BY_SEVERITY: dict[Severity, tuple[str, str]] = {
    "critical": ("🔴", blocks.RED),
    "major": ("🔴", blocks.RED),
    "minor": ("🟠", blocks.AMBER),
    "warning": ("🟠", blocks.AMBER),
    "info": ("🔵", blocks.BLUE),
}


def severity(of: Severity, words: Words) -> Look:
    """A severity."""
    emoji, colour = _BY_SEVERITY[of]
    return Look(emoji, words.severities[of], colour)


def checking(of: Severity, words: Words) -> Look:
    """A fault nobody judged yet."""
    emoji, colour = _BY_SEVERITY[of]
    return Look(emoji, words.looks.checking, colour)


def judged(outcome: str, problem: str, of: Severity, words: Words) -> Look:
    """An outcome; the colour of a confirmed fault is its severity's."""
    if outcome == "confirmed":
        said = words.looks.down_confirmed if problem.endswith("_down") else words.looks.confirmed
        return Look("🔴", said, _BY_SEVERITY[of][1])
    if outcome == "expected":
        return Look("⚪", words.looks.expected, blocks.GREY)
    if outcome == "cleared":
        return Look("🟢", words.looks.back_already, blocks.GREEN)
    return Look("🟠", words.looks.could_not_judge, blocks.AMBER)


def recovered(words: Words) -> Look:
    """The end of a fault."""
    return Look("🟢", words.looks.recovered, blocks.GREEN)


def flapping(changes: int, words: Words) -> Look:
    """A fault that comes and goes."""
    return Look("🔁", words.looks.flapping.format(n=changes), blocks.AMBER)


def still_down(outcome: str, problem: str, of: Severity, words: Words) -> Look:
    """A fault that was said to be over. "Down" on an inconclusive check would be a guess."""
    if outcome == "confirmed":
        return Look("🔴", words.looks.still_down, blocks.RED)
    judgement = judged(outcome, problem, of, words)
    return Look(judgement.emoji, words.looks.not_confirmed_up, judgement.colour)
