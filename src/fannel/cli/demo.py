"""`fannel demo`: a link goes down on a router, FANNEL answers, the link comes back. Every step is seen or it fails."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel

from fannel import config
from fannel.cli import run
from fannel.cli.environment import environment
from fannel.collection import root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fannel.lab.rulebook import RulebookProcess
    from fannel.lab.stage import Stage

HOST, INTERFACE = "rt-tyo-01.example.net", "GigabitEthernet0/3"
START_TIMEOUT_S, STEP_TIMEOUT_S = 120, 45
POLL_S = 0.1


class DemoError(Exception):
    """A step was not seen."""


def demo() -> None:
    """Run the main job on stand-ins and show it. KEEP=1 leaves everything running until Ctrl-C."""
    console = Console(highlight=False)
    # Ended by `kill` or a CI's time limit, it must take its children along as it does on Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fannel-demo-") as folder, ExitStack() as stack:
        try:
            _play(console, stack, Path(folder))
        except DemoError as error:
            console.print(f"[red]✗[/] {escape(str(error))}")
            sys.exit(1)
        except KeyboardInterrupt:
            console.print("stopped")
            sys.exit(130)


def fannel_on(
    stage: Stage, environ: Mapping[str, str], folder: Path, *, inventory: Path | None = None
) -> RulebookProcess:
    """The real ansible-rulebook with the shipped rulebook, pointed at a stage and at nothing else of this machine."""
    from fannel.lab.rulebook import RulebookProcess  # noqa: PLC0415

    clean = {key: value for key, value in environ.items() if not key.startswith(("FANNEL_", "PAGODA_", "SLACK_"))}
    env = clean | stage.environ
    settings = config.load(env, cwd=folder)
    inventory = inventory or root() / "inventory" / "lab"
    arguments = run.command(["--rulebook", run.RULEBOOK, "--inventory", str(inventory)])
    # Unbuffered, so that what it says is seen when it says it.
    return RulebookProcess(arguments, environment(settings, env) | {"PYTHONUNBUFFERED": "1"}, folder)


def _play(console: Console, stack: ExitStack, folder: Path) -> None:
    from fannel.lab.stage import CHANNEL, Stage  # noqa: PLC0415  (the lab is not part of a production install)

    began = time.monotonic()
    stage = stack.enter_context(Stage(folder))
    port = stage.environ["FANNEL_LAB_SSH_PORT"]
    slack_page = stage.slack.workspace.base_url
    _seen(console, "stand-ins are up", began)
    _say(console, f"{len(stage.devices.plant.devices)} routers over SSH, port {port} on 127.0.1.1 and up")
    _say(console, f"pagoda {stage.environ['PAGODA_URL']}")
    _say(console, f"Slack  {slack_page}")

    with console.status("starting ansible-rulebook with fannel.network.network_alerts …"):
        fannel = stack.enter_context(fannel_on(stage, os.environ, folder))
        if not fannel.wait_for("pagoda_loaded", START_TIMEOUT_S):
            raise DemoError(f"ansible-rulebook did not get ready:\n{fannel.output[-3000:]}")
    _seen(console, "FANNEL listens for traps and syslog", began)

    def messages() -> list[dict[str, Any]]:
        return list(stage.slack.workspace.messages[CHANNEL].values())

    console.rule(f"a link goes down: {HOST} {INTERFACE}")
    cut = time.monotonic()
    stage.act(HOST, "cut", INTERFACE)
    _say(console, f"linkDown sent to 127.0.0.1:{stage.trap_port}, %LINK-3-UPDOWN to :{stage.syslog_port}: one incident")
    _wait(console, fannel, "first post in Slack", cut, lambda: len(messages()) >= 1)
    _wait(console, fannel, "logged in, looked, judged", cut, lambda: len(messages()) >= 2)
    _wait(console, fannel, "parent says confirmed", cut, lambda: "confirmed" in messages()[0]["text"])
    _show(console, messages())

    console.rule("the link comes back")
    restored = time.monotonic()
    stage.act(HOST, "restore", INTERFACE)
    _wait(console, fannel, "verified and resolved", restored, lambda: "RECOVERED" in messages()[0]["text"])
    _wait(console, fannel, "the channel heard it", restored, lambda: len(messages()) >= 3)
    _show(console, messages())
    console.print(f"[green]✓[/] every step was seen, {time.monotonic() - began:.0f} s in all")
    _what_next(console, stage, slack_page)


def _wait(console: Console, fannel: RulebookProcess, words: str, since: float, seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STEP_TIMEOUT_S
    with console.status(words):
        while not seen():
            if time.monotonic() > deadline:
                raise DemoError(f"not seen within {STEP_TIMEOUT_S} s: {words}\n{fannel.output[-3000:]}")
            time.sleep(POLL_S)
    _seen(console, words, since)


def _seen(console: Console, words: str, since: float) -> None:
    console.print(f"[green]✓[/] {words} [dim]({time.monotonic() - since:.1f} s)[/]")


def _say(console: Console, words: str) -> None:
    console.print(f"  [dim]{escape(words)}[/]")


def _show(console: Console, messages: list[dict[str, Any]]) -> None:
    """The thread as text; the stand-in's page shows it as a phone would."""
    shown = []
    for message in messages:
        reply = message.get("thread_ts") not in (None, message["ts"])
        shown.append(Padding("\n".join(escape(line) for line in _lines(message)), (0, 0, 0, 4 if reply else 0)))
    console.print(Panel(Group(*shown), title="#alerts", title_align="left"))


def _lines(message: dict[str, Any]) -> list[str]:
    found = [message["text"]]
    for block in message.get("blocks", []):
        if block["type"] == "rich_text":
            for element in block["elements"]:
                if element["type"] == "rich_text_preformatted":
                    found += [f"  │ {line}" for line in "".join(e["text"] for e in element["elements"]).splitlines()]
    return found


def _what_next(console: Console, stage: Stage, slack_page: str) -> None:
    if os.environ.get("KEEP") != "1":
        console.print("try next: [bold]KEEP=1 make demo[/] leaves it running with the thread in your browser,")
        console.print(
            "          [bold]fannel doctor[/] checks this machine; README.md: running it for real", soft_wrap=True
        )
        return
    console.print(
        f"\nrunning until Ctrl-C. Slack: [bold]{slack_page}[/] (write there, press its buttons)", soft_wrap=True
    )
    silence = f'{{"channel": "alerts", "text": "silence {HOST} 1h card swap"}}'
    for line in (
        f"curl -d '{silence}' {slack_page}/_lab/say",
        f"fannel lab cut {HOST} GigabitEthernet0/1 --control {stage.control_url}",
        f"fannel lab restore {HOST} GigabitEthernet0/1 --control {stage.control_url}",
        f"snmptrap -v2c -c public 127.0.0.1:{stage.trap_port} '' 1.3.6.1.6.3.1.1.5.1",
        f"logger --udp --server 127.0.0.1 --port {stage.syslog_port} --priority local7.crit 'something nobody knows'",
        f"ssh -p {stage.environ['FANNEL_LAB_SSH_PORT']} admin@127.0.1.1   # password lab-login-7Q",
    ):
        console.print(f"  {escape(line)}", soft_wrap=True)
    signal.pause()
