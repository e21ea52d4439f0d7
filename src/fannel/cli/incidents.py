"""`fannel incidents …`: the cases, each with everything that is on record of it; and a person's word on them."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from fannel.cli import stored
from fannel.cli.stored import HostGlob, Json, KindGlob, Limit, Since, Until  # noqa: TC001  (Typer reads them)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.person import Outcome, Person

app = typer.Typer(help="The faults, one case each.", no_args_is_help=True)

# A fault that was raised more often has its whole log under `fannel events list --incident`.
_EVENTS_SHOWN = 500

_Ids = Annotated[list[str], typer.Argument(metavar="ID…")]
_Why = Annotated[str | None, typer.Option("--why", metavar="TEXT", help="The reason, for history and thread.")]
_By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who you are; your login name unless told.")]


@app.callback()
def _group() -> None:
    """The faults, one case each."""


@app.command("list")
def list_incidents(
    since: Since = None,
    until: Until = None,
    host: HostGlob = "*",
    kind: KindGlob = "*",
    over: Annotated[bool, typer.Option("--all", "-a", help="Those that are over, too.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """The newest incidents that match, oldest first: what is not resolved, or (--all) everything. Times: opened."""
    from fannel.cli import timeline  # noqa: PLC0415  (only for these commands)
    from fannel.incidents.store.reading import Span  # noqa: PLC0415

    with stored.stored() as opened:
        span = Span(opened.time(since, "--since"), opened.time(until, "--until"))
        found = opened.store.log.incidents(span, host=host, problem=kind, over=over, limit=limit)
        if as_json:
            stored.write_json({"incidents": [timeline.case_json(one) for one in found]})
            return
        stored.write(timeline.case_line(one, opened.zone) for one in found)
        if len(found) == limit:
            typer.echo(f"fannel: the newest {limit}; --limit shows more", err=True)


@app.command("show")
def show(
    incident_id: Annotated[str, typer.Argument(metavar="ID")],
    outputs: Annotated[bool, typer.Option("--outputs", help="What the commands printed, too.")] = False,
    as_json: Json = False,
) -> None:
    """One incident as a timeline: what was observed, changed, done and posted; exit status 1 if there is none."""
    from fannel.cli import timeline  # noqa: PLC0415  (only for these commands)
    from fannel.incidents.store.reading import Span  # noqa: PLC0415

    with stored.stored() as opened:
        store, wanted = opened.store, incident_id.upper()
        incident = store.incident(wanted)
        if incident is None:
            stored.fail(_unknown(incident_id))
        story = timeline.Story(
            incident=incident,
            thread=store.thread(wanted),
            events=store.log.events(Span(), incident_id=wanted, limit=_EVENTS_SHOWN),
            event_count=store.log.count_events(wanted),
            history=store.history(wanted),
            activities=store.activities.of_incident(wanted),
            posts=store.log.posts(wanted),
            consequences=store.log.consequences(wanted),
        )
        if as_json:
            stored.write_json(timeline.story_json(story, outputs=outputs))
        else:
            stored.write(timeline.timeline(story, opened.zone, outputs=outputs))


@app.command("ack")
def acknowledge(ids: _Ids, why: _Why = None, by: _By = None) -> None:
    """Say that you have it: its repeats ask no rule any more, and its thread says so. Exit status 1 if one is unknown
    or over.
    """
    failed = False
    with stored.stored() as opened:
        person = _person(opened, by)
        for wanted in map(str.upper, ids):
            found = _outcome(person.acknowledge, wanted, why, opened.now)
            if found is None:
                failed = True
            elif found.incident.over:
                stored.complain(f"{wanted} is {found.incident.state}: there is nothing to acknowledge")
                failed = True
            else:
                already = "" if found.changed else " already"
                stored.say(f"{wanted} acknowledged by {found.incident.acknowledged_by}{already}")
    if failed:
        raise typer.Exit(1)


@app.command("resolve")
def resolve(ids: _Ids, why: _Why = None, by: _By = None) -> None:
    """Say that it is over, whatever the devices say; its thread says so, too. Exit status 1 if one is unknown or was
    raised just now.
    """
    failed = False
    with stored.stored() as opened:
        person = _person(opened, by)
        for wanted in map(str.upper, ids):
            found = _outcome(person.resolve, wanted, why, opened.now)
            if found is None:
                failed = True
            elif not found.incident.over:
                stored.complain(f"{wanted} was raised again just now: it stays open")
                failed = True
            else:
                stored.say(f"{wanted} resolved{'' if found.changed else ' already'}")
    if failed:
        raise typer.Exit(1)


def _person(opened: stored.Stored, by: str | None) -> Person:
    from fannel.person import Person  # noqa: PLC0415  (only for these commands)

    name = by or _login_name()
    return Person(opened.settings, opened.store, name=name or "cli", who=f"cli:{name}" if name else "cli")


def _login_name() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return None


def _outcome(
    say: Callable[[str, str | None, datetime], Outcome], incident_id: str, why: str | None, now: datetime
) -> Outcome | None:
    """What became of it, or a complaint that there is no such incident."""
    from fannel.incidents.store.about import NoIncidentError  # noqa: PLC0415  (only for these commands)

    try:
        return say(incident_id, why, now)
    except NoIncidentError:
        stored.complain(_unknown(incident_id))
        return None


def _unknown(incident_id: str) -> str:
    return f"incident {incident_id} is not in the database (or not any more: log.keep_days)"
