"""`fannel run`: ansible-rulebook with rulebook, inventory and environment set right.

All options of ansible-rulebook pass through; what is given wins over what FANNEL would choose.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fannel import collection, config
from fannel.cli.environment import environment

if TYPE_CHECKING:
    from collections.abc import Sequence


PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
RULEBOOK = "fannel.network.network_alerts"
# A playbook is about two CPU-seconds; more of them at once make every one of them late.
MAX_CONCURRENT_ACTIONS = 10
ASK_AGAIN_AFTER_S = 5.0
# Every event is written to the audit queue unless told otherwise; nobody reads that queue here.
_DEFAULTS = ("--skip-audit-events",)


def run(context: typer.Context) -> None:
    """Start ansible-rulebook with the shipped rulebook and pagoda's inventory; its own options pass through.

    Without PAGODA_URL the embedded lab network stands in for pagoda.
    """
    settings = config.load()
    env = environment(settings, os.environ)
    arguments = command(context.args)
    if settings.pagoda.url is not None:
        os.execve(arguments[0], arguments, env)  # noqa: S606  (become it: signals and exit status are its own)
    with ExitStack() as stack:
        sys.exit(_wait_for(arguments, env | _embedded_pagoda(stack)))


def command(options: Sequence[str]) -> list[str]:
    """The command line of ansible-rulebook: what FANNEL chooses, unless `options` say otherwise."""
    program = str(Path(sysconfig.get_path("scripts")) / "ansible-rulebook")
    chosen: list[str] = []
    if not _given(options, "-r", "--rulebook"):
        local = Path("rulebooks/network_alerts.yml")
        chosen += ["--rulebook", str(local) if local.exists() else RULEBOOK]
    if not _given(options, "-i", "--inventory"):
        local = Path("inventory/pagoda.yml")
        chosen += ["--inventory", str(local if local.exists() else collection.root() / "inventory" / "pagoda.yml")]
    if not _given(options, "-m", "--max-concurrent-actions"):
        chosen += ["--max-concurrent-actions", str(MAX_CONCURRENT_ACTIONS)]
    return [program, *chosen, *(flag for flag in _DEFAULTS if flag not in options), *options]


def _given(options: Sequence[str], short: str, long: str) -> bool:
    return any(
        option == long or option.startswith(f"{long}=") or (option.startswith(short) and not option.startswith("--"))
        for option in options
    )


def _embedded_pagoda(stack: ExitStack) -> dict[str, str]:
    from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn  # noqa: PLC0415  (only without a real pagoda)

    pagoda = PagodaStandIn()
    url = pagoda.start()
    stack.callback(pagoda.stop)
    typer.echo(f"fannel: PAGODA_URL is not set: the embedded lab network stands in for pagoda at {url}", err=True)
    # Its list is not kept: the next start has another lab, and a real pagoda must never fall back on this one.
    return {"PAGODA_URL": url, "PAGODA_TOKEN": LAB_TOKEN, "FANNEL_PAGODA__CACHE_FILE": ""}


def _wait_for(arguments: Sequence[str], env: dict[str, str]) -> int:
    """Run to the end; asked to stop, pass that on until the child has ended, so that it shuts its sources down.

    Once is not always enough: ansible-rulebook turns a signal into a KeyboardInterrupt wherever it happens to be, and
    one raised inside a callback is swallowed.
    """
    asked: list[tuple[int, float]] = []

    def ask(number: int, _frame: object) -> None:
        asked.append((number, time.monotonic() - ASK_AGAIN_AFTER_S))

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    child = subprocess.Popen(arguments, env=env, process_group=0)  # noqa: S603  (our own program and user)
    while True:
        try:
            return child.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            if asked and time.monotonic() - asked[-1][1] >= ASK_AGAIN_AFTER_S:
                last = asked[-1][0]
                child.send_signal(last)
                asked.append((last, time.monotonic()))
