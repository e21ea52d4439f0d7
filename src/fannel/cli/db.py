"""`fannel db …`: the database's schema."""

from __future__ import annotations

import typer

from fannel import config

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The database."""


@app.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the schema this FANNEL needs (SQLite does so by itself)."""
    from fannel.incidents.store import StoreError, upgrade  # noqa: PLC0415  (SQLAlchemy: 0.2 s that others need not wait)

    settings = config.load()
    try:
        before, after = upgrade(settings.database.url)
    except StoreError as error:
        typer.echo(f"fannel: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"schema {before or 'none'} → {after}" if before != after else f"schema {after}: up to date")
