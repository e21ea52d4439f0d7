"""`fannel events …`: the event log, as it was observed."""

from __future__ import annotations

from typing import Annotated

import typer

from fannel.cli import stored
from fannel.cli.stored import HostGlob, Json, KindGlob, Limit, Since, Until  # noqa: TC001  (Typer reads them)

app = typer.Typer(help="What was observed.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What was observed."""


@app.command("list")
def list_events(
    since: Since = None,
    until: Until = None,
    host: HostGlob = "*",
    kind: KindGlob = "*",
    incident: Annotated[str | None, typer.Option("--incident", metavar="ID", help="Of one incident.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """The newest events that match, oldest first."""
    from fannel.cli import timeline  # noqa: PLC0415  (only for these commands)
    from fannel.incidents.store.reading import Span, TooManyNamesError  # noqa: PLC0415

    with stored.stored() as opened:
        span = Span(opened.time(since, "--since"), opened.time(until, "--until"))
        incident_id = incident.upper() if incident else None
        try:
            found = opened.store.log.events(span, host=host, kind=kind, incident_id=incident_id, limit=limit)
        except TooManyNamesError as error:
            stored.fail(str(error))
        if as_json:
            stored.write_json({"events": [timeline.event_json(one) for one in found]})
            return
        stored.write(timeline.event_line(one, opened.zone) for one in found)
        if len(found) == limit:
            typer.echo(f"fannel: the newest {limit}; --limit shows more", err=True)


@app.command("show")
def show(
    event_id: Annotated[str, typer.Argument(metavar="ID")],
    raw: Annotated[
        bool, typer.Option("--raw", help="The octets it came as, too. A community can be read in them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """One event with its varbinds, and what was decided and done for it; exit status 1 if there is none of that id."""
    from fannel.cli import timeline  # noqa: PLC0415  (only for these commands)

    with stored.stored() as opened:
        found = opened.store.log.event(event_id.upper())
        if found is None:
            stored.fail(f"event {event_id} is not in the log (or not any more: log.keep_days)")
        done = opened.store.activities.of_event(found.id)
        if as_json:
            stored.write_json(timeline.event_json(found, raw=raw, done=done))
            return
        stored.write(timeline.event_page(found, opened.zone, done))
        if raw:
            typer.echo(f"raw          {len(found.raw or b'')} octets")
            stored.write(timeline.hex_lines(found.raw or b""))
