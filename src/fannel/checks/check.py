"""The check as it runs: everything compiled, nothing left to go wrong but the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.checks.expression import Expression
    from fannel.checks.parsing import Parser
    from fannel.checks.verdict import Outcome
    from fannel.event import Severity


@dataclass(frozen=True, slots=True)
class Command:
    """One command, in one or more forms: the first whose placeholders the subject can fill is run.

    Without `parser` its output is only quoted. An `optional` one may fail: the check goes on without it. `none` is the
    pattern of an answer that says there is nothing to list.
    """

    name: str
    forms: tuple[str, ...]
    parser: Parser | None
    optional: bool
    none: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """If `when` holds (None: always), this is the verdict. Texts may hold facts and placeholders in braces.

    `summary` is the reason in a few words, for the line on a phone; `severity` is what this fault weighs, where that
    is known only after a look. Both may be missing.
    """

    when: Expression | None
    outcome: Outcome
    reason: str
    summary: str = ""
    severity: Severity | None = None


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
    """What to look at for one problem on one operating system, and how to judge it.

    `subject` is the type of what it is about: `interface`, `bgp_neighbor`, …
    """

    problem: str
    os: str
    file: Path
    subject: str
    commands: tuple[Command, ...]
    facts: tuple[tuple[str, Expression], ...]
    rules: tuple[Rule, ...]
    quotes: tuple[Quote, ...]
    find_subject: FindSubject | None
