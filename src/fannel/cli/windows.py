"""`fannel silence planned`: what files and calendars plan, and what of it means nothing here. It changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli import stored
from fannel.cli.stored import Json  # noqa: TC001  (Typer reads it)
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from fannel.incidents.window import Window
    from fannel.windows.gather import Gathered


def planned(
    as_json: Json = False,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="FOLDER", help="Try that folder; else silences.folder.")
    ] = None,
) -> None:
    """What work windows in files and calendars would silence; exit status 1 if one of them cannot be read.

    Reads them as they are now, whether or not FANNEL runs.
    """
    from fannel.windows.gather import sources_of  # noqa: PLC0415  (only for this command)
    from fannel.windows.places import Places  # noqa: PLC0415

    settings = config.load()
    if folder is not None:
        there = {"silences": settings.silences.model_copy(update={"folder": folder.resolve()})}
        settings = settings.model_copy(update=there)
    sources = sources_of(settings)
    if not sources.has_any:
        stored.fail(f"{settings.silences.folder}: no such folder, and no calendar in silences.calendars")
    places = Places(_directory(settings))
    now = datetime.now(UTC)
    sources.fetch(now)
    found = sources.read(now, places)
    if as_json:
        stored.write_json(_json(found))
    else:
        stored.write(_lines(found, settings.site.zone))
    if found.troubles:
        for trouble in found.troubles:
            stored.complain(trouble)
        raise typer.Exit(1)


def _directory(settings: config.Settings) -> Any:  # noqa: ANN401  (fannel.directory is only for this command)
    from fannel.directory import snapshot  # noqa: PLC0415
    from fannel.directory.directory import Directory  # noqa: PLC0415

    kept = settings.pagoda.cache_file
    try:
        loaded = snapshot.load(kept, None) if kept is not None else None
    except snapshot.SnapshotError as error:
        stored.complain(f"{kept}: {error}: hosts and circuits are not looked up")
        loaded = None
    return Directory() if loaded is None else Directory(loaded.devices, loaded.interfaces)


def _lines(found: Gathered, zone: tzinfo) -> Iterator[str]:
    for window in sorted(found.windows, key=lambda one: one.starts_at):
        yield _line(window, zone)
    for left in found.left:
        at = f"{left.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"
        yield printable(f"means nothing: calendar {left.calendar}, {at}, {left.title!r}: {left.why}")
    for note in found.notes:
        yield printable(f"note: {note}")
    if not (found.windows or found.left or found.notes):
        yield "nothing is planned"


def _line(window: Window, zone: tzinfo) -> str:
    from fannel.incidents.silence import described  # noqa: PLC0415

    start, end = (f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}" for at in (window.starts_at, window.ends_at))
    what = described(window.scopes)
    return printable(f"{start} – {end}  {what}  {window.author} [{window.origin}]: {window.reason}")


def _json(found: Gathered) -> dict[str, Any]:
    return {
        "windows": [
            {
                "origin": one.origin,
                "source": one.source,
                "scopes": [[matcher.to_json() for matcher in scope] for scope in one.scopes],
                "starts_at": one.starts_at.isoformat(),
                "ends_at": one.ends_at.isoformat(),
                "reason": one.reason,
                "author": one.author,
            }
            for one in found.windows
        ],
        "left": [
            {"calendar": one.calendar, "title": one.title, "starts_at": one.starts_at.isoformat(), "why": one.why}
            for one in found.left
        ],
        "troubles": found.troubles,
        "notes": found.notes,
    }
