"""`fannel pagoda …`: what the source of truth has of what FANNEL reads."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.directory.survey import Name, Survey

app = typer.Typer(help="The source of truth.", no_args_is_help=True)

SHOWN = 10
_MARKS = {"found": "[green]✓[/]", "missing": "[red]✗ missing[/]", "unreadable": "[red]✗ unreadable[/]", "unset": "–"}


@app.callback()
def _group() -> None:
    """The source of truth."""


@app.command("check")
def check(
    as_json: Annotated[bool, typer.Option("--json", help="The whole survey as one JSON object.")] = False,
) -> None:
    """Look up every name of the mapping and look at every device.

    Exit status 1 if something would hurt: a name that is missing or may not be read, an address on two devices, a
    device without OS or address, a name that cannot be a host's.
    """
    from fannel.directory.mapping import mapping_of  # noqa: PLC0415  (requests: others need not wait for it)
    from fannel.directory.open import open_client  # noqa: PLC0415
    from fannel.directory.survey import survey  # noqa: PLC0415

    settings = config.load()
    client = open_client(settings.pagoda)
    if client is None:
        raise config.ConfigError("PAGODA_URL is not set: there is no pagoda to look at")
    try:
        found = survey(client, mapping_of(settings.pagoda))
    finally:
        client.close()
    if as_json:
        sys.stdout.write(json_text(_as_json(found), indent=2) + "\n")
    else:
        _show(found)
    if found.hurts:
        raise typer.Exit(1)


def _as_json(found: Survey) -> dict[str, Any]:
    out = {key: getattr(found, key) for key in found.__slots__ if key not in ("names", "trouble")}
    trouble = None if found.trouble is None else {"type": type(found.trouble).__name__, "text": str(found.trouble)}
    return {**out, "names": [asdict(name) for name in found.names], "trouble": trouble, "hurts": found.hurts}


def _show(found: Survey) -> None:
    from rich.console import Console  # noqa: PLC0415  (only where a person looks)
    from rich.markup import escape  # noqa: PLC0415

    console = Console(highlight=False)
    say = console.print
    say(f"[bold]{escape(printable(found.url))}[/]", soft_wrap=True)
    if found.names:
        say(_table(found.names))
    if found.trouble is not None:
        say(f"[red]✗[/] {escape(printable(str(found.trouble)))}", soft_wrap=True)
        return
    ports = "" if found.interfaces is None else f", {found.interfaces} interfaces"
    say(f"{'[green]✓[/]' if found.devices else '[red]✗[/]'} {found.devices} devices{ports}")
    contested = (f"{address}: {', '.join(names)}" for address, names in sorted(found.contested.items()))
    for what, some in (
        ("on more than one device, so nobody is meant", tuple(contested)),
        ("without an OS: no rule looks at them", found.without_os),
        ("without an address: no alert finds them", found.without_address),
        ("a name that cannot be a host's: no playbook reaches them", found.unusable_names),
    ):
        if some:
            more = f" … and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
            shown = "; ".join(printable(one) for one in some[:SHOWN])
            say(f"[red]✗[/] {what} ({len(some)}): {escape(shown)}{more}", soft_wrap=True)
    if not found.hurts:
        say("[green]✓[/] nothing here would hurt")


def _table(names: Iterable[Name]) -> Any:  # noqa: ANN401  (rich's own)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("for", "called", "", "filled", "")
    for name in names:
        filled = f"{name.filled} of {name.sampled}" if name.state == "found" else ""
        table.add_row(
            name.purpose,
            escape(printable(name.called or "(none kept)")),
            _MARKS[name.state],
            filled,
            escape(printable(name.detail[:200])),
        )
    return table
