"""From a check file to a Check. Whatever can be wrong in it is found here, with its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fannel.checks import document, parsing
from fannel.checks.check import Check, Command, FindSubject, Quote, Rule
from fannel.checks.errors import did_you_mean
from fannel.checks.expression import Expression, ExpressionError
from fannel.checks.placeholder import PLACEHOLDERS, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fannel.checks.document import Document, Place
    from fannel.checks.parsing import Parser

_QUOTED_LINES = 3


def load(file: Path) -> Check:
    """Read `<problem>/<os>.yml`.

    Raises:
        CheckError: Something in it is wrong; the text says what, where, and what would be right.
    """
    doc = document.read(file)
    data = doc.data
    commands = tuple(_command(doc, name, given) for name, given in data["commands"].items())
    names = [command.name for command in commands if command.parser is not None]
    facts = []
    for name, source in data.get("facts", {}).items():
        place = ("facts", name)
        if name in names or name in PLACEHOLDERS:
            raise doc.error(place, f"{name!r} is a {'command' if name in names else 'placeholder'} already")
        facts.append((name, _expression(doc, place, source, names)))
        names.append(name)
    return Check(
        problem=file.parent.name,
        os=file.stem,
        file=file,
        commands=commands,
        facts=tuple(facts),
        rules=tuple(_rules(doc, [name for name, _ in facts], names)),
        quotes=tuple(_quotes(doc, [command.name for command in commands])),
        find_subject=_find_subject(doc),
    )


def _command(doc: Document, name: str, given: dict[str, Any]) -> Command:
    place = ("commands", name)
    _known_tokens(doc, (*place, "run"), given["run"], PLACEHOLDERS)
    optional = given.get("optional", False)
    return Command(name, given["run"], _parser(doc, (*place, "parse"), given.get("parse")), optional)


def _parser(doc: Document, place: Place, given: dict[str, Any] | None) -> Parser | None:
    if given is None:
        return None
    try:
        if "ntc" in given:
            return parsing.ntc_table(**given["ntc"])
        if "textfsm" in given:
            own = parsing.table(doc.file.parent / given["textfsm"])
            parsing.check_template(own)
            return own
    except (parsing.TemplateNotFoundError, parsing.ParseError) as error:
        raise doc.error((*place, next(iter(given))), str(error)) from None
    if "regex" in given:
        pattern = _regex(doc, (*place, "regex"), given["regex"])
        if not pattern.groupindex:
            raise doc.error((*place, "regex"), "has no named group, so it would find nothing: write (?P<name>…)")
        return parsing.Groups(pattern, {})
    return parsing.Json({})


def _rules(doc: Document, facts: list[str], names: list[str]) -> Iterable[Rule]:
    rules = doc.data["verdict"]
    for index, given in enumerate(rules):
        place = ("verdict", index)
        if "when" not in given and index + 1 < len(rules):
            raise doc.error(place, "has no `when`, so the rules after it could never apply: put it last")
        _known_tokens(doc, (*place, "reason"), given["reason"], (*facts, *PLACEHOLDERS))
        when = _expression(doc, (*place, "when"), given["when"], names) if "when" in given else None
        yield Rule(when, given["outcome"], given["reason"])


def _quotes(doc: Document, commands: list[str]) -> Iterable[Quote]:
    for index, given in enumerate(doc.data.get("evidence", [])):
        place = ("evidence", index)
        if given["from"] not in commands:
            problem = f"{given['from']!r} is none of the commands{did_you_mean(given['from'], commands)}"
            raise doc.error((*place, "from"), problem)
        _regex(doc, (*place, "match"), given["match"])
        yield Quote(given["from"], given["match"], given.get("last", _QUOTED_LINES))


def _find_subject(doc: Document) -> FindSubject | None:
    given = doc.data.get("find_subject")
    if given is None:
        return None
    _known_tokens(doc, ("find_subject", "run"), given["run"], ("ifindex",))
    pattern = _regex(doc, ("find_subject", "match"), given["match"])
    if "name" not in pattern.groupindex:
        raise doc.error(("find_subject", "match"), "has no group (?P<name>…) that holds the interface's name")
    if "{ifindex}" not in given["match"] and "{ifindex}" not in given["run"]:
        raise doc.error(("find_subject", "match"), "must contain {ifindex}, or any interface would do")
    return FindSubject(given["run"], given["match"], tuple(given.get("expand", {}).items()))


def _expression(doc: Document, place: Place, source: str, known: Iterable[str]) -> Expression:
    try:
        return Expression(source, known)
    except ExpressionError as error:
        raise doc.error(place, str(error)) from None


def _regex(doc: Document, place: Place, pattern: str) -> re.Pattern[str]:
    known = "|".join(PLACEHOLDERS)
    try:
        return re.compile(re.sub(rf"\{{({known})\}}", "1", pattern), re.MULTILINE)
    except re.error as error:
        raise doc.error(place, f"{pattern!r:.80} is not a regular expression: {error}") from None


def _known_tokens(doc: Document, place: Place, text: str, known: Iterable[str]) -> None:
    for token in TOKEN.findall(text):
        if token not in known:
            raise doc.error(place, f"there is no placeholder {{{token}}}{did_you_mean(token, known)}")
