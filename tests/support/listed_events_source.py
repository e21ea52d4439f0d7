"""An event source that puts the events it is given, and then waits to be stopped."""

import asyncio


async def main(queue, args):
    """Put `events`, one after the other."""
    for event in args["events"]:
        await queue.put(event)
    await asyncio.Event().wait()
