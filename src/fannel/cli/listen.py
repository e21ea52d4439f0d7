"""`fannel listen`: the listener process, as a service of its own or as the event source's child."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import config, logs
from fannel.cli.child import parent, starting

if TYPE_CHECKING:
    from fannel.config.address import Address
    from fannel.listener.process import Listener
    from fannel.ops.health import HealthServer


def listen(
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="Tell it what was heard; end when standard input does.")
    ] = False,
) -> None:
    """Hear what people say in Slack (Socket Mode) and do it; the event source slack starts this by itself.

    Needs SLACK_APP_TOKEN and SLACK_BOT_TOKEN. SIGTERM ends it. Exit status 2 if something is configured wrongly.
    """
    from fannel.incidents.store import StoreError  # noqa: PLC0415  (SQLAlchemy is slow to load)
    from fannel.intake.listen import ListenError  # noqa: PLC0415
    from fannel.listener.process import Listener  # noqa: PLC0415

    logs.configure()
    rules = parent() if with_parent else None
    with starting(rules, (config.ConfigError, StoreError, ListenError)) as ready, ExitStack() as stack:
        settings = config.load()
        listener = Listener.open(settings, rules, stack)
        if settings.health.listener is not None:
            page = _page(settings.health.listener, listener)
            page.start()
            stack.callback(page.close)
        for number in (signal.SIGTERM, *(() if with_parent else (signal.SIGINT,))):
            signal.signal(number, lambda *_: listener.stop())
        if with_parent:
            threading.Thread(target=_until_parent_ends, args=(listener,), daemon=True).start()
        ready()
        listener.run()


def _until_parent_ends(listener: Listener) -> None:
    # A pipe that ends tells of a parent's death however it died.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    listener.stop()


def _page(address: Address, listener: Listener) -> HealthServer:
    """Where it says how it is, bound. Raises ListenError."""
    # prometheus_client takes its time to load.
    from fannel.ops import metrics  # noqa: PLC0415
    from fannel.ops.health import HealthServer  # noqa: PLC0415

    gauges = [metrics.inbox_gauge(listener.waiting_s)]
    registry = metrics.registry(listener.snapshot, metrics.LISTENER, gauges=gauges, vitals=listener.ready)
    page = HealthServer(
        address, live=listener.alive, ready=listener.ready, registry=registry, setting="health.listener"
    )
    page.bind()
    return page
