"""`fannel silence …`: who keeps quiet about what, until when, and why (静観)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from datetime import tzinfo

    from fannel.slack.grammar import Known

app = typer.Typer(help="What FANNEL keeps quiet about (静観).", no_args_is_help=True)

_Hosts = Annotated[
    Path | None,
    typer.Option(
        "--hosts",
        metavar="FILE",
        help="The hosts there are, YAML: a list of {name, site, role}; else those FANNEL keeps of pagoda.",
    ),
]
_Tz = Annotated[str | None, typer.Option("--tz", metavar="AREA/CITY", help="The writer's zone; else site.timezone.")]
_Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="As if it were that time.")]
_Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
def _group() -> None:
    """What FANNEL keeps quiet about (静観)."""


@app.command("parse")
def parse(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A message as it would stand in chat.")],
    now: _Now = None,
    tz: _Tz = None,
    hosts: _Hosts = None,
    as_json: _Json = False,
) -> None:
    """Say what a message would be understood as, and change nothing; exit status 1 if it holds no request, or a no."""
    from fannel.slack.grammar import Refusal  # noqa: PLC0415  (only for these commands)
    from fannel.slack.grammar import parse as parse_text  # noqa: PLC0415
    from fannel.slack.grammar.answer import answer  # noqa: PLC0415

    zone = _zone(tz)
    outcomes = parse_text(text, _known(hosts), now=_moment(now, zone), zone=zone)
    if as_json:
        sys.stdout.write(json_text([one.to_json() | {"line": one.line} for one in outcomes], indent=2) + "\n")
    elif not outcomes:
        typer.echo("no request")
    else:
        for one in outcomes:
            if isinstance(one, Refusal):
                typer.echo(printable(f"refused: {one.why}\n   meant: {one.closest}"))
            else:
                typer.echo(printable(f"understood: {answer(one, zone)}"))
    if not outcomes or any(isinstance(one, Refusal) for one in outcomes):
        raise typer.Exit(1)


def _zone(tz: str | None) -> tzinfo:
    if tz is None:
        return config.load().site.zone
    try:
        return ZoneInfo(tz)
    except (ValueError, OSError, KeyError):
        raise config.ConfigError(printable(f"--tz {tz}: no such zone; meant is an IANA name like Asia/Tokyo")) from None


def _moment(now: str | None, zone: tzinfo) -> datetime:
    if now is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise config.ConfigError(printable(f"--now {now}: no time; meant is 2026-11-22T16:00+09:00")) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _known(hosts: Path | None) -> Known:
    """The hosts of a file, or those that a running FANNEL keeps."""
    from fannel.directory import snapshot  # noqa: PLC0415  (only for these commands)
    from fannel.slack.grammar import Known  # noqa: PLC0415
    from fannel.slack.grammar.known import names_of  # noqa: PLC0415

    if hosts is not None:
        return Known(names_of(_rows(hosts)))
    kept = config.load().pagoda.cache_file
    if kept is None:
        raise config.ConfigError("pagoda.cache_file is empty: no list of hosts is kept; --hosts names a file")
    try:
        return Known(snapshot.load(kept, None, with_interfaces=False).devices)
    except snapshot.SnapshotError as error:
        raise config.ConfigError(f"{kept}: {error}; --hosts names a file of hosts") from None


def _rows(path: Path) -> list[dict[str, str]]:
    import yaml  # noqa: PLC0415

    meant = "meant is a YAML list of {name: …, site: …, role: …}"
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise config.ConfigError(printable(f"--hosts {path}: {' '.join(str(error).split())}; {meant}")) from None
    rows = [{"name": row} if isinstance(row, str) else row for row in rows] if isinstance(rows, list) else None
    if rows is None or not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        raise config.ConfigError(printable(f"--hosts {path}: {meant}"))
    return [{name: str(row[name]) for name in ("name", "site", "role") if row.get(name)} for row in rows]
