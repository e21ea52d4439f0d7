"""`fannel mibs …`: names for the OIDs of a site's own MIBs."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads annotations when it runs)
from typing import Annotated

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

app = typer.Typer(help="Names for a site's own OIDs.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Names for a site's own OIDs."""


@app.command("compile")
def compile_texts(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR…", help="Folders (or files) with MIB texts.", exists=True)
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Where the names go; mibs.path unless told.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Compile MIB texts, from these folders alone: what they import must be there or be shipped.

    Exit status 1 if one module could not be compiled; the others are written all the same.
    """
    from fannel.naming.mib_texts import MibTextsError, compile_folders  # noqa: PLC0415

    target = to or config.load().mibs.path
    try:
        outcome = compile_folders(folders)
        target.mkdir(parents=True, exist_ok=True)
        for module in outcome.converted:
            (target / f"{module.module}.json").write_text(module.text, encoding="utf-8")
    except MibTextsError as error:
        _complain(str(error))
        raise typer.Exit(1) from None
    except OSError as error:
        _complain(f"{target}: cannot write there: {error.strerror}")
        raise typer.Exit(1) from None
    if as_json:
        written = [module.module for module in outcome.converted]
        found = {"written": written, "shipped": outcome.shipped, "failures": outcome.failures}
        typer.echo(json_text({**found, "warnings": outcome.warnings}, indent=2))
    else:
        for module in outcome.converted:
            typer.echo(f"{module.module} → {printable(str(target / module.module))}.json")
        for name in outcome.shipped:
            typer.echo(f"{name} is shipped: nothing to do")
        for warning in outcome.warnings:
            _complain(f"warning: {warning}")
        for failure in outcome.failures:
            _complain(failure)
    if outcome.failures:
        raise typer.Exit(1)


def _complain(why: str) -> None:
    typer.echo(f"fannel: {printable(why)}", err=True)
