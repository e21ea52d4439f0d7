"""From a check file to a Check. Whatever can be wrong in it is found here, with its line.

A file lies on top of `defaults.yml` of its problem, what all operating systems have in common, above all the verdict.
If it `extends` a check of another problem, its problem's own defaults lie between the two. Without that, defaults may
extend those of another problem in turn.
"""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from fannel.checks import document, parsing, templates
from fannel.checks.check import Check, Command, FindSubject, Quote, Rule
from fannel.checks.errors import did_you_mean
from fannel.checks.expression import Expression, ExpressionError
from fannel.checks.placeholder import PLACEHOLDERS, TOKEN, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fannel.checks.document import Document, Place
    from fannel.checks.parsing import Parser

DEFAULTS = "defaults"

_QUOTED_LINES = 3
# What an expression may use of the subject besides its values: every address a table may list it by.
_ADDRESSES = "addresses"


def load(file: Path, folders: Sequence[Path] = ()) -> Check:
    """Read `<problem>/<os>.yml`. What it lies on top of is looked for in `folders`, by default in its own.

    Raises:
        CheckError: Something in it is wrong; the text says what, where, and what would be right.
    """
    doc = _assembled(file, tuple(folders) or (file.parent.parent,), ())
    document.validate(doc)
    data = doc.data
    commands = tuple(_command(doc, name, given) for name, given in data["commands"].items())
    parsed = [command.name for command in commands if command.parser is not None]
    facts = _facts(doc, [command.name for command in commands], parsed)
    names = [*parsed, *facts]
    return Check(
        problem=file.parent.name,
        os=file.stem,
        file=file,
        subject=data.get("subject", "interface"),
        commands=commands,
        facts=tuple(facts.items()),
        rules=tuple(_rules(doc, list(facts), names)),
        quotes=tuple(_quotes(doc, [command.name for command in commands])),
        find_subject=_find_subject(doc),
    )


def _assembled(file: Path, folders: tuple[Path, ...], above: tuple[Path, ...]) -> Document:
    """The file on top of its problem's defaults and of what it extends."""
    doc = document.read(file)
    extends = doc.data.get("extends")
    defaults = None if file.stem == DEFAULTS else _first(folders, f"{file.parent.name}/{DEFAULTS}", ())
    if extends is None:
        return doc if defaults is None else doc.over(_assembled(defaults, folders, above))
    if not isinstance(extends, str) or not re.fullmatch(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?", extends):
        raise doc.error(("extends",), f"must name another check: ios, or interface_down/ios, not {extends!r:.60}")
    above = (*above, file)
    base = _first(folders, extends if "/" in extends else f"{file.parent.name}/{extends}", above)
    if base is None:
        raise doc.error(("extends",), f"there is no check {extends!r}, or it extends this one")
    below = _assembled(base, folders, above)
    if defaults is not None and base.parent.name != file.parent.name:
        below = document.read(defaults).over(below)  # what they extend is the other check's to bring
    return doc.over(below)


def _first(folders: tuple[Path, ...], name: str, above: tuple[Path, ...]) -> Path | None:
    """The first file of that name; a site's own may extend the shipped one of the same name."""
    files = (folder / f"{name}.yml" for folder in folders)
    return next((file for file in files if file.is_file() and file not in above), None)


def _facts(doc: Document, commands: list[str], parsed: list[str]) -> dict[str, Expression]:
    """The facts, each after those it uses: a file on top may define what the one below it needs."""
    given: dict[str, str] = doc.data.get("facts", {})
    for name in given:
        if name in commands or name in WORDS or name == _ADDRESSES:
            what = "a command" if name in commands else "a placeholder"
            raise doc.error(("facts", name), f"{name!r} is {what} already")
    names = [*parsed, *given]
    made = {name: _expression(doc, ("facts", name), source, names) for name, source in given.items()}
    try:
        order = [*TopologicalSorter({name: made[name].names & made.keys() for name in made}).static_order()]
    except CycleError as error:
        circle = error.args[1]
        raise doc.error(("facts", circle[0]), f"is worked out from itself: {' ← '.join(circle)}") from None
    return {name: made[name] for name in order}


def _command(doc: Document, name: str, given: dict[str, Any]) -> Command:
    place = ("commands", name)
    forms = given["run"] if isinstance(given["run"], list) else [given["run"]]
    for form in forms:
        _known_tokens(doc, (*place, "run"), form, PLACEHOLDERS)
    parser = _parser(doc, (*place, "parse"), given.get("parse"))
    none = given.get("none")
    if none is not None:
        _regex(doc, (*place, "none"), none)
    return Command(name, tuple(forms), parser, given.get("optional", False), none)


def _parser(doc: Document, place: Place, given: dict[str, Any] | None) -> Parser | None:
    if given is None:
        return None
    try:
        if "ntc" in given:
            return templates.ntc_table(**given["ntc"])
        if "textfsm" in given:
            own = templates.table(doc.beside(place) / given["textfsm"])
            templates.check_template(own)
            return own
        if "ttp" in given:
            return templates.tree(doc.beside(place) / given["ttp"])
    except (templates.TemplateNotFoundError, parsing.ParseError) as error:
        raise doc.error((*place, next(iter(given))), str(error)) from None
    if "regex" in given:
        sources = given["regex"] if isinstance(given["regex"], list) else [given["regex"]]
        for source in sources:
            _groups(doc, (*place, "regex"), source)
        return parsing.Groups(tuple(sources), {})
    if "regex_each" in given:
        _groups(doc, (*place, "regex_each"), given["regex_each"])
        return parsing.Each(given["regex_each"])
    if "xml" in given:
        return parsing.Xml({}, tuple(given["xml"]["lists"]) if isinstance(given["xml"], dict) else ())
    return parsing.Json({})


def _groups(doc: Document, place: Place, source: str) -> None:
    if not _regex(doc, place, source).groupindex:
        raise doc.error(place, "has no named group, so it would find nothing: write (?P<name>…)")


def _rules(doc: Document, facts: list[str], names: list[str]) -> Iterable[Rule]:
    rules = doc.data["verdict"]
    for index, given in enumerate(rules):
        place = ("verdict", index)
        if "when" not in given and index + 1 < len(rules):
            raise doc.error(place, "has no `when`, so the rules after it could never apply: put it last")
        summary = given.get("summary", "")
        for key, text in (("reason", given["reason"]), ("summary", summary)):
            _known_tokens(doc, (*place, key), text, (*facts, *WORDS))
        when = _expression(doc, (*place, "when"), given["when"], names) if "when" in given else None
        yield Rule(when, given["outcome"], given["reason"], summary, given.get("severity"))


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
        return Expression(source, [*known, *WORDS, _ADDRESSES])
    except ExpressionError as error:
        raise doc.error(place, str(error)) from None


def _regex(doc: Document, place: Place, pattern: str) -> re.Pattern[str]:
    known = "|".join(WORDS)
    try:
        return re.compile(re.sub(rf"\{{({known})\}}", "1", pattern), re.MULTILINE)
    except re.error as error:
        raise doc.error(place, f"{pattern!r:.80} is not a regular expression: {error}") from None


def _known_tokens(doc: Document, place: Place, text: str, known: Iterable[str]) -> None:
    for token in TOKEN.findall(text):
        if token not in known:
            raise doc.error(place, f"there is no placeholder {{{token}}}{did_you_mean(token, known)}")
