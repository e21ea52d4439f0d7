"""`fannel doctor`: what is wrong with this installation, one line each, with what to do about it."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable
from fannel.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fannel.ops.doctor import Finding

_NAME_WIDTH = 25


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="A list of {name, status, finding, remedy}.")] = False,
) -> None:
    """Check configuration, ports, database, pagoda, Slack, collections, Java, rulebook and checks.

    Exit status 1 if something is wrong (warnings do not count), 2 if the configuration itself cannot be used.
    """
    # The libraries behind the checks (SQLAlchemy, requests, slack_sdk) are this command's alone.
    from fannel.ops.doctor import diagnose, misconfigured  # noqa: PLC0415

    try:
        settings = config.load()
    except ConfigError as error:
        _show(misconfigured(str(error)), as_json=as_json)
        raise typer.Exit(2) from None
    findings = _show(diagnose(settings, os.environ, Path.cwd()), as_json=as_json)
    if any(found.status == "wrong" for found in findings):
        raise typer.Exit(1)


def _show(findings: Iterable[Finding], *, as_json: bool) -> list[Finding]:
    if as_json:
        found = list(findings)
        sys.stdout.write(json_text([asdict(one) for one in found], indent=2) + "\n")
        return found
    show = _line_writer()
    found = []
    for one in findings:
        show(one)
        found.append(one)
    return found


def _line_writer() -> Callable[[Finding], None]:
    from rich.console import Console  # noqa: PLC0415  (only where a person looks)
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    marks = {"ok": "+", "warning": "!", "wrong": "x"} if console.options.ascii_only else _MARKS

    def show(found: Finding) -> None:
        line = Text(f"{marks[found.status]} ", style=_STYLES[found.status])
        line.append(f"{found.name:<{_NAME_WIDTH}} ", style="bold")
        line.append(_one_line(found.finding), style="default")
        if found.remedy:
            line.append(f"  → {_one_line(found.remedy)}", style="cyan")
        console.print(line, soft_wrap=True)

    return show


_MARKS = {"ok": "✓", "warning": "!", "wrong": "✗"}
_STYLES = {"ok": "green", "warning": "yellow", "wrong": "bold red"}


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
