"""From outputs to a verdict. Pure: the same outputs always give the same verdict.

Facts are worked out in order, then the first rule that holds decides. Whatever is missing on the way makes the
verdict inconclusive and says so; nothing here raises, and nothing here guesses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fannel.checks.expression import Expression, MissingDataError
from fannel.checks.parsing import Each, Groups, ParseError, bounded
from fannel.checks.placeholder import TOKEN, UnfitValueError, fill_first, fill_regex, known_values, names_of
from fannel.checks.screen import clean, is_cut
from fannel.checks.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fannel.checks.check import Check, Command
    from fannel.checks.parsing import Parser
    from fannel.checks.verdict import Outcome
    from fannel.event import Subject

_EVIDENCE_LINES = 10
_LINE_LENGTH = 240
_LONGEST_LINE = 2000
_FACT_LENGTH = 200
_FACT_ITEMS = 20


def judge(check: Check, subject: Subject, texts: Sequence[str | None]) -> Verdict:
    """Judge outputs given in the order of the check's commands; None is an optional command that gave nothing.

    The verdict carries no outputs: who ran the commands attaches them.
    """
    texts = [None if text is None else clean(text) for text in texts]
    texts += [None] * (len(check.commands) - len(texts))
    values: dict[str, Any] = {**known_values(subject), "addresses": names_of(subject)}
    for command, text in zip(check.commands, texts, strict=False):
        if command.parser is None:
            continue
        try:
            values[command.name] = _parsed(command, command.parser, text, subject)
        except (ParseError, UnfitValueError) as error:
            said = _first_lines(text or "")
            asked = _asked(command, subject)
            return Verdict("inconclusive", (f"the answer to `{asked}` cannot be read: {error}",), evidence=said)
    facts, missing = _facts(check, values)
    outcome: Outcome = "inconclusive"
    reason, summary, severity = "no rule of the check fits what the device says", "", None
    for number, rule in enumerate(check.rules, start=1):
        try:
            holds = rule.when is None or _truth(rule.when, values | facts)
        except MissingDataError as error:
            unknown = (f"{name} is not known ({why})" for name, why in missing.items() if _uses(rule.when, name))
            why = next(unknown, str(error))
            outcome, reason = "inconclusive", f"rule {number} of the check cannot be decided: {why}"[:300]
            break
        if holds:
            outcome, severity = rule.outcome, rule.severity
            reason, summary = (_interpolate(line, facts, subject) for line in (rule.reason, rule.summary))
            break
    evidence = _evidence(check, subject, texts)
    told = {name: _small(value) for name, value in facts.items() if not name.startswith("_")}
    return Verdict(outcome, (reason,), evidence=evidence, facts=told, summary=summary, severity=severity)


def _parsed(command: Command, parser: Parser, text: str | None, subject: Subject) -> Any:  # noqa: ANN401  (any data)
    whole: str | None = None
    try:
        whole = _whole(text)
        return (parser.about(subject) if isinstance(parser, Groups | Each) else parser)(whole)
    except (ParseError, UnfitValueError):
        if command.optional or (whole is not None and _says_none(command, whole, subject)):
            return parser.empty
        raise


def _says_none(command: Command, text: str, subject: Subject) -> bool:
    if command.none is None:
        return False
    try:
        return re.search(fill_regex(command.none, subject), bounded(text), re.MULTILINE) is not None
    except ParseError:
        return False  # too long to say nothing


def _asked(command: Command, subject: Subject) -> str:
    try:
        return fill_first(command.forms, subject)
    except UnfitValueError:
        return command.forms[-1]


def _whole(text: str | None) -> str:
    if text is None:
        msg = "it was not run"
        raise ParseError(msg)
    if is_cut(text):
        msg = "it is too long to be read whole"
        raise ParseError(msg)
    return text


def _facts(check: Check, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    facts: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for name, expression in check.facts:
        try:
            facts[name] = expression({**values, **facts})
        except MissingDataError as error:
            missing[name] = str(error)
    return facts, missing


def _small(value: Any) -> Any:  # noqa: ANN401  (a JSON value)
    """A fact as small JSON: what rules see and the incident keeps."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key)[:_FACT_LENGTH]: _small(item) for key, item in list(value.items())[:_FACT_ITEMS]}
    if isinstance(value, (list, tuple)):
        return [_small(item) for item in value[:_FACT_ITEMS]]
    return str(value)[:_FACT_LENGTH]


def _truth(expression: Expression, values: Mapping[str, Any]) -> bool:
    value = expression(values)
    if isinstance(value, bool):
        return value
    # "down" and "up" are both true: a rule that forgot its comparison must not decide anything.
    msg = f"{expression.source!r:.80} is neither true nor false"
    raise MissingDataError(msg)


def _uses(expression: Expression | None, name: str) -> bool:
    return expression is not None and re.search(rf"\b{re.escape(name)}\b", expression.source) is not None


def _interpolate(reason: str, facts: Mapping[str, Any], subject: Subject) -> str:
    # The subject is named even when its name came as an index only (`ifIndex 3`), or as no address.
    known = {"interface": f"ifIndex {subject.ifindex}" if subject.ifindex else "the interface"}
    known |= {"peer": subject.name or "the neighbour"}
    known |= known_values(subject)
    return TOKEN.sub(lambda token: str(facts.get(token[1], known.get(token[1], "unknown")))[:_FACT_LENGTH], reason)


def _evidence(check: Check, subject: Subject, texts: Sequence[str | None]) -> tuple[str, ...]:
    lines: list[str] = []
    outputs = {command.name: text or "" for command, text in zip(check.commands, texts, strict=False)}
    for quote in check.quotes:
        try:
            wanted = re.compile(fill_regex(quote.match, subject))
        except UnfitValueError:
            continue
        # No line of a device is longer; what a pattern costs may grow faster than what it reads.
        read = [line[:_LONGEST_LINE] for line in outputs[quote.command].splitlines()]
        shown = [line.strip()[:_LINE_LENGTH] for line in read if wanted.search(line)]
        lines += [line for line in shown[-quote.last :] if line not in lines]
    return tuple(lines[:_EVIDENCE_LINES])


def _first_lines(text: str, count: int = 3) -> tuple[str, ...]:
    return tuple([line.strip()[:_LINE_LENGTH] for line in text.splitlines() if line.strip()][:count])
