"""`fannel explain`: what FANNEL would make of a trap, a line or a logged event, and which rules would act on it.

Nothing is contacted and nothing recorded: devices come from the list that a running FANNEL keeps, the rules are tried
by ansible-rulebook itself with actions that only say so.
"""

from __future__ import annotations

import os
import sysconfig
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import collection, config
from fannel.cli import stored
from fannel.cli.environment import environment
from fannel.cli.stored import Json  # noqa: TC001  (Typer reads it)
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fannel.config import Settings
    from fannel.directory.directory import Directory
    from fannel.event import Event
    from fannel.incidents.silence import Silence
    from fannel.incidents.store import Store
    from fannel.ops.rule_match import Tried

WRONG = 2


def explain(
    hex_octets: Annotated[str | None, typer.Option("--hex", metavar="HEX", help="A datagram in hex.")] = None,
    line: Annotated[str | None, typer.Option("--syslog", metavar="LINE", help="A syslog line.")] = None,
    event_id: Annotated[str | None, typer.Option("--event-id", metavar="ID", help="An event of the log.")] = None,
    source: Annotated[
        str, typer.Option("--from", metavar="ADDRESS|NAME", help="Who sent it: an address, or a device's name.")
    ] = "0.0.0.0",  # noqa: S104  (an address to show, not one to bind to)
    rulebook: Annotated[
        Path | None,
        typer.Option("--rulebook", metavar="FILE", help="Whose rules; those `fannel run` takes unless told."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what FANNEL makes of an input: kind, host, silence, check, and which rules hold and which do not.

    Exit status 1 where it would be refused, or is not there.
    """
    if sum(given is not None for given in (hex_octets, line, event_id)) != 1:
        stored.complain("give one of --hex, --syslog and --event-id")
        raise typer.Exit(WRONG)
    settings = config.load()
    with stored.stored() as opened:
        if event_id is not None:
            event = _logged(opened.store, event_id)
        else:
            found = _observed(hex_octets, line, source, settings)
            if not hasattr(found, "kind"):
                stored.fail(f"refused ({found.reason}): {found.detail}")
            event = found
        silence = _silence(opened.store, event)
        tried = _tried(_as_rules_see(event, silence), rulebook, settings)
        check = _check(event, settings)
        if as_json:
            stored.write_json(_json(event, silence, check, tried))
        else:
            stored.write(_lines(event, silence, check, tried))


def _observed(hex_octets: str | None, line: str | None, source: str, settings: Settings) -> Any:  # noqa: ANN401
    """The event, or the refusal."""
    from fannel.explanation import Input, observed  # noqa: PLC0415  (only for this command)
    from fannel.intake.datagram import Transport  # noqa: PLC0415
    from fannel.kinds.document import KindsError  # noqa: PLC0415
    from fannel.naming.module import CatalogueError  # noqa: PLC0415

    now = datetime.now(UTC)
    directory = _directory(settings)
    address = _address(directory, source)
    if line is not None:
        given = Input(line.encode("utf-8", "surrogateescape"), address, now, Transport.SYSLOG_UDP)
    else:
        try:
            given = Input(bytes.fromhex((hex_octets or "").replace(":", " ").replace("0x", " ")), address, now)
        except ValueError:
            stored.complain("--hex: not whole octets in hexadecimal")
            raise typer.Exit(WRONG) from None
    try:
        return observed(given, settings, directory)
    except (CatalogueError, KindsError) as error:
        raise config.ConfigError(str(error)) from None


def _directory(settings: Settings) -> Directory:
    from fannel.directory import snapshot  # noqa: PLC0415
    from fannel.directory.directory import Directory  # noqa: PLC0415

    try:
        if settings.pagoda.cache_file is None:
            raise snapshot.NoSnapshot("pagoda.cache_file is empty")
        kept = snapshot.load(settings.pagoda.cache_file, None)
    except snapshot.SnapshotError as error:
        stored.complain(f"no device is known here ({error}): the list comes with the first `fannel run`")
        return Directory((), {})
    return Directory(kept.devices, kept.interfaces)


def _address(directory: Directory, source: str) -> str:
    """An address of the sender: what was given, or the first of the device of that name."""
    device = next((one for one in directory.devices if one.name == source), None)
    if device is not None and device.addresses:
        return device.addresses[0]
    from fannel.directory.directory import address  # noqa: PLC0415

    found = address(source)
    if found is None:
        stored.complain(f"--from {source}: neither an address nor a device of the list")
        raise typer.Exit(WRONG)
    return found


def _logged(store: Store, event_id: str) -> Event:
    from fannel.event import Event  # noqa: PLC0415

    found = store.event_json(event_id.upper())
    if found is None:
        stored.fail(f"event {event_id} is not in the log (or not any more: log.keep_days)")
    return Event.from_json(found)


def _silence(store: Store, event: Event) -> Silence | None:
    from fannel.incidents.silences import Silences  # noqa: PLC0415

    now = datetime.now(UTC)
    return Silences(store.silences.current(now)).of(event, now)


def _as_rules_see(event: Event, silence: Silence | None) -> dict[str, Any]:
    """As if nothing was known of the fault: a raise asks, a clear finds an open incident."""
    incident = event.incident
    if incident is None and event.phase != "info":
        incident = {"id": "A-000000", "state": "new" if event.phase == "raise" else "open"}
    said = None if silence is None else silence.to_event()
    return replace(event, incident=incident, silence=said).to_queue()


def _check(event: Event, settings: Settings) -> Path | None:
    from fannel.explanation import check_of  # noqa: PLC0415

    return check_of(event, settings)


def _tried(event: dict[str, Any], rulebook: Path | None, settings: Settings) -> list[Tried]:
    from fannel.ops.rule_match import RuleMatchError, rules_for  # noqa: PLC0415

    local = Path("rulebooks/network_alerts.yml")
    file = rulebook or (local if local.exists() else collection.root() / local)
    program = Path(sysconfig.get_path("scripts")) / "ansible-rulebook"
    try:
        return rules_for(event, file.resolve(), program, environment(settings, os.environ))
    except RuleMatchError as error:
        stored.fail(str(error))


# --- output -----------------------------------------------------------------------------------------------------


def _lines(event: Event, silence: Silence | None, check: Path | None, tried: list[Tried]) -> Iterator[str]:
    host, subject = event.host, event.subject
    known = host.os or "no OS in pagoda" if host.known else "not known"
    facts = {
        "kind": f"{event.kind} ({event.phase}, {event.severity}), problem {event.problem}",
        "host": f"{host.name} ({known})",
        "subject": " ".join(
            filter(None, (subject.type, subject.name, subject.description and f'"{subject.description}"'))
        ),
        "fingerprint": event.fingerprint,
        "silence": "none" if silence is None else f"{silence.id}: {silence.reason} until {silence.ends_at.isoformat()}",
        "check": str(check) if check is not None else "none",
    }
    for name, value in facts.items():
        yield f"{name:<12} {printable(value)}"
    first = next((number for number, one in enumerate(tried) if one.holds), None)
    yield "rules" if first is not None else "rules        none holds"
    for number, one in enumerate(tried):
        mark = "▶" if number == first else "✓" if one.holds else "·"
        does = f" → {one.action}" if one.holds else ""
        after = ", but the one above comes first" if one.holds and number != first else ""
        yield f"  {mark} {printable(one.name + does + after)}"


def _json(event: Event, silence: Silence | None, check: Path | None, tried: list[Tried]) -> dict[str, Any]:
    return {
        "event": event.to_json(),
        "silence": None if silence is None else silence.to_event(),
        "check": None if check is None else str(check),
        "rules": [asdict(one) for one in tried],
        "acts": next((one.name for one in tried if one.holds), None),
    }
