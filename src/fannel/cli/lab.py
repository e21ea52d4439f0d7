"""`fannel lab …`: the stand-ins, each alone, and the hands that pull cables in them."""

from __future__ import annotations

import asyncio
import signal
import urllib.error
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fannel.lab.slack.server import SlackStandIn

app = typer.Typer(help="Stand-ins for devices, pagoda and Slack (needs the lab extra).", no_args_is_help=True)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")]
Control = Annotated[str, typer.Option("--control", help="The URL `fannel lab devices` or `fannel demo` printed.")]


@app.command()
def devices(
    port: Annotated[int, typer.Option(help="SSH port on every device's address; 0 takes a free one.")] = 10022,
    control_port: Annotated[int, typer.Option(help="Port of the control URL; 0 takes a free one.")] = 10023,
    traps_to: Annotated[str, typer.Option(help="HOST:PORT the devices send their traps to.")] = "127.0.0.1:10162",
    syslog_to: Annotated[str, typer.Option(help="HOST:PORT the devices send their syslog to.")] = "127.0.0.1:5514",
) -> None:
    """Routers over SSH, each on its own loopback address; `fannel lab cut` and friends change them."""
    from fannel.lab.devices.control import LabControl  # noqa: PLC0415
    from fannel.lab.devices.lab import ENABLE_PASSWORD, PASSWORD, USER, LabDevices  # noqa: PLC0415

    with LabDevices() as lab:
        ssh_port = lab.start(port)
        with LabControl(lab, trap_target=_address(traps_to), syslog_target=_address(syslog_to)) as control:
            url = control.start(control_port)
            for device in lab.plant.devices.values():
                typer.echo(f"{device.name:26} {device.os:6} ssh -p {ssh_port} {USER}@{device.address}")
            typer.echo(f"password {PASSWORD}, enable {ENABLE_PASSWORD}; traps go to {traps_to}, syslog to {syslog_to}")
            typer.echo(f"control {url}, so: fannel lab cut rt-tyo-01.example.net GigabitEthernet0/1 --control {url}")
            _until_interrupted()


@app.command()
def pagoda(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    data: Annotated[str | None, typer.Option(help="YAML file of devices; the lab network unless told.")] = None,
    devices: Annotated[int | None, typer.Option(help="Make up so many devices instead.")] = None,
    interfaces: Annotated[int, typer.Option(help="With --devices: interfaces of each.")] = 4,
) -> None:
    """A pagoda that answers what FANNEL asks, from a YAML file."""
    from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn  # noqa: PLC0415
    from fannel.lab.pagoda.large import large_network  # noqa: PLC0415

    try:
        stand_in = PagodaStandIn(data if devices is None else large_network(devices, interfaces=interfaces))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    url = stand_in.start(host, port)
    typer.echo(f"PAGODA_URL={url} PAGODA_TOKEN={LAB_TOKEN}")
    _until_interrupted()
    stand_in.stop()


@app.command()
def slack(
    host: Host = "127.0.0.1",
    port: Port = 8081,
    rate_limits: Annotated[bool, typer.Option(help="Answer 429 as Slack would.")] = True,
    timezone: Annotated[str, typer.Option(help="The reader's time zone on the page.")] = "UTC",
) -> None:
    """A Slack workspace with its Web API; the page at / shows the threads as a phone would."""
    from fannel.lab.slack.server import APP_TOKEN, BOT_TOKEN, serve  # noqa: PLC0415

    def ready(stand_in: SlackStandIn) -> None:
        typer.echo(f"SLACK_BOT_TOKEN={BOT_TOKEN} SLACK_APP_TOKEN={APP_TOKEN} FANNEL_SLACK__API_URL={stand_in.api_url}")
        typer.echo(f"threads: {stand_in.workspace.base_url}/")

    try:
        asyncio.run(serve(host, port, rate_limits=rate_limits, timezone=timezone, ready=ready))
    except KeyboardInterrupt:
        return


@app.command()
def cut(host: str, interface: str, control: Control = "http://127.0.0.1:10023") -> None:
    """Pull a cable: both ends go down, and say so by trap and syslog."""
    _act(control, host, "cut", interface)


@app.command()
def restore(host: str, interface: str, control: Control = "http://127.0.0.1:10023") -> None:
    """Plug the cable in again and take back a shutdown."""
    _act(control, host, "restore", interface)


@app.command()
def shutdown(host: str, interface: str, control: Control = "http://127.0.0.1:10023") -> None:
    """Shut an interface down as an operator would."""
    _act(control, host, "shutdown", interface)


@app.command()
def session(
    action: Annotated[str, typer.Argument(help="lose-bgp, shut-bgp, find-bgp, lose-ospf, find-ospf, or dim.")],
    host: str,
    interface: str,
    control: Control = "http://127.0.0.1:10023",
) -> None:
    """Lose or find the neighbour at the other end of a port, or dim its light, while the port stays up."""
    _act(control, host, action, interface)


def _act(control: str, host: str, action: str, interface: str) -> None:
    from fannel.lab.devices.control import ask  # noqa: PLC0415

    try:
        changes = ask(control, host, action, interface)
    except urllib.error.HTTPError as error:
        typer.echo(f"fannel: {error.read().decode(errors='replace')}", err=True)
        raise typer.Exit(1) from None
    except (urllib.error.URLError, ValueError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        typer.echo(f"fannel: {control}: {reason}: is `fannel lab devices` running?", err=True)
        raise typer.Exit(1) from None
    for change in changes:
        typer.echo(f"{change['device']} {change['name']} is {'up' if change['up'] else 'down'}")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise typer.BadParameter(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _until_interrupted() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        return
