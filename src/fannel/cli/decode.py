"""`fannel decode`: what FANNEL understands of datagrams, captures and syslog lines, one event as JSON per line.

It touches no network, no database and no settings. The event is shown as it *is*, not neutralised: what a rule would
see differs in braces only. The terminal is safe nevertheless, because whatever is not for reading is printed as a
JSON escape. A datagram that cannot be decoded gives `{"error": …, "offset": …}` in its place, where `offset` is the
octet (from 0) that was wrong, or null.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  (Typer reads annotations when it runs)
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fannel.event import Json

# What every agent is told to send to (RFC 3417 §3.1), and where FANNEL listens without root.
TRAP_PORTS = (162, 10162)
# The largest datagram as hex with separators and prefixes is well within this.
MAX_LINE = 2**19


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
    os: Annotated[
        str | None, typer.Option("--os", metavar="OS", help="Of what sent them: ios, iosxr, nxos, eos, junos, frr, …")
    ] = None,
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
    # The catalogues and their validation are this command's alone.
    from fannel.cli.understand import (  # noqa: PLC0415
        UnreadableError,
        from_capture,
        from_hex,
        from_syslog,
    )

    given: dict[str, Iterator[Iterable[Json]]] = {
        "hexes": ([from_hex(text, os)] for text in hexes or ()),
        "pcaps": (from_capture(path, ports or TRAP_PORTS, os) for path in pcaps or ()),
        "lines": ([from_syslog(line, os)] for line in lines or ()),
    }
    write = _pretty_writer() if pretty else _write_line
    try:
        if hexes or pcaps or lines:
            for name in context.meta[InOrder.ORDER]:
                for understood in next(given[name]) if name in given else ():
                    write(understood)
        else:
            for text in _standard_input():
                write(from_hex(text, os))
    except UnreadableError as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(2) from None


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
