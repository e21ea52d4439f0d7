"""The check as it runs: everything compiled, nothing left to go wrong but the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.checks.expression import Expression
    from fannel.checks.parsing import Parser
    from fannel.checks.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `run` may hold placeholders; without `parser` its output is only quoted.

    An `optional` one may fail: the check goes on without it.
    """

    name: str
    run: str
    parser: Parser | None
    optional: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """If `when` holds (None: always), this is the verdict. `reason` may hold facts and placeholders in braces."""

    when: Expression | None
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Which lines of a command's output show it: those that match, the last `last` of them."""

    command: str
    match: str
    last: int


@dataclass(frozen=True, slots=True)
class FindSubject:
    """How to ask the device which interface has an index: `match` has a group `name`; `expand` maps prefixes."""

    run: str
    match: str
    expand: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What to look at for one problem on one operating system, and how to judge it."""

    problem: str
    os: str
    file: Path
    commands: tuple[Command, ...]
    facts: tuple[tuple[str, Expression], ...]
    rules: tuple[Rule, ...]
    quotes: tuple[Quote, ...]
    find_subject: FindSubject | None
