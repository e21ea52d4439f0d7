"""From a command's output to data: TextFSM templates, JSON, or a pattern with named groups.

A template's rule to fail on any line it does not know is left out: a line that is new in this software version is no
reason to doubt the lines that are understood. Nothing understood at all is an error.
"""

from __future__ import annotations

import importlib.util
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fannel.checks.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping


# What a template is given. No table is wider, and a template tries fifty patterns on every line: 0.1 ms each.
_TABLE_LINE = 1000
_TABLE_LINES = 10_000


class ParseError(ValueError):
    """The output is not what the parser reads. One line."""


class TemplateNotFoundError(LookupError):
    """There is no such TextFSM template. One line."""


@dataclass(frozen=True, slots=True)
class Table:
    """A TextFSM template. Gives a list of rows; a column that is empty in a row is missing from it."""

    name: str
    template: str
    empty: tuple[()] = ()

    def __call__(self, text: str) -> list[dict[str, Any]]:
        """The rows. Raises ParseError when there is none."""
        import textfsm  # noqa: PLC0415  (17 ms that a JSON check need not pay)

        lines = text.split("\n")
        if len(lines) > _TABLE_LINES:
            msg = f"it has more than {_TABLE_LINES} lines"
            raise ParseError(msg)
        text = "\n".join(line[:_TABLE_LINE] for line in lines)
        try:
            rows = textfsm.TextFSM(io.StringIO(self.template)).ParseTextToDicts(text)
        except textfsm.Error as error:  # an Error rule with a text of its own, or a template that is none
            msg = f"{self.name}: {error}"
            raise ParseError(msg[:200]) from None
        kept = [{column.lower(): value for column, value in row.items() if value not in ("", [])} for row in rows]
        if not any(kept):
            msg = f"nothing in it is what the template {self.name} reads"
            raise ParseError(msg)
        return kept


@dataclass(frozen=True, slots=True)
class Groups:
    """A regular expression (multi-line). Gives the named groups of its first match; unmatched ones are missing."""

    pattern: re.Pattern[str]
    empty: Mapping[str, str]

    def __call__(self, text: str) -> dict[str, str]:
        """The groups. Raises ParseError when nothing matches."""
        match = self.pattern.search(text)
        if match is None:
            msg = "nothing in it matches the pattern"
            raise ParseError(msg)
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


# Each reads one command's output, or raises ParseError. `empty` is what the command's name stands for in expressions
# when an optional command gave nothing that could be read.
Parser = Table | Groups | Json


def ntc_table(platform: str, command: str) -> Table:
    """The ntc-templates template for a platform and a command.

    The file is opened by name: the library's own lookup reads its whole index first (190 ms against 1.5 ms).
    Raises TemplateNotFoundError.
    """
    library = importlib.util.find_spec("ntc_templates")  # found, not imported: the import costs 40 ms
    if library is None or not library.submodule_search_locations:
        msg = "ntc-templates is not installed"
        raise TemplateNotFoundError(msg)
    folder = Path(next(iter(library.submodule_search_locations))) / "templates"
    name = f"{platform}_{command.replace(' ', '_')}"
    try:
        return table(folder / f"{name}.textfsm")
    except TemplateNotFoundError:
        known = [path.stem for path in folder.glob("*.textfsm")]
        msg = f"ntc-templates has no template {name}"
        mine = [stem for stem in known if stem.startswith(platform)]
        hint = did_you_mean(name, mine) if mine else "; no such platform"
        raise TemplateNotFoundError(msg + (hint if len(hint) < 120 else "")) from None


def table(file: Path) -> Table:
    """A TextFSM template from a file. Raises TemplateNotFoundError."""
    try:
        template = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        msg = f"there is no template {file.name} beside the check"
        raise TemplateNotFoundError(msg) from None
    return Table(file.stem, re.sub(r"(?m)^[ \t]+\^\.(?:\*)?\s*->\s*Error\s*$\n?", "", template))


def check_template(parser: Table) -> None:
    """Compile the template once, for the mistakes in it. Raises ParseError."""
    import textfsm  # noqa: PLC0415

    try:
        textfsm.TextFSM(io.StringIO(parser.template))
    except textfsm.Error as error:
        msg = f"{parser.name} is not a TextFSM template: {error}"
        raise ParseError(msg[:200]) from None
