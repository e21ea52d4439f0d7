"""A check to begin with, out of what a device printed while a fault was there. Pure.

It is whole: it loads, and judges what it was made from as somebody says it was. `TODO` stands where a person has to
decide: what the device prints in other states, nobody has shown yet.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fannel.checks.errors import CheckError
from fannel.checks.placeholder import WORDS, known_values
from fannel.kinds.interface_name import spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fannel.checks.verdict import Outcome, Verdict
    from fannel.event import Subject

    # Loads a file and judges the outputs with it. Raises CheckError.
    Try = Callable[[str], Verdict]

_STATE = re.compile(
    r"\b(?:state|status|is|link|oper\w*|protocol|admin\w*)\b\s*[:=]?\s+(?P<state>[\w-]+)", re.IGNORECASE
)
_FIELD = re.compile(r"\b[\w -]{2,30}?[:=]\s*(?P<state>[\w.%/-]+)")
_STATE_KEY = re.compile(r"state|status|oper|protocol", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\.+*?()\[\]{}|^$]")
_NUMBER = re.compile(r"\b\d[\d.:]*\b")
_DEPTH, _WIDTH = 6, 200
_COMMAND_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NO_NAMES = {"show", "display", "detail", "json", "include", "no", "more", "state", *WORDS}


# What a defaults.yml uses and nobody says yet (fannel.checks.expression).
_NEEDED = re.compile(r"uses '(\w+)', which is neither")


class CannotScaffoldError(ValueError):
    """No check can be made of it. One line that says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """A check file, and how it judges what it was made from."""

    text: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Printed:
    """A command as somebody typed it, and what the device printed."""

    command: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How the state is read out of an output: `parse` and `quote` as YAML, an expression behind the command's name."""

    parse: str
    expression: str
    value: str
    quote: str | None


def of_outputs(subject: Subject, printed: Iterable[Printed], outcome: Outcome, check: Try) -> Made:
    """The first file that `check` finds to judge its outputs as `outcome`.

    Where the problem has a defaults.yml, what that one needs to be loaded is in it, too, to be found by a person.

    Raises:
        CannotScaffoldError: there is none; nothing was printed, for example.
    """
    printed = tuple(printed)
    stubs: list[str] = []
    why = "there is nothing in the first output"
    for reading in _readings(printed[0].text, subject):
        while True:
            text = _file(subject, printed, reading, outcome, stubs)
            try:
                verdict = check(text)
            except CheckError as error:
                missing = _NEEDED.search(error.problem)
                if missing is None or missing[1] in stubs:
                    raise CannotScaffoldError(str(error)) from None
                stubs.append(missing[1])
                continue
            break
        if verdict.outcome == outcome:
            return Made(text, verdict)
        why = verdict.reason
    raise CannotScaffoldError(why)


# --- how the state may be read ------------------------------------------------------------------------------------


def _readings(text: str, subject: Subject) -> Iterator[Reading]:
    """Best first: JSON, a word after `state` in a line about the subject, in any line, any field, a whole line."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    for expression, value in _scalars(data, subject):
        yield Reading("{json: true}", expression, value, None)
    own = [line for line in text.splitlines() if _own_words(line, subject)]
    for lines in (own, text.splitlines()):
        for pattern in (_STATE, _FIELD):
            for line in lines:
                if found := pattern.search(line):
                    yield _of_line(line, found, subject)
    for line in (*own, *text.splitlines()):
        if line.strip():
            whole = re.compile(r"(?P<state>\S.*\S|\S)").search(line)
            if whole is not None:
                yield _of_line(line, whole, subject)


def _of_line(line: str, found: re.Match[str], subject: Subject) -> Reading:
    before = line[: found.start("state")]
    words = _literal(before, subject)
    value = found["state"]
    group = r"(?P<state>[\w.%/-]+)" if re.fullmatch(r"[\w.%/-]+", value) else r"(?P<state>\S.*\S|\S)"
    return Reading(f"{{regex: {_quoted('^' + words + group)}}}", ".state", value, "^" + words)


def _literal(text: str, subject: Subject) -> str:
    """What stands before the state: the subject as its placeholder, numbers as any, runs of blanks as any."""
    values = _own_words(text, subject)
    at, parts = 0, []
    spans = sorted((start, stop, f"{{{name}}}") for name, start, stop in values)
    spans += [(number.start(), number.end(), r"\S+") for number in _NUMBER.finditer(text)]
    for start, stop, stands in sorted(spans):
        if start >= at:
            parts += [_escaped(text[at:start]), stands]
            at = stop
    return "".join((*parts, _escaped(text[at:])))


def _escaped(text: str) -> str:
    return re.sub(r" +", r"\\s+", _SPECIAL.sub(r"\\\g<0>", text))


def _own_words(text: str, subject: Subject) -> list[tuple[str, int, int]]:
    """Where the subject's values stand in a text, by the placeholder that stands for each; the longest first."""
    found: list[tuple[str, int, int]] = []
    for name, value in known_values(subject).items():
        if name in ("name", "peer4", "peer6") and len(known_values(subject)) > 1:
            continue
        for spelling in sorted(spellings(value) if name == "interface" else (value,), key=len, reverse=True):
            if spot := re.search(rf"(?<![\w/.]){re.escape(spelling)}(?![\w/.])", text):
                found.append((name, spot.start(), spot.end()))
                break
    return found


def _scalars(data: Any, subject: Subject) -> list[tuple[str, str]]:  # noqa: ANN401  (any JSON)
    """Texts of JSON, those whose key speaks of a state first, each with how an expression reaches it."""
    found: list[tuple[bool, str, str]] = []

    def walk(value: Any, path: str, key: str, depth: int) -> None:  # noqa: ANN401
        if len(found) >= _WIDTH or depth > _DEPTH:
            return
        if isinstance(value, dict):
            for name, item in value.items():
                own = next((word for word, text in known_values(subject).items() if name in _spelled(word, text)), None)
                walk(item, path + (f"[{own}]" if own else f"[{_quoted(str(name))}]"), str(name), depth + 1)
        elif isinstance(value, list) and value:
            walk(value[0], f"{path}[0]", key, depth + 1)
        elif isinstance(value, str) and value:
            found.append((_STATE_KEY.search(key) is None, path, value))

    walk(data, "", "", 0)
    return [(path, value) for _, path, value in sorted(found, key=lambda item: item[0])]


def _spelled(word: str, text: str) -> tuple[str, ...]:
    return (text,) if word == "interface" else ((text,) if word in ("peer", "vrf") else ())


# --- the file -----------------------------------------------------------------------------------------------------


def _file(
    subject: Subject, printed: Sequence[Printed], reading: Reading, outcome: Outcome, stubs: Sequence[str]
) -> str:
    commands = dict(zip(_names(printed, stubs), printed, strict=True))
    first = next(iter(commands))
    lines = ["---", "description: TODO what is asked, in a sentence", f"subject: {subject.type}", "commands:"]
    for name, one in commands.items():
        parse = [f"    parse: {reading.parse}"] if name == first else []
        lines += [f"  {name}:", f"    run: {_plain(_command(one.command, subject))}", *parse]
    expression = first + reading.expression
    plain = re.fullmatch(r"[\w.]+", expression)
    lines += ["facts:", f"  state: {expression if plain else _quoted(expression)}"]
    if stubs:
        lines.append("  # TODO defaults.yml judges by these. Find them, then leave out `verdict`: it has that, too.")
        lines += [f"  {name}: \"''\"" for name in stubs if name != "state"]
    what = "{name}" if subject.name else "the device"
    value = reading.value.replace("\\", "\\\\").replace("'", "\\'")
    holds = _quoted(f"state == '{value}'")
    lines += ["verdict:", "  # TODO the other states: cleared when it is over, expected where somebody meant it"]
    said = _quoted(f"{what} is {{state}}")
    unknown = _quoted(f"{what} is {{state}}: this check does not know what that means")
    lines.append(f"  - {{when: {holds}, outcome: {outcome}, reason: {said}}}")
    lines.append(f"  - {{outcome: inconclusive, reason: {unknown}}}")
    if reading.quote is not None:
        lines += ["evidence:", f"  - {{from: {first}, match: {_quoted(reading.quote)}}}"]
    return "\n".join((*lines, ""))


def _command(command: str, subject: Subject) -> str:
    """As it was typed, with placeholders for what it was about."""
    for name, start, stop in sorted(_own_words(command, subject), key=lambda spot: -spot[1]):
        if name != "name":
            command = f"{command[:start]}{{{name}}}{command[stop:]}"
    return command


def _names(printed: Iterable[Printed], taken: Iterable[str]) -> list[str]:
    """A name for each command: its last word that is one."""
    names: list[str] = []
    for number, one in enumerate(printed, start=1):
        words = [word for word in one.command.partition("|")[0].lower().split() if _COMMAND_NAME.fullmatch(word)]
        fit = [word for word in words if not (word in _NO_NAMES or word in names or word in taken)]
        names.append(fit[-1] if fit else f"output_{number}")
    return names


def _plain(text: str) -> str:
    """As YAML: a command is seldom anything but words."""
    return text if re.fullmatch(r"[A-Za-z][\w./-]*( [\w./{}|-]+)*", text) else _quoted(text)


def _quoted(text: str) -> str:
    """As YAML, in the quotes that need least within."""
    if "'" in text and not re.search(r'["\\]', text):
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"
