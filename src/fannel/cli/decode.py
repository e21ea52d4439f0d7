"""`fannel decode`: what FANNEL understands of datagrams, captures and syslog lines, one event as JSON per line.

It touches no network, no database and no settings. The event is shown as it *is*, not neutralised: what a rule would
see differs in braces only. The terminal is safe nevertheless, because whatever is not for reading is printed as a
JSON escape. A datagram that cannot be decoded gives `{"error": …, "offset": …}` in its place, where `offset` is the
octet (from 0) that was wrong, or null.
"""

from __future__ import annotations

import functools
import re
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  (Typer reads annotations when it runs)
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer
from typer.core import TyperCommand

from fannel.cli.terminal import json_text, printable
from fannel.event import Host, Source
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.normalise import syslog_event, trap_event
from fannel.wire import capture, snmp, syslog
from fannel.wire.ber import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from contextlib import AbstractContextManager

    from fannel.event import Json

# Where nothing says who sent it.
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  (an address to show, not one to bind to)
# What every agent is told to send to (RFC 3417 §3.1), and where FANNEL listens without root.
TRAP_PORTS = (162, 10162)
# The largest datagram as hex with separators and prefixes is well within this.
MAX_LINE = 2**19
MAX_DATAGRAM = 65_535

_BETWEEN_OCTETS = re.compile(r"(?<![0-9a-f])0x|[\s:]", re.IGNORECASE)
_NOT_HEX = re.compile(r"[^0-9a-f]", re.IGNORECASE)


class InOrder(TyperCommand):
    """A command that is told, in `context.meta`, in which order its options stood: Click groups them by name."""

    ORDER = "fannel.cli.decode.order"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  (Typer keeps Click's types to itself)
        """Parse as any command does, and note the order."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[self.ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)


def decode(
    context: typer.Context,
    hexes: Annotated[
        list[str] | None, typer.Option("--hex", metavar="HEX", help="A datagram in hex; spaces, colons, 0x are fine.")
    ] = None,
    pcaps: Annotated[
        list[Path] | None,
        typer.Option(
            "--pcap", metavar="FILE", help="A capture (- is standard input): each UDP datagram to a trap port."
        ),
    ] = None,
    lines: Annotated[list[str] | None, typer.Option("--syslog", metavar="LINE", help="A syslog line.")] = None,
    ports: Annotated[
        list[int] | None,
        typer.Option("--port", metavar="PORT", min=1, max=65535, help="Trap port in captures (162 and 10162)."),
    ] = None,
    pretty: Annotated[bool, typer.Option("--pretty", help="Indented, and coloured on a terminal.")] = False,
) -> None:
    """Show what FANNEL understands of datagrams, captures and syslog lines: one event as JSON per line.

    Without --hex, --pcap and --syslog it reads standard input, one datagram in hex per line. Nothing is sent
    anywhere, and no settings are read. A datagram that cannot be decoded gives {"error": …, "offset": …}.
    """
    given: dict[str, Iterator[Iterable[Json]]] = {
        "hexes": ([_from_hex(text)] for text in hexes or ()),
        "pcaps": (_from_capture(path, ports or TRAP_PORTS) for path in pcaps or ()),
        "lines": ([_from_syslog(line)] for line in lines or ()),
    }
    write = _pretty_writer() if pretty else _write_line
    try:
        if hexes or pcaps or lines:
            for name in context.meta[InOrder.ORDER]:
                for understood in next(given[name]) if name in given else ():
                    write(understood)
        else:
            for text in _standard_input():
                write(_from_hex(text))
    except _UnreadableError as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(2) from None


class _UnreadableError(Exception):
    """The input itself cannot be read. The text names it and says why."""


# --- from input to events ---------------------------------------------------------------------------------------


def _from_hex(text: str) -> Json:
    digits = _BETWEEN_OCTETS.sub("", text)
    if (odd := _NOT_HEX.search(digits)) is not None:
        return _error(f"not hexadecimal: {odd[0]!r}")
    if len(digits) % 2:
        return _error(f"{len(digits)} hexadecimal digits do not make whole octets")
    if len(digits) > 2 * MAX_DATAGRAM:
        return _error(f"longer than a UDP datagram can be ({MAX_DATAGRAM} octets)")
    return _from_datagram(bytes.fromhex(digits), UNKNOWN_ADDRESS, datetime.now(UTC))


def _from_capture(path: Path, ports: Collection[int]) -> Iterator[Json]:
    try:
        with _binary(path) as file:
            for datagram in capture.datagrams(file, *ports):
                if datagram.error is not None or datagram.source is None:
                    yield _error(datagram.error or "no source address")
                else:
                    yield _from_datagram(datagram.payload, datagram.source, datagram.time or datetime.now(UTC))
    except OSError as error:
        raise _UnreadableError(f"{path}: {error.strerror}") from None
    except capture.CaptureError as error:
        raise _UnreadableError(f"{path}: {error}") from None


def _binary(path: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb")


def _from_datagram(payload: bytes, source: str, received_at: datetime) -> Json:
    try:
        message = snmp.decode(payload)
    except DecodeError as error:
        return _error(error.reason, error.offset)
    notification = Catalogue.load().name(message)
    event = trap_event(
        message,
        notification,
        _kinds().classify(notification),
        received_at=received_at,
        source=Source(source, agent_address=message.agent_address),
        host=Host(source, known=False),
    )
    return event.to_json()


def _from_syslog(line: str) -> Json:
    received_at = datetime.now(UTC)
    # Nothing says in which zone the device lives: a time without one is taken as UTC.
    message = syslog.parse(line, received_at=received_at, zone=UTC)
    name = message.hostname or UNKNOWN_ADDRESS
    event = syslog_event(message, received_at=received_at, source=Source(UNKNOWN_ADDRESS), host=Host(name, known=False))
    return event.to_json()


def _error(reason: str, offset: int | None = None) -> Json:
    return {"error": reason, "offset": offset}


@functools.cache
def _kinds() -> Kinds:
    return Kinds.load()


def _standard_input() -> Iterator[str]:
    """The lines of standard input that hold anything, each cut where no datagram could be that long."""
    stream = sys.stdin.buffer
    if stream.isatty():
        typer.echo("fannel: one datagram in hex per line; end with Ctrl-D", err=True)
    while line := stream.readline(MAX_LINE):
        rest = line
        while len(rest) == MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE)
        if text := line.decode("utf-8", "replace").strip():
            yield text


# --- output -----------------------------------------------------------------------------------------------------


def _write_line(value: Json) -> None:
    sys.stdout.write(json_text(value) + "\n")
    sys.stdout.flush()  # whoever reads the other end of a pipe wants it now


def _pretty_writer() -> Callable[[Json], None]:
    from rich.console import Console  # noqa: PLC0415  (only where a person looks)
    from rich.highlighter import JSONHighlighter  # noqa: PLC0415

    console, coloured = Console(), JSONHighlighter()

    def write(value: Json) -> None:
        console.print(coloured(json_text(value, indent=2)), soft_wrap=True)

    return write
