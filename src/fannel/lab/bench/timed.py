"""An event source of the bench: FANNEL's, or a bare generator of the same events; it notes when each was taken.

ansible-rulebook gives a source a queue of one place, so the time between two `put` is the time the rules took for one,
unless the source was slower. Both kinds are timed by the same code.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.source import EventQueue

# What a folder of sources needs to have, to serve this module under a short name.
PLUGIN = "from fannel.lab.bench.timed import main\n"


class Timed:
    """A queue that notes when each event was taken, and writes a file after the last."""

    def __init__(self, queue: EventQueue, count: int, times: Path, events: Path | None) -> None:
        self._queue = queue
        self._count = count
        self._times, self._events = times, events
        self._taken: list[float] = []
        self._seen: list[dict[str, Any]] = []

    async def put(self, item: dict[str, Any]) -> None:
        """Hand one event over."""
        counted = item.get("via") == "snmp_trap" and item.get("kind") != "canary"
        if counted and self._events is not None:
            self._seen.append({**item, "meta": dict(item.get("meta", {}))})  # the engine adds to the original
        await self._queue.put(item)
        if not counted:
            return
        self._taken.append(time.monotonic())
        if len(self._taken) == self._count:
            if self._events is not None:
                self._events.write_text(json.dumps(self._seen))
            part = self._times.with_suffix(".part")
            part.write_text(json.dumps(self._taken))
            part.rename(self._times)


async def main(queue: EventQueue, args: dict[str, Any]) -> None:
    """Feed the rules: `generator` names the file of events to put, without it FANNEL's own source runs."""
    generator = args.get("generator")
    events = None if generator else Path(args["events"])
    timed = Timed(queue, int(args["count"]), Path(args["times"]), events)
    if generator:
        await _generate(timed, json.loads(Path(generator).read_text()))  # noqa: ASYNC240  (before anything runs)
        return
    from fannel.source import run_source  # noqa: PLC0415  (the generator is to be bare)

    await run_source("snmp_trap", timed, {})


async def _generate(queue: Timed, events: Sequence[dict[str, Any]]) -> None:
    for event in events:
        await queue.put(event)
    await asyncio.Event().wait()  # a source that returns ends ansible-rulebook


def rate(taken: Sequence[float], skip: int) -> float:
    """Events a second after the first `skip`: until then the JVM compiles."""
    return (len(taken) - 1 - skip) / (taken[-1] - taken[skip])
