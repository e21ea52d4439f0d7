"""`fannel judge`: saved device output in, the verdict of a check as JSON out. Nothing is contacted.

Exit status: 0 the fault is over or expected (`cleared`, `expected`), 1 it is there (`confirmed`), 3 the check cannot
tell (`inconclusive`), 2 there is nothing to judge: no such check, a broken one, a file that cannot be read.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  (Typer reads annotations when it runs)
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from fannel.checks.check import Check
    from fannel.checks.verdict import Verdict

STATUS = {"cleared": 0, "expected": 0, "confirmed": 1, "inconclusive": 3}
WRONG = 2
_MOST = 4 * 1024 * 1024  # octets of a file that are read; judging bounds what it looks at further

Subject = Annotated[str, typer.Option("--subject", metavar="NAME", help="'Gi0/1', '192.0.2.1', '192.0.2.1 vrf RED', …")]
Interface = Annotated[
    str | None, typer.Option("--interface", metavar="NAME", help="Where the neighbour or session is reached.")
]
AsJson = Annotated[bool, typer.Option("--json/--text", help="JSON, or some lines to read.")]


def judge(
    problem: Annotated[str, typer.Argument(help="For example interface_down.")],
    os: Annotated[str, typer.Argument(metavar="OS", help="For example ios.")],
    subject: Subject = "",
    outputs: Annotated[
        list[Path] | None,
        typer.Option("--output", metavar="FILE", help="What a command printed, in the order of the check's commands."),
    ] = None,
    interface: Interface = None,
    as_json: AsJson = True,
) -> None:
    """Judge saved outputs with a check; exit status 0 cleared or expected, 1 confirmed, 3 inconclusive, 2 no judgement.

    Without --output it says which commands the check would run. `-` is standard input; an empty --output stands for
    an optional command that gave nothing.
    """
    from fannel.checks.judge import judge as judged  # noqa: PLC0415  (Jinja2 and more that others need not load)
    from fannel.checks.subject import subject_of  # noqa: PLC0415

    check = find(problem, os)
    about = subject_of(check.subject, subject, interface)
    if len(outputs or ()) > len(check.commands):
        raise _wrong(f"{problem} on {os} has {len(check.commands)} commands, not {len(outputs or ())}")
    texts = [_read(path) for path in outputs or ()]
    if not texts:
        _tell_commands(check)
        raise typer.Exit(WRONG)
    show(judged(check, about, texts), as_json=as_json)


def find(problem: str, os: str) -> Check:
    """The check of these settings; a mistake ends the command with one line and status 2."""
    from fannel.checks.errors import CheckError, NoCheckError, did_you_mean  # noqa: PLC0415
    from fannel.checks.find import Checks  # noqa: PLC0415

    checks = Checks.beside(config.load().checks.path)
    try:
        return checks.find(problem, os)
    except NoCheckError as error:
        files = checks.files()
        known = {file.parent.name for file in files}
        there = {file.stem for file in files if file.parent.name == problem} if problem in known else known
        raise _wrong(f"{error}{did_you_mean(os if problem in known else problem, there)}") from None
    except CheckError as error:
        raise _wrong(str(error)) from None


def show(verdict: Verdict, *, as_json: bool) -> None:
    """Print a verdict and end with its status."""
    if as_json:
        sys.stdout.write(json_text(verdict.to_json(), indent=2) + "\n")
    else:
        weight = f" ({verdict.severity})" if verdict.severity else ""
        typer.echo(printable(f"{verdict.outcome}{weight}: {verdict.reason}"))
        for line in verdict.evidence:
            typer.echo(printable(f"  {line}"))
    raise typer.Exit(STATUS[verdict.outcome])


def _tell_commands(check: Check) -> None:
    typer.echo("fannel: --output is missing: save what these commands print, one file each, in this order:", err=True)
    for command in check.commands:
        note = "  (optional)" if command.optional else ""
        typer.echo(f"  {printable(' or '.join(command.forms))}{note}", err=True)


def _read(path: Path) -> str | None:
    if str(path) in ("", "."):  # an empty option is the folder itself to Path
        return None
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(_MOST).decode("utf-8", "replace")
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError as error:
        raise _wrong(f"{path}: {error.strerror}") from None


def _wrong(text: str) -> typer.Exit:
    typer.echo(f"fannel: {printable(text)}", err=True)
    return typer.Exit(WRONG)
