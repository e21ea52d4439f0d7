"""From a command's output to data: TextFSM and TTP templates, JSON, XML, or a pattern with named groups.

A template's rule to fail on any line it does not know is left out: a line that is new in this software version is no
reason to doubt the lines that are understood. Nothing understood at all is an error.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fannel.checks.placeholder import fill_regex

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from fannel.event import Subject


# What a template is given. No table is wider, and a template tries fifty patterns on every line: 0.1 ms each.
_TABLE_LINE = 1000
_TABLE_LINES = 10_000
_MATCHES = 2_000
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){3,}")


class ParseError(ValueError):
    """The output is not what the parser reads. One line."""


@dataclass(frozen=True, slots=True)
class Table:
    """A TextFSM template. Gives a list of rows; a column that is empty in a row is missing from it."""

    name: str
    template: str
    empty: tuple[()] = ()

    def __call__(self, text: str) -> list[dict[str, Any]]:
        """The rows. Raises ParseError when there is none."""
        import textfsm  # noqa: PLC0415  (17 ms that a JSON check need not pay)

        try:
            rows = textfsm.TextFSM(io.StringIO(self.template)).ParseTextToDicts(bounded(text))
        except textfsm.Error as error:  # an Error rule with a text of its own, or a template that is none
            msg = f"{self.name}: {error}"
            raise ParseError(msg[:200]) from None
        kept = [{column.lower(): value for column, value in row.items() if value not in ("", [])} for row in rows]
        if not any(kept):
            msg = f"nothing in it is what the template {self.name} reads"
            raise ParseError(msg)
        return kept


@dataclass(frozen=True, slots=True)
class Tree:
    """A TTP template. Gives its groups by name; a group that matched nothing is missing."""

    name: str
    template: str
    empty: Mapping[str, Any]

    def __call__(self, text: str) -> dict[str, Any]:
        """The groups. Raises ParseError when there is none."""
        from ttp import ttp  # noqa: PLC0415  (40 ms)

        parser = ttp(data=bounded(text), template=self.template, log_level="CRITICAL")
        parser.parse(one=True)
        parts = parser.result(structure="flat_list")
        found = [part for part in parts if isinstance(part, dict) and part]
        if not found:
            msg = f"nothing in it is what the template {self.name} reads"
            raise ParseError(msg)
        groups: dict[str, Any] = found[0]
        return groups


@dataclass(frozen=True, slots=True)
class Groups:
    """Regular expressions (multi-line). Gives the named groups of the first match of each; unmatched ones are missing.

    The first expression must match, the others may.
    """

    sources: tuple[str, ...]
    empty: Mapping[str, str]

    def about(self, subject: Subject) -> Self:
        """The same with its placeholders filled in. Raises UnfitValueError."""
        return replace(self, sources=tuple(fill_regex(source, subject) for source in self.sources))

    def __call__(self, text: str) -> dict[str, str]:
        """The groups. Raises ParseError when the first matches nothing."""
        text = bounded(text)
        found: dict[str, str] = {}
        for number, source in enumerate(self.sources):
            match = re.search(source, text, re.MULTILINE)
            if match is not None:
                found |= _matched(match)
            elif number == 0:
                msg = "nothing in it matches the pattern"
                raise ParseError(msg)
        return found


@dataclass(frozen=True, slots=True)
class Each:
    """A regular expression (multi-line). Gives the named groups of each match; unmatched ones are missing."""

    source: str
    empty: tuple[()] = ()

    def about(self, subject: Subject) -> Self:
        """The same with its placeholders filled in. Raises UnfitValueError."""
        return replace(self, source=fill_regex(self.source, subject))

    def __call__(self, text: str) -> list[dict[str, str]]:
        """The groups of each match. Raises ParseError when there is none."""
        found = []
        for match in re.finditer(self.source, bounded(text), re.MULTILINE):
            found.append(_matched(match))
            if len(found) > _MATCHES:
                msg = f"the pattern matches in it more than {_MATCHES} times"
                raise ParseError(msg)
        if not found:
            msg = "nothing in it matches the pattern"
            raise ParseError(msg)
        return found


def _matched(match: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in match.groupdict().items() if value is not None}


@dataclass(frozen=True, slots=True)
class Json:
    """JSON, with whatever stands before its first bracket left out."""

    empty: Mapping[str, Any]

    def __call__(self, text: str) -> Any:  # noqa: ANN401  (JSON)
        """The value. Raises ParseError."""
        start = re.search(r"^[ \t]*[\[{]", text, re.MULTILINE)
        try:
            return json.loads(text[start.start() :]) if start else json.loads(text)
        except (ValueError, RecursionError):
            msg = "it is not JSON"
            raise ParseError(msg) from None


@dataclass(frozen=True, slots=True)
class Xml:
    """XML as mappings: an element by its name, an attribute as `@name`, what repeats or is in `lists` as a list.

    Whatever stands around the document (prompts, Junos's `{master}`) is left out. A document type is refused, for
    what it could define.
    """

    empty: Mapping[str, Any]
    lists: tuple[str, ...] = ()

    def __call__(self, text: str) -> dict[str, Any]:
        """The document. Raises ParseError."""
        import xmltodict  # noqa: PLC0415  (90 ms)

        start, end = text.find("<"), text.rfind(">")
        document = text[start : end + 1]
        if start < 0 or "<!DOCTYPE" in document.upper():
            msg = "it is not XML"
            raise ParseError(msg)
        try:
            tree: dict[str, Any] = xmltodict.parse(document, force_list=self.lists or None)
        except (ValueError, RecursionError, xmltodict.expat.ExpatError):
            msg = "it is not XML"
            raise ParseError(msg) from None
        return tree


# Each reads one command's output, or raises ParseError. `empty` is what the command's name stands for in expressions
# when an optional command gave nothing that could be read.
Parser = Table | Tree | Groups | Each | Json | Xml


def bounded(text: str) -> str:
    r"""What a pattern is tried on: lines of a bounded length, not too many, and no long run of empty ones.

    A run of newlines costs the square of its length in every pattern that begins with `^\s*`.
    """
    lines = _EMPTY_LINES.sub("\n\n\n", text).split("\n")
    if len(lines) > _TABLE_LINES:
        msg = f"it has more than {_TABLE_LINES} lines"
        raise ParseError(msg)
    return "\n".join(line[:_TABLE_LINE] for line in lines)
