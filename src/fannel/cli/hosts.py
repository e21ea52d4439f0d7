"""`fannel hosts …`: what FANNEL knows of the network, and how fresh it is.

Read from the list that a running FANNEL keeps (`pagoda.cache_file`); with --ask, from pagoda itself.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from fannel.directory.directory import Device, Directory

app = typer.Typer(help="The devices FANNEL knows.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
_Ask = Annotated[bool, typer.Option("--ask", help="Ask pagoda now instead of reading the kept list.")]


@app.callback()
def _group() -> None:
    """The devices FANNEL knows."""


@app.command("list")
def list_hosts(as_json: _Json = False, ask: _Ask = False) -> None:
    """Every device: name, OS, site, role, status, addresses."""
    directory, age_s = _known(ask=ask)
    devices = sorted(directory.devices, key=lambda device: device.name)
    if as_json:
        _write({"age_s": age_s, "devices": [asdict(device) for device in devices]})
        return
    from rich.console import Console  # noqa: PLC0415  (only where a person looks)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("name", "os", "site", "role", "status", "addresses", box=None)
    for device in devices:
        facts = (device.name, device.os, device.site, device.role, device.status, " ".join(device.addresses))
        table.add_row(*(escape(printable(fact or "–")) for fact in facts))
    console = Console(highlight=False)
    console.print(table, soft_wrap=not sys.stdout.isatty())
    console.print(f"{len(devices)} devices, {directory.interface_count} interfaces, {_age(age_s)}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME|ADDRESS")], as_json: _Json = False, ask: _Ask = False
) -> None:
    """One device with its interfaces, by name or by any of its addresses; exit status 1 if nobody is meant."""
    directory, age_s = _known(ask=ask)
    lookup = directory.find([name], 0)
    if lookup.device is None:
        why = f"is claimed by {', '.join(lookup.among)}" if lookup.among else "is nobody's"
        typer.echo(f"fannel: {printable(name)} {printable(why)} ({_age(age_s)})", err=True)
        raise typer.Exit(1)
    interfaces = directory.interfaces.get(lookup.device.pagoda_id, ())
    if as_json:
        _write({"age_s": age_s, "device": asdict(lookup.device), "interfaces": [asdict(one) for one in interfaces]})
        return
    for key, value in _facts(lookup.device).items():
        typer.echo(f"{key:<14} {printable(value)}")
    for port in interfaces:
        peer = f" → {port.peer}" if port.peer else ""
        described = f' "{port.description}"' if port.description else ""
        circuit = f" [{port.circuit}]" if port.circuit else ""
        index = "" if port.ifindex is None else f"{port.ifindex}"
        typer.echo(f"  {index:>6} {printable(port.name + described + peer + circuit)}")
    typer.echo(_age(age_s))


def _known(*, ask: bool) -> tuple[Directory, float]:
    """The directory and its age in seconds."""
    from fannel.directory import snapshot  # noqa: PLC0415  (only for these commands)
    from fannel.directory.directory import Directory  # noqa: PLC0415
    from fannel.directory.errors import PagodaError  # noqa: PLC0415
    from fannel.directory.mapping import mapping_of  # noqa: PLC0415
    from fannel.directory.open import open_client  # noqa: PLC0415
    from fannel.directory.reader import Reader  # noqa: PLC0415

    pagoda = config.load().pagoda
    if not ask:
        if pagoda.cache_file is None:
            raise config.ConfigError("pagoda.cache_file is empty: no list is kept; --ask asks pagoda itself")
        try:
            kept = snapshot.load(pagoda.cache_file, None)
        except snapshot.SnapshotError as error:
            typer.echo(f"fannel: {pagoda.cache_file}: {error}; --ask asks pagoda itself", err=True)
            raise typer.Exit(1) from None
        return Directory(kept.devices, kept.interfaces), kept.age_s(time.time())
    client = open_client(pagoda)
    if client is None:
        raise config.ConfigError("PAGODA_URL is not set: there is no pagoda to ask")
    try:
        reader = Reader(client, mapping_of(pagoda))
        return Directory(reader.devices(), reader.interfaces()), 0.0
    except PagodaError as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(1) from None
    finally:
        client.close()


def _facts(device: Device) -> dict[str, str]:
    facts = {**asdict(device), "addresses": " ".join(device.addresses), "pagoda_id": str(device.pagoda_id)}
    return {key: str(value) for key, value in facts.items() if value}


def _age(age_s: float) -> str:
    for unit_s, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if age_s >= 2 * unit_s:
            return f"as pagoda had it {age_s / unit_s:.0f} {name} ago"
    return f"as pagoda had it {age_s:.0f} s ago"


def _write(value: Any) -> None:  # noqa: ANN401  (any JSON value)
    sys.stdout.write(json_text(value, indent=2) + "\n")
