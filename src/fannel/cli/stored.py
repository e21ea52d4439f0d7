"""The store for commands that read it, and the options they share: when, where, what, how many, for whom."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from fannel import config
from fannel.cli.moments import moment
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from fannel.incidents.store import Store

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="From then on: 2h, 3d, or a time.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before then.")]
HostGlob = Annotated[str, typer.Option("--host", metavar="GLOB", help="Of hosts named so, for example 'rt-tyo-*'.")]
KindGlob = Annotated[str, typer.Option("--kind", metavar="GLOB", help="Of that kind, for example 'bgp_*'.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the newest.")]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a command works on."""

    settings: config.Settings
    store: Store
    zone: tzinfo
    now: datetime

    def time(self, text: str | None, option: str) -> datetime | None:
        """What an option says of time; a mistake ends the command with status 2."""
        if text is None:
            return None
        try:
            return moment(text, self.now, self.zone)
        except ValueError as error:
            raise config.ConfigError(printable(f"{option} {error}")) from None


@contextmanager
def stored() -> Iterator[Stored]:
    """The configured store, open; what is wrong with it ends the command with one line and status 1."""
    from fannel.incidents.store import Store, StoreError  # noqa: PLC0415  (SQLAlchemy: 0.2 s that others need not wait)

    settings = config.load()
    try:
        store = Store.open(settings.database.url)
        try:
            yield Stored(settings, store, settings.site.zone, datetime.now(UTC))
        finally:
            store.close()
    except StoreError as error:
        fail(str(error))


def fail(why: str) -> NoReturn:
    """End the command with one line and status 1."""
    complain(why)
    raise typer.Exit(1)


def complain(why: str) -> None:
    """One line of what is wrong."""
    typer.echo(f"fannel: {_one_line(why)}", err=True)


def say(what: str) -> None:
    """One line of what was done."""
    typer.echo(_one_line(what))


def write_json(value: Any) -> None:  # noqa: ANN401  (any JSON value)
    """For a program."""
    sys.stdout.write(json_text(value, indent=2) + "\n")


def write(lines: Iterable[str]) -> None:
    """For a person: lines that are safe already."""
    for line in lines:
        typer.echo(line)


def _one_line(text: str) -> str:
    return printable(text).replace("\n", "\\n")
