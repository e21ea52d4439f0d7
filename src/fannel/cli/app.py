"""The commands, and what they share: a console, and mistakes that end in one readable line and exit status 2."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from fannel import __version__
from fannel.cli import (
    bench,
    cases,
    check,
    checks,
    db,
    decode,
    demo,
    doctor,
    events,
    explain,
    hosts,
    inbox,
    incidents,
    judge,
    kinds,
    lab,
    listen,
    mibs,
    new,
    observe,
    outbox,
    pagoda,
    receive,
    run,
    silence,
)
from fannel.config import ConfigError

app = typer.Typer(
    name="fannel",
    help="Answers network alerts before a human does.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", context_settings=run.PASS_THROUGH)(run.run)
app.command("demo")(demo.demo)
app.command("decode", cls=decode.InOrder)(decode.decode)
app.command("judge")(judge.judge)
app.add_typer(check.app, name="check")
app.add_typer(checks.app, name="checks")
app.command("explain")(explain.explain)
app.command("receive")(receive.receive)
app.command("listen")(listen.listen)
app.command("doctor")(doctor.doctor)
app.add_typer(incidents.app, name="incidents")
app.add_typer(events.app, name="events")
app.add_typer(hosts.app, name="hosts")
app.add_typer(silence.app, name="silence")
app.command("outbox")(outbox.outbox)
app.command("inbox")(inbox.inbox)
app.add_typer(kinds.app, name="kinds")
app.add_typer(pagoda.app, name="pagoda")
app.command("observe", hidden=True)(observe.observe)
app.add_typer(mibs.app, name="mibs")
app.add_typer(new.app, name="new")
app.command("cases")(cases.cases)
app.add_typer(lab.app, name="lab")
app.add_typer(db.app, name="db")
app.add_typer(bench.app, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Answers network alerts before a human does."""


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except ConfigError as error:
        for line in str(error).splitlines():
            typer.echo(f"fannel: {line}", err=True)
        sys.exit(2)
