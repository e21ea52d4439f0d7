"""`fannel new kind`: a kinds file and its case, out of an event of the log, a datagram or a line."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli import stored
from fannel.cli.new_files import CaseName, Corpus, Into, only_case_name, only_words, pretty, say_todo, write_all, wrong
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.config import Settings
    from fannel.event import Json
    from fannel.kinds.scaffold import Wanted

Os = Annotated[str | None, typer.Option("--os", metavar="OS", help="Of what sent it: ios, iosxr, nxos, eos, junos, …")]


def new_kind(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What happened: ups_on_battery.")],
    *,
    event_id: Annotated[str | None, typer.Option("--event-id", metavar="ID", help="An event of the log.")] = None,
    hex_octets: Annotated[str | None, typer.Option("--hex", metavar="HEX", help="A datagram in hex.")] = None,
    line: Annotated[str | None, typer.Option("--syslog", metavar="LINE", help="A syslog line.")] = None,
    os: Os = None,
    severity: Annotated[str | None, typer.Option("--severity", metavar="WORD", help="critical … info.")] = None,
    clears: Annotated[
        str | None, typer.Option("--clears", metavar="KIND", help="It is the end of what that kind raises.")
    ] = None,
    informs: Annotated[bool, typer.Option("--informs", help="It neither begins nor ends a fault.")] = False,
    subject: Annotated[str | None, typer.Option("--subject", metavar="TYPE", help="Of what: interface, fan, …")] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What names that: a varbind, or a word of the line.")
    ] = None,
    case: CaseName = "first",
    into: Into = None,
    corpus: Corpus = None,
) -> None:
    """Make a kind and its case out of a trap or a line that FANNEL does not know yet."""
    from fannel.kinds.document import KindsError  # noqa: PLC0415  (the catalogues are for these commands alone)
    from fannel.kinds.scaffold import ScaffoldError, Wanted  # noqa: PLC0415
    from fannel.naming.module import CatalogueError  # noqa: PLC0415
    from fannel.wire.ber import DecodeError  # noqa: PLC0415

    if sum(given is not None for given in (event_id, hex_octets, line)) != 1:
        wrong("give one of --event-id, --hex and --syslog")
    settings = config.load()
    came = _came(event_id, hex_octets, line, os)
    only_words(kind=kind, os=came.os, subject=subject or "device", clears=clears or "device")
    only_case_name(case)
    severities = ("critical", "major", "minor", "warning", "info")
    if severity is not None and severity not in severities:
        wrong(f"--severity {severity}: one of {', '.join(severities)}")
    wanted = Wanted(kind, came.os, subject=subject, name=name)
    wanted = replace(wanted, severity=severity, phase="info" if informs else "raise")  # type: ignore[arg-type]
    try:
        made = _made_kind(settings, wanted, came, clears)
    except (ScaffoldError, KindsError, CatalogueError, DecodeError) as error:
        stored.fail(str(error))
    folder = (corpus or settings.kinds.path.parent / "tests" / "corpus") / came.os / kind / case
    file = (into or settings.kinds.path) / f"{kind}.yml"
    write_all({file: made.text, folder / made.source[0]: made.source[1], folder / "event.json": pretty(made.expected)})
    say_todo(file, made.text)
    said = made.expected
    what = f"{said['subject']['type']} {said['subject'].get('name', '')}".strip()
    typer.echo(printable(f"it is {said['kind']} ({said['phase']}, {said['severity']}) of {what}"))
    for step in _after_kind(said, came.os):
        typer.echo(printable(step))


@dataclass(frozen=True, slots=True)
class _Came:
    """What it is made from, and the OS of what sent it."""

    octets: bytes
    is_line: bool
    os: str


@dataclass(frozen=True, slots=True)
class _Made:
    text: str
    source: tuple[str, str]
    expected: Json


def _came(event_id: str | None, hex_octets: str | None, line: str | None, os: str | None) -> _Came:
    from fannel.wire import proxy  # noqa: PLC0415

    octets, is_line = b"", line is not None
    if event_id is not None:
        with stored.stored() as opened:
            logged = opened.store.log.event(event_id.upper())
        if logged is None:
            stored.fail(f"event {event_id} is not in the log (or not any more: log.keep_days)")
        if not logged.raw:
            stored.fail(f"event {event_id} was not sent by a device: there are no octets to go by")
        is_line, os = logged.event["via"] == "syslog", os or logged.event["host"].get("os")
        if (logged.event.get("trap") or {}).get("version") == "3":
            stored.fail(f"event {event_id} came by SNMPv3, whose octets are no use to others: send it as v2c once")
        # A load balancer's header stands in front in the log, too; it is none of what the device sent.
        octets = proxy.parse(logged.raw).payload if proxy.is_proxied(logged.raw) else logged.raw
    elif line is not None:
        octets = line.encode("utf-8", "surrogateescape")
    else:
        try:
            octets = bytes.fromhex((hex_octets or "").replace(":", " ").replace("0x", " "))
        except ValueError:
            wrong("--hex: not whole octets in hexadecimal")
    if os is None:
        wrong("--os is missing: nobody knows what sent it")
    return _Came(octets, is_line, os)


def _made_kind(settings: Settings, wanted: Wanted, came: _Came, clears: str | None) -> _Made:
    from fannel.kinds import case, scaffold  # noqa: PLC0415
    from fannel.kinds.classify import Kinds  # noqa: PLC0415
    from fannel.kinds.site import catalogues  # noqa: PLC0415
    from fannel.wire import snmp, syslog  # noqa: PLC0415

    names, kinds = catalogues(settings.kinds.path, settings.mibs.path)
    if wanted.kind in kinds.compiled.kinds:
        raise scaffold.ScaffoldError(f"there is a kind {wanted.kind} already: `fannel kinds list`")
    if clears is not None:
        wanted = wanted.clearing(kinds, clears)
    if came.is_line:
        message = syslog.parse(came.octets, received_at=datetime.now(UTC), zone=settings.site.zone)
        _only_unknown(case.of_line(kinds, message, came.os))
        text, source = scaffold.of_line(wanted, message), ("syslog.txt", came.octets.decode("utf-8", "replace") + "\n")
    else:
        octets = scaffold.without_community(came.octets)
        notification = names.name(snmp.decode(octets))
        _only_unknown(case.of_trap(kinds, notification, came.os))
        text, source = scaffold.of_trap(wanted, notification), ("trap.hex", _hex(octets))
    with tempfile.TemporaryDirectory(prefix="fannel-new-") as folder:
        (Path(folder) / f"{wanted.kind}.yml").write_text(text, encoding="utf-8")
        own = [settings.kinds.path] if settings.kinds.path.is_dir() else []
        tried = Kinds.load([*own, Path(folder)], names)
    expected = case.of_line(tried, message, came.os) if came.is_line else case.of_trap(tried, notification, came.os)
    if expected["kind"] != wanted.kind:
        raise scaffold.ScaffoldError(
            f"it is {expected['kind']} already, by an entry that comes first: `fannel explain`"
        )
    return _Made(text, source, expected)


def _only_unknown(said: Json) -> None:
    """An entry of the site's own would take the place of one that is there, unseen."""
    from fannel.kinds.classify import UNKNOWN_SYSLOG, UNKNOWN_TRAP  # noqa: PLC0415
    from fannel.kinds.scaffold import ScaffoldError  # noqa: PLC0415

    if said["kind"] not in (UNKNOWN_SYSLOG, UNKNOWN_TRAP):
        raise ScaffoldError(f"it is {said['kind']} already: `fannel explain` shows what is made of it")


def _after_kind(said: Mapping[str, Any], os: str) -> list[str]:
    if said["phase"] == "clear":
        return ["next: nothing more; its rules are those of what it clears"]
    about = f"{said['problem']} {os} --subject {said['subject'].get('name', 'NAME')!r}"
    return [
        f"next: what ends it, `fannel new kind … --clears {said['kind']}`; what to look at on the device,",
        f"  fannel new check {about} --command 'show …' --output FILE",
        "and a rule in rulebooks/network_alerts.yml: docs/add-an-alert.md",
    ]


def _hex(octets: bytes) -> str:
    digits = octets.hex()
    return "\n".join(digits[at : at + 100] for at in range(0, len(digits), 100)) + "\n"
