"""Log lines to standard error: for people on a terminal, JSON otherwise. No payloads, no secrets.

    event ─▶ lean: values cut short, octets named by their number ─▶ limit: the same text some times a minute
          ─▶ rendered ─▶ written, unless whoever should read standard error does not

Saying something never raises, and never waits long.
"""

from __future__ import annotations

import atexit
import logging
import sys
from typing import Any


class Logger:
    """A structlog logger that costs nothing until it says something: playbooks start often and log rarely."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:  # noqa: ANN401  (debug, info, warning, error, exception)
        import structlog  # noqa: PLC0415  (a tenth of a CPU-second, most of it for pretty tracebacks)

        return getattr(structlog.get_logger(self._name), method)


def configure() -> None:
    """Set structlog up, once per process; an application that configured it before is left alone."""
    import structlog  # noqa: PLC0415

    from fannel.logs.lean import lean  # noqa: PLC0415
    from fannel.logs.limit import LineLimit  # noqa: PLC0415
    from fannel.logs.lines import LimitedLines, Lines  # noqa: PLC0415

    if structlog.is_configured():
        return
    pretty = sys.stderr.isatty()
    render = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    limited = LimitedLines(LineLimit(), render)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            lean,
            limited,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=Lines,
    )
    atexit.register(limited.tell_left_out)
