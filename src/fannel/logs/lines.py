"""Where log lines go: limited, rendered, then to standard error, for as long as somebody reads it.

A full pipe makes a writer wait, and whoever waits here is a receiver or an event loop. So it is waited for once, and
briefly; after that lines are left out until there is room again, and then it is said how many. What remains: another
process that fills a pipe we share, between our look and our writing, makes us wait until somebody reads.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from fannel.logs.limit import LeftOut, LineLimit

PATIENCE_S = 0.25
# What a pipe that can be written takes at once (pipe(7)).
_CHUNK = select.PIPE_BUF
# How much longer to wait for the rest of a line that was begun: half a line is no JSON.
_PATIENCE_WITHIN_S = 0.05


class LimitedLines:
    """A structlog processor, the last one: DropEvent for one line too many, else what is to be written."""

    def __init__(
        self,
        limit: LineLimit,
        render: Callable[[object, str, MutableMapping[str, Any]], str | bytes],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._render, self._clock = limit, render, clock
        # May be entered again by a signal handler that has something to say.
        self._lock = threading.RLock()

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:  # noqa: ANN401
        """Render the line, behind those about what was left out before."""
        name, text = getattr(logger, "name", ""), str(event.get("event", ""))
        now = self._clock()
        with self._lock:
            told = self._limit.over(now)
            more = self._limit.allows(name, text, now)
        if not more and not told:
            raise structlog.DropEvent
        lines = [self._left_out(one) for one in told]
        if more == 1:
            event["more_like_this"] = f"left out for up to {self._limit.window_s:g} s"
        if more:
            lines.append(self._rendered(method, event))
        return "\n".join(lines)

    def tell_left_out(self) -> None:
        """Write what was left out and not said yet: the process ends."""
        with self._lock:
            told = self._limit.all()
        if told:
            Lines().info("\n".join(map(self._left_out, told)))

    def _left_out(self, one: LeftOut) -> str:
        about = {"level": "warning", "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z")}
        return self._rendered(
            "warning", {"event": "lines were left out", "like": one.event, "lines": one.lines, **about}
        )

    def _rendered(self, method: str, event: MutableMapping[str, Any]) -> str:
        text = str(event.get("event", ""))
        try:
            line = self._render(None, method, event)
        except Exception as error:  # noqa: BLE001  (to log must never be what fails)
            said = {"event": "a line that could not be written", "error": type(error).__name__, "of": text}
            line = json.dumps(said)
        return line if isinstance(line, str) else line.decode("utf-8", "backslashreplace")


class Lines:
    """What structlog calls a logger: it writes the line it is given. Standard error is looked up at each use."""

    # Of the process, as standard error is.
    _lock = threading.RLock()
    _stuck = False
    _torn = False
    _lost = 0

    def __init__(self, name: str = "", *_: object) -> None:
        self.name = name

    def msg(self, line: str) -> None:
        """Write it, or not: never raises, and waits a quarter of a second at most."""
        with Lines._lock:
            try:
                self._write(line)
            except (OSError, ValueError):
                # Nobody reads standard error any more, or it is closed.
                Lines._lost += 1

    debug = info = warning = error = critical = exception = fatal = log = failure = err = warn = msg

    @staticmethod
    def _write(line: str) -> None:
        try:
            descriptor = sys.stderr.fileno()
        except (AttributeError, OSError, ValueError):
            # Something that stands in for it.
            if sys.stderr is not None:
                sys.stderr.write(line + "\n")
            return
        if not _can_be_written(descriptor, 0 if Lines._stuck else PATIENCE_S):
            Lines._stuck, Lines._lost = True, Lines._lost + 1
            return
        lost, Lines._lost, Lines._stuck = Lines._lost, 0, False
        if lost:
            said = {"event": "standard error was not read: lines are missing", "lines": lost}
            line = f"{json.dumps(said)}\n{line}"
        if Lines._torn:
            line, Lines._torn = f"\n{line}", False
        sys.stderr.flush()
        rest = memoryview((line + "\n").encode("utf-8", "backslashreplace"))
        while rest:
            if not _can_be_written(descriptor, _PATIENCE_WITHIN_S):
                Lines._stuck, Lines._torn, Lines._lost = True, True, Lines._lost + 1
                return
            rest = rest[os.write(descriptor, rest[:_CHUNK]) :]


def _can_be_written(descriptor: int, patience_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    # POLLERR and POLLHUP count as well: writing then fails at once, and says so.
    return bool(poll.poll(patience_s * 1000))
