"""`fannel silence …`: who keeps quiet about what, until when, and why (静観). A request is written as in chat."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from fannel import config
from fannel.cli import stored
from fannel.cli.requests import devices, matched, moment_of, outcomes_of, request, zone_of
from fannel.cli.stored import Json  # noqa: TC001  (Typer reads it)
from fannel.cli.terminal import json_text, printable
from fannel.cli.windows import planned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fannel.cli.stored import Stored
    from fannel.incidents.silence import Silence

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
_Words = Annotated[list[str], typer.Argument(metavar="TEXT…", help="As in chat: 'rt1 Gi0/1 2h card swap'.")]
_Id = Annotated[int, typer.Argument(metavar="ID", min=1)]


@app.callback()
def _group() -> None:
    """What FANNEL keeps quiet about (静観)."""


@app.command("parse")
def parse(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A message as it would stand in chat.")],
    now: _Now = None,
    tz: _Tz = None,
    hosts: _Hosts = None,
    as_json: Json = False,
) -> None:
    """Say what a message would be understood as, and change nothing; exit status 1 if it holds no request, or a no."""
    from fannel.slack.grammar import Refusal  # noqa: PLC0415  (only for these commands)
    from fannel.slack.grammar.answer import answer  # noqa: PLC0415

    zone = zone_of(tz)
    outcomes = outcomes_of(text, hosts, moment_of(now, zone), zone)
    if as_json:
        sys.stdout.write(json_text([one.to_json() | {"line": one.line} for one in outcomes], indent=2) + "\n")
    elif not outcomes:
        typer.echo("no request")
    for one in () if as_json else outcomes:
        if isinstance(one, Refusal):
            typer.echo(printable(f"refused: {one.why}\n   meant: {one.closest}"))
        else:
            typer.echo(printable(f"understood: {answer(one, zone)}"))
    if not outcomes or any(isinstance(one, Refusal) for one in outcomes):
        raise typer.Exit(1)


@app.command("add")
def add(
    words: _Words,
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match",
            metavar="MATCHER",
            help="What else must hold: host=rt1, interface~'Gi0/*', kind=~'bgp_.*'; several times: all.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Though it is broad.")] = False,
    tz: _Tz = None,
    hosts: _Hosts = None,
    as_json: Json = False,
) -> None:
    """Keep quiet about something until a moment; exit status 1 if that is not understood, or broad without --yes."""
    from fannel.slack.grammar import Known, change  # noqa: PLC0415  (only for these commands)
    from fannel.slack.grammar.request import Target  # noqa: PLC0415

    with stored.stored() as opened:
        matchers = matched(match, hosts) if match else ()
        about = Target() if matchers else None
        asked = request(f"silence {' '.join(words)}", "silence", hosts, opened, tz, about)
        wanted = change.silence_of(asked, _who(), "cli", matchers)
        limits = config.load().silences
        known = Known(devices(hosts)) if matchers or limits.broad_roles else Known()
        named = change.hosts_in(wanted.scopes, known) if matchers else change.hosts_of(asked)
        why = change.why_broad(wanted, named, opened.now, limits, known)
        if why and not yes:
            stored.fail(f"that is broad: {'; '.join(why)}; --yes if it is meant")
        _tell([opened.store.silences.add(wanted, opened.now)], opened, as_json=as_json)


app.command("planned")(planned)


@app.command("list")
def list_silences(
    everything: Annotated[bool, typer.Option("--all", "-a", help="Those that are over, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """What is silenced, or will be; or (--all) was."""
    with stored.stored() as opened:
        kept = opened.store.silences
        found = kept.listed(limit)[::-1] if everything else kept.current(opened.now)[:limit]
        if not found and not as_json:
            typer.echo("nothing is silenced")
        _tell(found, opened, as_json=as_json)


@app.command("show")
def show(silence_id: _Id, as_json: Json = False) -> None:
    """One silence: who made it what it is, and what came under it."""
    with stored.stored() as opened:
        kept = opened.store.silences
        silence = kept.one(silence_id) or _unknown(silence_id)
        history, account = kept.history(silence_id), opened.store.endings.account(silence_id)
        if as_json:
            came = [
                {"incident": one.incident_id, "fingerprint": one.fingerprint, "state": one.state, "events": one.events}
                for one in account.incidents
            ]
            revisions = [_json(one, opened.now) for one in history]
            shown = {"silence": _json(silence, opened.now), "revisions": revisions}
            stored.write_json(shown | {"events": account.events, "incidents": came})
            return
        stored.write([_line(silence, opened)])
        for one in history:
            when = f"{one.changed_at.astimezone(opened.zone):%Y-%m-%d %H:%M}" if one.changed_at else "?"
            until = f"{one.ends_at.astimezone(opened.zone):%Y-%m-%d %H:%M %Z}"
            typer.echo(printable(f"  {when}  {one.what} by {one.changed_by}, until {until}"))
        typer.echo(f"  {account.events} events came under it" + (":" if account.incidents else ""))
        for came_under in account.incidents:
            counted = f"{came_under.incident_id}  {came_under.fingerprint}  {came_under.state}  ×{came_under.events}"
            typer.echo(printable(f"    {counted}"))


@app.command("extend")
def extend(silence_id: _Id, words: _Words, tz: _Tz = None, as_json: Json = False) -> None:
    """Keep quiet for longer: `extend 7 2h`, `extend 7 until 20:00`."""
    from fannel.slack.grammar.change import later  # noqa: PLC0415  (only for this command)

    with stored.stored() as opened:
        asked = request(f"extend #{silence_id} {' '.join(words)}", "extend", None, opened, tz)
        silence = opened.store.silences.one(silence_id) or _unknown(silence_id)
        limits = config.load().silences
        _change(lambda: [later(silence, asked, _who(), opened.now, limits)], opened, as_json=as_json)


@app.command("expire")
def expire(words: _Words, tz: _Tz = None, hosts: _Hosts = None, as_json: Json = False) -> None:
    """End a silence now: by its number, or of hosts and interfaces as in chat (`expire rt1 Gi0/1`)."""
    from fannel.slack.grammar.change import over  # noqa: PLC0415  (only for this command)

    with stored.stored() as opened:
        kept = opened.store.silences
        if len(words) == 1 and words[0].lstrip("#").isdecimal():
            number = int(words[0].lstrip("#")[:9])
            silence = kept.one(number) or _unknown(number)
            _change(lambda: [silence.expired(_who(), opened.now)], opened, as_json=as_json)
            return
        asked = request(f"resume {' '.join(words)}", "resume", hosts, opened, tz)
        current = kept.current(opened.now)
        _change(lambda: over(asked, current, _who(), opened.now), opened, as_json=as_json)


def _change(changed: Any, opened: Stored, *, as_json: bool) -> None:  # noqa: ANN401  (a callable without arguments)
    from fannel.incidents.silence import SilenceError  # noqa: PLC0415

    try:
        silences = changed()
        opened.store.silences.change(silences)
    except SilenceError as error:
        stored.fail(str(error))
    _tell(silences, opened, as_json=as_json)


def _tell(silences: Sequence[Silence], opened: Stored, *, as_json: bool) -> None:
    if as_json:
        stored.write_json({"silences": [_json(one, opened.now) for one in silences]})
    else:
        stored.write(_line(one, opened) for one in silences)


def _line(silence: Silence, opened: Stored) -> str:
    from fannel.incidents.silence import described  # noqa: PLC0415

    start, end = (f"{at.astimezone(opened.zone):%Y-%m-%d %H:%M %Z}" for at in (silence.starts_at, silence.ends_at))
    reason = f": {silence.reason}" if silence.reason else ""
    origin = "" if silence.author.startswith(silence.origin) else f" [{silence.origin}]"
    state = silence.state(opened.now)
    return printable(
        f"#{silence.id} {state}  {described(silence.scopes)}  {start} – {end}  {silence.author}{origin}{reason}"
    )


def _json(silence: Silence, now: datetime) -> dict[str, Any]:
    return {
        "id": silence.id,
        "state": silence.state(now),
        "scopes": [
            [{"field": one.field, "operator": one.operator, "value": one.value} for one in scope]
            for scope in silence.scopes
        ],
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "author": silence.author,
        "origin": silence.origin,
        "reason": silence.reason,
        "revision": silence.revision,
        "what": silence.what,
        "changed_by": silence.changed_by,
        "changed_at": silence.changed_at.isoformat() if silence.changed_at else None,
    }


def _unknown(silence_id: int) -> NoReturn:
    stored.fail(f"silence #{silence_id} is not in the database")


def _who() -> str:
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user without a name
        return "cli"
