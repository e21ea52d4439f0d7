"""What the commands of `fannel new` share: files written all or none, words that can be file names, outputs read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from fannel.cli import stored
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.event import Json

WRONG = 2
_MOST = 256 * 1024
_CASE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")

CaseName = Annotated[str, typer.Option("--case", metavar="NAME", help="What the case's folder is called.")]
Into = Annotated[
    Path | None,
    typer.Option("--into", metavar="FOLDER", help="Where the file goes; where the site's own are unless told."),
]
Corpus = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="FOLDER", help="Where cases are; tests/corpus beside the site's own unless told."),
]


def write_all(files: Mapping[Path, str]) -> None:
    """All of them or none; what is there stays as it is."""
    if there := next((path for path in files if path.exists()), None):
        stored.fail(f"{there} is there already, nothing was written")
    written: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink()
        stored.fail(f"{error.filename}: {error.strerror}; nothing was written")
    for path in files:
        typer.echo(f"wrote {printable(str(path))}")


def say_todo(file: Path, text: str) -> None:
    """Where a person has to decide."""
    for number, line in enumerate(text.splitlines(), start=1):
        if "TODO" in line:
            typer.echo(printable(f"{file}:{number}: {line.strip(' #')}"))


def read_output(path: Path) -> str:
    """What a command printed, without what looks like a secret: a case is for others to read."""
    from fannel.checks.redact import redact  # noqa: PLC0415
    from fannel.checks.screen import clean  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            return redact(clean(file.read(_MOST).decode("utf-8", "replace")))
    except OSError as error:
        wrong(f"--output {path}: {error.strerror}")


def pretty(value: Json) -> str:
    """JSON as the corpus has it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def only_words(**given: str) -> None:
    """Let only what is one word pass: it becomes a file's name."""
    from fannel.kinds.scaffold import WORD  # noqa: PLC0415

    for name, word in given.items():
        if not WORD.fullmatch(word):
            wrong(f"{name} {word!r:.80}: a word of small letters, digits and underscores, such as interface_down")


def only_case_name(case: str) -> None:
    """The same for the name of a case's folder."""
    if not _CASE.fullmatch(case):
        wrong(f"--case {case!r:.80}: a word of small letters, digits and underscores")


def wrong(text: str) -> NoReturn:
    """A mistake on the command line: one line, and status 2."""
    stored.complain(text)
    raise typer.Exit(WRONG)
