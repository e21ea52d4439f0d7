"""`fannel receive`: the receiver process, as a service of its own or as the event source's child."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path  # noqa: TC003  (Typer reads annotations when it runs)
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from fannel import config, logs
from fannel.cli.child import parent, starting
from fannel.config.address import Address, parse

if TYPE_CHECKING:
    from fannel.config import Settings
    from fannel.intake.receiver.receiver import Receiver
    from fannel.ops.check_port import CheckPort
    from fannel.ops.health import HealthServer

log = logs.Logger("fannel.receiver")

# How soon a thread that failed ends the process.
LOOK_EVERY_S = 1.0


def _address(text: str) -> Address:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


_Listen = Annotated[
    list[Address] | None,
    typer.Option("--trap", metavar="ADDR:PORT", parser=_address, help="Where notifications arrive; repeatable."),
]


def receive(
    trap: _Listen = None,
    syslog_udp: Annotated[
        list[Address] | None,
        typer.Option("--syslog-udp", metavar="ADDR:PORT", parser=_address, help="Where syslog arrives; repeatable."),
    ] = None,
    syslog_tcp: Annotated[
        list[Address] | None,
        typer.Option("--syslog-tcp", metavar="ADDR:PORT", parser=_address, help="The same over TCP."),
    ] = None,
    spool: Annotated[Path | None, typer.Option("--spool", metavar="DIR", help="Where the spool is.")] = None,
    http: Annotated[
        Address | None,
        typer.Option(metavar="ADDR:PORT", parser=_address, help="Where to say /livez, /readyz, /metrics."),
    ] = None,
    check: Annotated[
        Address | None,
        typer.Option(metavar="ADDR:PORT", parser=_address, help="A TCP port that is open while it is ready."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Whom to become, started as root.")] = None,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input does.")
    ] = False,
) -> None:
    """Receive notifications into the spool, for `fannel run` to handle: drains sockets, answers informs, counts losses.

    What is not given comes from the settings (trap.listen, syslog.udp, spool.directory, receiver.user). SIGTERM ends it
    when all that has arrived is in the spool. Exit status 2 if something is configured wrongly, 1 if it failed later.
    """
    logs.configure()
    # What the receiver is made of is this command's alone.
    from fannel.intake.answerer import Answerer  # noqa: PLC0415
    from fannel.intake.engine_file import EngineFileError  # noqa: PLC0415
    from fannel.intake.listen import ListenError  # noqa: PLC0415
    from fannel.intake.receiver.privileges import PrivilegeError, become, is_root  # noqa: PLC0415
    from fannel.intake.receiver.receiver import Receiver  # noqa: PLC0415
    from fannel.intake.spool import SpoolError  # noqa: PLC0415

    mistakes = (config.ConfigError, ListenError, PrivilegeError, SpoolError, EngineFileError)
    with starting(parent() if with_parent else None, mistakes) as ready, ExitStack() as stack:
        settings = _over(
            config.load(),
            trap=trap,
            syslog=(syslog_udp, syslog_tcp),
            spool=spool,
            http=http,
            check=check,
            user=user,
        )
        told = stack.enter_context(_Told(with_parent=with_parent))
        receiver = Receiver(settings)
        stack.callback(receiver.stop)
        pages = _bound_pages(settings.health, receiver)
        if settings.receiver.user is not None:
            become(settings.receiver.user)
        elif is_root():
            log.warning("receiving as root", remedy="set receiver.user to somebody who may write the spool")
        answerer = Answerer.open(settings.trap, receiver.counters)
        stack.callback(answerer.close)
        receiver.start(answerer)
        for page in pages:
            page.start()
            stack.callback(page.close)
        # Before the keys go: answers are made until the last datagram is appended.
        stack.callback(receiver.stop)
        ready()
        told.wait(receiver)
        log.info("stopping")
    log.info("stopped", **receiver.counters.as_dict())
    if receiver.failed.is_set():
        raise typer.Exit(1)


def _over(
    settings: Settings,
    *,
    trap: list[Address] | None,
    syslog: tuple[list[Address] | None, list[Address] | None],
    spool: Path | None,
    http: Address | None,
    check: Address | None,
    user: str | None,
) -> Settings:
    """The settings with what the command line says on top."""
    said: dict[str, dict[str, Any]] = {
        "trap": {"listen": tuple(trap) if trap else None},
        "syslog": {key: tuple(to) if to else None for key, to in zip(("udp", "tcp"), syslog, strict=True)},
        "spool": {"directory": spool.resolve() if spool is not None else None},
        "health": {"receiver": http, "check": check},
        "receiver": {"user": user},
    }
    given = {name: {key: value for key, value in keys.items() if value is not None} for name, keys in said.items()}
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=keys) for name, keys in given.items()}
    )


def _bound_pages(health: config.Health, receiver: Receiver) -> list[HealthServer | CheckPort]:
    """Where it says how it is, bound and not yet started. Raises ListenError."""
    from fannel.intake.receiver.receiver import well  # noqa: PLC0415

    pages: list[HealthServer | CheckPort] = []
    if health.receiver is not None:
        # prometheus_client takes its time to load.
        from fannel.ops import metrics  # noqa: PLC0415
        from fannel.ops.health import HealthServer  # noqa: PLC0415

        gauges = metrics.spool_gauges(
            lambda: receiver.gauges().depth, lambda: receiver.gauges().oldest_s, lambda: receiver.gauges().octets
        )
        registry = metrics.registry(receiver.counters.snapshot, metrics.RECEIVER, gauges=gauges, vitals=receiver.vitals)
        pages.append(HealthServer(health.receiver, live=receiver.alive, ready=receiver.vitals, registry=registry))
    if health.check is not None:
        from fannel.ops.check_port import CheckPort  # noqa: PLC0415

        pages.append(CheckPort(health.check, lambda: well(receiver.vitals()), receiver.counters))
    for page in pages:
        page.bind()
    return pages


class _Told:
    """Waits until somebody says that it is over: a signal, or the parent by its end.

    A pipe that ends tells of a parent's death however it died, which no signal does when it was a thread's child.
    """

    def __init__(self, *, with_parent: bool) -> None:
        self._with_parent = with_parent
        self._over = False

    def __enter__(self) -> Self:
        self._wake, waker = socket.socketpair()
        waker.setblocking(False)
        self._waker = waker
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, *(() if self._with_parent else (signal.SIGINT,))):
            signal.signal(number, self._end)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)

    def wait(self, receiver: Receiver) -> None:
        """Until then, or until the receiver has failed."""
        with selectors.PollSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            if self._with_parent:
                selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            while not self._over and not receiver.failed.is_set():
                for key, _ in selector.select(LOOK_EVERY_S):
                    if key.fileobj is self._wake:
                        self._wake.recv(64)
                    elif not os.read(key.fd, 4096):
                        self._over = True

    def _end(self, *_: object) -> None:
        self._over = True
