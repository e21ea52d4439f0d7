"""`fannel kinds …`: what FANNEL can be told, in its own words, and by whom; a site's own kinds included."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.kinds.coverage import Coverage

app = typer.Typer(help="What can happen, whichever way it is said.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What can happen, whichever way it is said."""


@app.command("list")
def list_kinds(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the names of the traps.")] = False,
) -> None:
    """Every kind: what it does to which problem, and which systems say it by trap or in syslog."""
    from fannel.kinds.coverage import coverage  # noqa: PLC0415  (the catalogues are this command's alone)
    from fannel.kinds.document import KindsError  # noqa: PLC0415
    from fannel.kinds.site import catalogues  # noqa: PLC0415
    from fannel.naming.module import CatalogueError  # noqa: PLC0415

    settings = config.load()
    try:
        names, kinds = catalogues(settings.kinds.path, settings.mibs.path)
    except (CatalogueError, KindsError) as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(2) from None
    covered = coverage(kinds.compiled, names)
    if as_json:
        rows = [
            {
                "kind": one.kind.name,
                "problem": one.kind.problem,
                "phase": one.kind.phase,
                "severity": one.kind.severity,
                "subject": one.kind.subject,
                "traps": list(one.traps),
                "syslog": list(one.syslog),
            }
            for one in covered
        ]
        typer.echo(json_text(rows, indent=2))
        return
    _show(covered)


def _show(covered: Sequence[Coverage]) -> None:
    """A line for each kind and a column for each way it can be said."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    says: dict[str, set[str]] = {}
    for one in covered:
        for os in one.syslog:
            says.setdefault(os, set()).add(one.kind.name)
    columns: dict[frozenset[str], list[str]] = {}  # systems of which the same is known share one
    for os, names in sorted(says.items()):
        columns.setdefault(frozenset(names), []).append(os)
    # Who pipes it reads whole lines.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    mark = "✓" if console.encoding.startswith("utf") else "x"
    table = Table(box=None, pad_edge=False)
    for heading in ("problem", "kind", "phase", "severity", "trap", *("\n".join(names) for names in columns.values())):
        table.add_column(heading, no_wrap=True)
    problem = None
    for one in covered:
        kind = one.kind
        table.add_row(
            *("" if kind.problem == problem else kind.problem, kind.name, kind.phase, kind.severity),
            *(mark if said else "" for said in (one.traps, *(kind.name in names for names in columns))),
        )
        problem = kind.problem
    console.print(table)
    typer.echo("trap: by SNMP; the others: in syslog of that system. --json has the names of the traps.")
