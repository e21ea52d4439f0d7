"""`fannel new …`: YAML and a case to begin with, from what came and from what a device printed.

What is written loads at once and its case holds; nothing is ever overwritten. Exit status 1: it was not written.
"""

from __future__ import annotations

import typer

from fannel.cli.new_check import new_case, new_check
from fannel.cli.new_kind import new_kind

app = typer.Typer(help="YAML and a case to begin with.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """YAML and a case to begin with."""


app.command("kind")(new_kind)
app.command("check")(new_check)
app.command("case")(new_case)
