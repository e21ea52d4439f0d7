"""`fannel check run`: one check on one device, for real, through ansible-runner; nothing is posted or recorded.

Exit status: 0 the fault is over or expected (`cleared`, `expected`), 1 it is there (`confirmed`), 3 the check cannot
tell, because the device did not answer for example (`inconclusive`), 2 nothing was run: no such host, no such check, a
subject that may not enter its commands.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from fannel import collection, config
from fannel.cli.environment import environment
from fannel.cli.judge import STATUS, WRONG, Interface, Subject
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fannel.config import Settings
    from fannel.ops.playbook import Ran

app = typer.Typer(help="A check on a device, by hand.", no_args_is_help=True)

_NO_HOST = re.compile(r"leaves us with no hosts to target|Could not match supplied host pattern|no hosts matched")
# Slack's have no business here; nobody else needs to be able to read them in a run's environment.
_NOT_FOR_IT = ("SLACK_",)


@app.callback()
def _group() -> None:
    """A check on a device, by hand."""


@app.command("run")
def run(
    host: Annotated[str, typer.Argument(metavar="HOST", help="A device, as the inventory names it.")],
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help="For example interface_down.")],
    subject: Subject = "",
    interface: Interface = None,
    inventory: Annotated[
        Path | None,
        typer.Option("--inventory", "-i", metavar="PATH", help="Instead of pagoda's, which `fannel run` takes, too."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FOLDER", help="Keep what each command printed there, a file each."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with what the commands printed.")] = False,
) -> None:
    """Log in to a device, run one check and judge. Nothing is posted, no incident changes.

    Exit status 0 cleared or expected, 1 confirmed, 3 inconclusive (the device did not answer, say), 2 nothing was run.
    It waits while FANNEL itself is logged in to that device.
    """
    settings = config.load()
    variables = _variables(settings, host, problem, subject, interface)
    ran = _ran(settings, host, variables, inventory)
    found = ran.result_of("fannel.network.check", "found")
    if found is None:
        _complain(ran, host)
    if save is not None:
        _save(found, save)
    if as_json:
        sys.stdout.write(json_text(found, indent=2) + "\n")
    else:
        for line in _lines(found):
            typer.echo(printable(line))
    raise typer.Exit(STATUS[found["verdict"]["outcome"]])


def _variables(settings: Settings, host: str, problem: str, subject: str, interface: str | None) -> dict[str, str]:
    """What the playbook is told; a mistake that shows without an inventory ends the command."""
    from fannel.checks.find import Checks  # noqa: PLC0415  (Jinja2 and more that others need not load)
    from fannel.host_name import is_host_name  # noqa: PLC0415
    from fannel.one_check import Asked, CannotCheckError, known_problem, plain  # noqa: PLC0415

    if not is_host_name(host):
        _wrong(f"{host!r:.80} is not the name of one host")
    try:
        known_problem(Checks.beside(settings.checks.path), problem)
        plain(Asked(host, problem, subject, interface))
    except CannotCheckError as error:
        _wrong(str(error))
    given = {"host": host, "problem": problem, "subject": subject or None, "interface": interface}
    return {f"fannel_{name}": value for name, value in given.items() if value is not None}


def _ran(settings: Settings, host: str, variables: Mapping[str, str], inventory: Path | None) -> Ran:
    from fannel.ops.playbook import PlaybookError, run_playbook  # noqa: PLC0415  (only for this command)

    # What a run leaves behind is in its folder, which goes with it however it ends.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    env = {name: value for name, value in environment(settings, os.environ).items() if not name.startswith(_NOT_FOR_IT)}
    program = Path(sysconfig.get_path("scripts")) / "ansible-runner"
    try:
        return run_playbook(
            collection.root() / "playbooks" / "check.yml",
            program=program,
            inventory=_inventory(settings, inventory),
            host=host,
            variables=variables,
            environ=env,
        )
    except PlaybookError as error:
        _wrong(str(error))
    except KeyboardInterrupt:
        _wrong("stopped")


def _inventory(settings: Settings, given: Path | None) -> Path:
    if given is not None:
        if not given.exists():
            _wrong(f"--inventory {given}: there is no such file or folder")
        return given.resolve()
    if settings.pagoda.url is None:
        _wrong("PAGODA_URL is not set: set it, or say where the hosts are with --inventory PATH")
    local = Path("inventory/pagoda.yml")
    return (local if local.exists() else collection.root() / local).resolve()


def _complain(ran: Ran, host: str) -> NoReturn:
    """Why there is no verdict."""
    from fannel.checks.redact import redact  # noqa: PLC0415

    if ran.failure is not None:
        _wrong(redact(ran.failure))
    if ran.unparsed is not None:
        _wrong(f"the inventory cannot be read: {redact(ran.unparsed)}")
    if _NO_HOST.search(ran.said):
        _wrong(f"the inventory has no host {host!r}: write it as pagoda does, with its domain")
    _wrong(f"the playbook ended without a verdict: {redact(ran.said)[-500:].strip() or 'it said nothing'}")


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    verdict = found["verdict"]
    weight = f" ({verdict['severity']})" if "severity" in verdict else ""
    yield " ".join(filter(None, (found["host"], f"({found['os']})", found["problem"], found["subject"].get("name"))))
    yield f"{verdict['outcome']}{weight}: {verdict['reason']}"
    for line in verdict["evidence"]:
        yield f"  {line}"
    if found["waited"]:
        yield found["waited"]
    if verdict["facts"]:
        yield "facts"
        for name, value in verdict["facts"].items():
            yield f"  {name}: {value if isinstance(value, str) else json_text(value)}"
    if found["outputs"]:
        yield "commands"
        for output in found["outputs"]:
            yield f"  {output['command']}  ({len(output['text'].splitlines())} lines, {output['took_s']:.1f} s)"
    login = found["login"]
    user, port = f"{login['user']}@" if "user" in login else "", f" port {login['port']}" if "port" in login else ""
    yield f"login {user}{login.get('host', found['host'])}{port}"
    yield f"check {found['check']}"


def _save(found: Mapping[str, Any], folder: Path) -> None:
    """A file for each command, in their order, as `fannel judge` and `fannel new check` take them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, output in enumerate(found["outputs"], start=1):
            name = re.sub(r"[^A-Za-z0-9]+", "-", output["command"]).strip("-")[:60]
            with (folder / f"{number}-{name}.txt").open("x", encoding="utf-8") as file:
                file.write(output["text"])
    except OSError as error:
        typer.echo(f"fannel: --save {error.filename}: {error.strerror}", err=True)


def _wrong(text: str) -> NoReturn:
    typer.echo(f"fannel: {printable(' '.join(text.split()))}", err=True)
    raise typer.Exit(WRONG)
