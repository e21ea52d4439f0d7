"""`fannel bench receive`: what the receiver must reach, measured here and now, beside what other receivers do."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import config
from fannel.cli import run
from fannel.cli.environment import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fannel.lab.bench.bench import Bench
    from fannel.lab.bench.figure import Figure

app = typer.Typer(help="Measure FANNEL on this machine (needs the lab extra).", no_args_is_help=True)


@app.callback()
def _bench() -> None:
    """Measure FANNEL on this machine (needs the lab extra)."""


@app.command()
def receive(
    only: Annotated[str | None, typer.Option(help="Rows to measure, comma-separated; all unless told.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long each rate is held.")] = 30.0,
    traps: Annotated[int, typer.Option(min=1000, help="Traps of the row `memory`.")] = 2_000_000,
    burst: Annotated[int, typer.Option(min=1000, help="Traps of the row `burst`.")] = 200_000,
    senders: Annotated[int, typer.Option(min=1, max=10_000, help="Senders of the row `informs`.")] = 64,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Where spools are written; the temporary folder.", exists=True, file_okay=False, writable=True
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """What the receiver takes, on loopback, beside net-snmp's snmptrapd and pysnmp where they are installed.

    Rows: sustained, burst, v3, informs, queue, memory, idle. Exit status 1 if a requirement is missed.
    """
    from fannel.lab.bench.bench import Bench  # noqa: PLC0415  (the lab is not part of a production install)
    from fannel.lab.bench.figure import table  # noqa: PLC0415

    rows = _rows()
    wanted = [name.strip() for name in only.split(",")] if only else list(rows)
    if unknown := [name for name in wanted if name not in rows]:
        raise typer.BadParameter(f"no such row: {', '.join(unknown)}; there are {', '.join(rows)}")
    # Ended by `kill` or a CI's time limit, it must take its children along as it does on Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="fannel-bench-", dir=folder) as made:
        for name in wanted:
            settings = Bench(
                Path(made), _rulebook, seconds=seconds, burst=burst, traps=traps, senders=senders, say=_sayer(name)
            )
            figures += _measured(name, rows[name], settings)
    if as_json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.platform()}
        typer.echo(json.dumps({**machine, "seconds": seconds, "figures": [one.to_json() for one in figures]}, indent=2))
    else:
        typer.echo(table(figures))
        typer.echo(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    if any(one.verdict == "missed" for one in figures):
        raise typer.Exit(1)


def _rows() -> dict[str, Callable[[Bench], list[Figure]]]:
    from fannel.lab.bench import burst, idle, informs, memory, queue, sustained, v3  # noqa: PLC0415

    return {
        "sustained": sustained.measure,
        "burst": burst.measure,
        "v3": v3.measure,
        "informs": informs.measure,
        "queue": queue.measure,
        "memory": memory.measure,
        "idle": idle.measure,
    }


def _rulebook(options: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[list[str], dict[str, str]]:
    """ansible-rulebook as `fannel run` starts it, with the settings in `env` and no others."""
    return run.command(options), environment(config.load(env, cwd=cwd), env)


def _measured(name: str, measure: Callable[[Bench], list[Figure]], bench: Bench) -> list[Figure]:
    """A row's figures; a row that cannot be measured is a missed one, and the others go on."""
    from fannel.lab.bench.child import BenchError  # noqa: PLC0415
    from fannel.lab.bench.figure import Figure  # noqa: PLC0415

    try:
        return measure(bench)
    except BenchError as error:
        return [Figure(name, "could not be measured", None, failed=True, beside=" ".join(str(error).split()))]


def _sayer(row: str) -> Callable[[str], None]:
    def say(words: str) -> None:
        sys.stderr.write(f"{row}: {words}\n")

    return say
