"""`fannel observe`: the observer, as the event source starts it. Not for people: events go out, answers come in."""

from __future__ import annotations

import signal
import sys

from fannel import config, logs
from fannel.cli.child import parent, starting


def observe() -> None:
    """Read the spool and put its events to the event source that started this (it does so by itself)."""
    from fannel.incidents.store import StoreError  # noqa: PLC0415  (SQLAlchemy is slow to load)
    from fannel.intake.engine_file import EngineFileError  # noqa: PLC0415
    from fannel.observer.process import Observer  # noqa: PLC0415

    logs.configure()
    rules = parent()
    with starting(rules, (config.ConfigError, StoreError, EngineFileError)) as ready:
        observer = Observer.open(config.load(), rules, sys.stdin.buffer)
        signal.signal(signal.SIGTERM, lambda *_: observer.stop())
        ready()
        try:
            observer.run()
        finally:
            observer.close()
