"""`fannel observe`: the observer, as the event source starts it. Not for people: events go out, answers come in."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fannel import config, logs
from fannel.cli.child import parent, starting

if TYPE_CHECKING:
    from fannel.config.address import Address
    from fannel.observer.process import Observer
    from fannel.ops.health import HealthServer


def observe() -> None:
    """Read the spool and put its events to the event source that started this (it does so by itself)."""
    from fannel.incidents.store import StoreError  # noqa: PLC0415  (SQLAlchemy is slow to load)
    from fannel.intake.engine_file import EngineFileError  # noqa: PLC0415
    from fannel.intake.listen import ListenError  # noqa: PLC0415
    from fannel.observer.process import Observer  # noqa: PLC0415

    logs.configure()
    rules = parent()
    mistakes = (config.ConfigError, StoreError, EngineFileError, ListenError)
    with starting(rules, mistakes) as ready, ExitStack() as stack:
        settings = config.load()
        observer = Observer.open(settings, rules, sys.stdin.buffer)
        stack.callback(observer.close)
        if settings.health.source is not None:
            # Only now: opening waited for the observer before us, whose port this was.
            page = _page(settings.health.source, observer)
            page.start()
            stack.callback(page.close)
        signal.signal(signal.SIGTERM, lambda *_: observer.stop())
        ready()
        observer.run()


def _page(address: Address, observer: Observer) -> HealthServer:
    """Where it says how it is, bound. Raises ListenError."""
    # prometheus_client takes its time to load.
    from fannel.ops import metrics  # noqa: PLC0415
    from fannel.ops.health import HealthServer  # noqa: PLC0415

    spool, ready = observer.waiting, observer.vitals.ready
    gauges = metrics.spool_gauges(spool.depth, spool.oldest_s, spool.octets)
    if observer.delivery is not None:
        gauges.append(metrics.outbox_gauge(observer.delivery.oldest_s))
    registry = metrics.registry(observer.snapshot, metrics.OBSERVER, gauges=gauges, vitals=ready)
    page = HealthServer(address, live=observer.alive, ready=ready, registry=registry, setting="health.source")
    page.bind()
    return page
