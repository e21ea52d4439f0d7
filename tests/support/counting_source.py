"""An event source that puts distinct faults to the rules as fast as they take them, and notes each in a file."""

import asyncio
from dataclasses import replace
from pathlib import Path

from events import event


async def main(queue, args):
    """Put `faults` events; `log` gets a line `put` for each that was taken."""
    with Path(args["log"]).open("a", buffering=1) as log:  # noqa: ASYNC230  (a line at a time, in a test)
        for number in range(args["faults"]):
            one = replace(event(host=f"rt{number}.example.net"), incident={"id": f"A-{number}", "state": "new"})
            await queue.put(one.to_queue())
            log.write("put\n")
    await asyncio.sleep(3600)
