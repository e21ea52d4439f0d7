"""`fannel checks list`: which problem is looked at on which operating system, and where nobody looks, and why.

Reads files only. A check that is broken is shown with its mistake, and the exit status is then 1.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import collection, config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(help="What is looked at on devices, and how it is judged.", no_args_is_help=True)

_SIGNS = {"shipped": "✓", "own": "own", "broken": "broken", "missing": "–", "not_applicable": "n/a"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One problem on one operating system.

    `state` is shipped, own (the site's), broken, missing, or not_applicable, and then `why` says why.
    """

    problem: str
    os: str
    state: str
    file: str | None = None
    commands: tuple[str, ...] = ()
    error: str | None = None
    why: str | None = None


@app.callback()
def _group() -> None:
    """What is looked at on devices, and how it is judged."""


@app.command("list")
def list_checks(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="Only what has no check.")] = False,
) -> None:
    """A matrix of problem and operating system: ✓ shipped, own, broken, – missing, n/a nothing to look at.

    Exit status 1 if one is broken.
    """
    from fannel.checks.errors import CheckError  # noqa: PLC0415  (only for these commands)

    try:
        found = cells()
    except CheckError as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(1) from None
    broken = [cell for cell in found if cell.state == "broken"]
    shown = [cell for cell in found if not missing or cell.state == "missing"]
    if as_json:
        sys.stdout.write(json_text({"checks": [asdict(cell) for cell in shown]}, indent=2) + "\n")
    elif missing:
        for cell in shown:
            typer.echo(f"{cell.problem} {cell.os}")
    else:
        _matrix(found)
        counts = Counter(cell.state for cell in found)
        typer.echo(
            f"{counts['shipped'] + counts['own'] + len(broken)} checks, {counts['missing']} missing, "
            f"{len(broken)} broken, {counts['not_applicable']} n/a"
        )
    for cell in broken:
        typer.echo(f"fannel: {printable(cell.error or '')}", err=True)
    if broken:
        raise typer.Exit(1)


def cells() -> list[Cell]:
    """Every problem that a kind raises or that has a check, on every operating system that has a check for anything.

    Raises:
        CheckError: What is said of cells that need no check is wrong.
    """
    from fannel.checks.errors import CheckError  # noqa: PLC0415  (only for these commands)
    from fannel.checks.find import Checks  # noqa: PLC0415
    from fannel.checks.not_applicable import reasons  # noqa: PLC0415

    own = config.load().checks.path
    checks = Checks.beside(own)
    files = {(file.parent.name, file.stem): file for file in checks.files()}
    why = reasons(checks.folders)
    systems = sorted({os for _, os in files})
    found = []
    for problem in sorted({problem for problem, _ in files} | _raised()):
        for os in systems:
            file = files.get((problem, os))
            if file is None:
                reason = why.get((problem, os))
                found.append(Cell(problem, os, "not_applicable" if reason else "missing", why=reason))
                continue
            try:
                check = checks.find(problem, os)
            except CheckError as error:
                found.append(Cell(problem, os, "broken", str(file), error=str(error)))
                continue
            commands = tuple(form for command in check.commands for form in command.forms)
            shipped = file.resolve().is_relative_to(collection.root().resolve() / "checks")
            state = "shipped" if shipped else "own"
            found.append(Cell(problem, os, state, str(file), commands))
    return found


def _raised() -> set[str]:
    """The problems that the shipped kinds raise."""
    from fannel.kinds.classify import Kinds  # noqa: PLC0415

    return {kind.problem for kind in Kinds.load().compiled.kinds.values() if kind.phase == "raise"}


def _matrix(found: Sequence[Cell]) -> None:
    systems = list(dict.fromkeys(cell.os for cell in found))
    width = max((len(cell.problem) for cell in found), default=7)
    typer.echo("problem".ljust(width) + "".join(f"  {os:<7}" for os in systems).rstrip())
    for start in range(0, len(found), len(systems) or 1):
        row = found[start : start + len(systems)]
        typer.echo(row[0].problem.ljust(width) + "".join(f"  {_SIGNS[cell.state]:<7}" for cell in row).rstrip())
