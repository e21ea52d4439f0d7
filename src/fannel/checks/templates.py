"""Templates that checks name: those of ntc-templates, and TextFSM and TTP files beside the check.

A template is data. TTP's would let one run Python, look names up in the DNS or read files, so only what matches and
names text is accepted.
"""

from __future__ import annotations

import importlib.util
import io
import re
from pathlib import Path

from fannel.checks.errors import did_you_mean
from fannel.checks.parsing import ParseError, Table, Tree

_TTP_TAG = re.compile(r"<(?!/?group(?:\s|>))(?P<tag>/?[A-Za-z_]\w*)")
_TTP_GROUP = re.compile(r"<group(?P<attributes>[^<>]*)>")
_TTP_ATTRIBUTE = re.compile(r"""\s*(?:name|method)\s*=\s*"[A-Za-z0-9_.*]+"\s*""")
_TTP_VARIABLE = re.compile(r"\{\{(.*?)\}\}")
_TTP_WORDS = (
    *("ignore", "IP", "IPV6", "PREFIX", "PREFIXV6", "MAC", "DIGIT", "WORD", "PHRASE", "ORPHRASE", "ROW", "re"),
    *("_start_", "_end_", "_line_", "_exact_", "contains", "equal", "exclude", "notequal", "to_int", "to_float"),
    *("to_str", "upper", "lower", "strip", "joinmatches"),
)
# One literal, and in it nothing that could end it: TTP evaluates what stands in the brackets.
_TTP_CALL = re.compile(r"""(?P<word>\w+)(?:\((?:"[^"\\{}]*(?:\\.[^"\\{}]*)*"|'[^'\\{}]*(?:\\.[^'\\{}]*)*'|\d+)?\))?""")


class TemplateNotFoundError(LookupError):
    """There is no such template. One line."""


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
    template = _text(file)
    return Table(file.stem, re.sub(r"(?m)^[ \t]+\^\.(?:\*)?[ \t]*->[ \t]*Error[ \t]*$\n?", "", template))


def check_template(parser: Table) -> None:
    """Compile the template once, for the mistakes in it. Raises ParseError."""
    import textfsm  # noqa: PLC0415

    try:
        textfsm.TextFSM(io.StringIO(parser.template))
    except textfsm.Error as error:
        msg = f"{parser.name} is not a TextFSM template: {error}"
        raise ParseError(msg[:200]) from None


def tree(file: Path) -> Tree:
    """A TTP template from a file, if it does nothing but match. Raises TemplateNotFoundError, ParseError."""
    template = _text(file)
    if problem := _beyond_matching(template):
        msg = f"{file.name} {problem}"
        raise ParseError(msg)
    made = Tree(file.stem, template, {})
    try:
        made("\n")
    except ParseError:
        return made  # it compiles, and nothing is in an empty line
    except (Exception, SystemExit) as error:  # noqa: BLE001  (TTP ends the process for some mistakes, or raises anything)
        msg = f"{file.name} is not a TTP template: {error}"
        raise ParseError(msg[:200]) from None
    msg = f"{file.name} matches an empty line"
    raise ParseError(msg)


def _beyond_matching(template: str) -> str:
    """What a template uses that does more than match, or an empty text."""
    if (tag := _TTP_TAG.search(template)) is not None:
        return f"may have no <{tag['tag']}>, only <group>"
    for group in _TTP_GROUP.finditer(template):
        if _TTP_ATTRIBUTE.sub("", group["attributes"]).strip():
            return f"may give a group a name and a method only, not {group['attributes'].strip()!r:.60}"
    for variable in _TTP_VARIABLE.finditer(template):
        name, *calls = (part.strip() for part in variable[1].split("|"))
        if not re.fullmatch(r"\w+", name):
            return f"has no name in {variable[0]!r:.60}"
        for call in calls:
            found = _TTP_CALL.fullmatch(call)
            if found is None or found["word"] not in _TTP_WORDS:
                return f"may not use {call!r:.60}; there is {', '.join(sorted(_TTP_WORDS))}"
    return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        msg = f"there is no template {file.name} beside the check"
        raise TemplateNotFoundError(msg) from None
