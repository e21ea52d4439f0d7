"""The life of the trap source inside ansible-rulebook: start its children, feed the rules for ever, end all of it.

ansible-rulebook ends *all* sources when one returns or raises, so after the start nothing here ends because something
outside does.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from fannel import config, logs
from fannel.source.child import Child, until_it_ends
from fannel.source.feed import Feed
from fannel.source.options import FEEDBACK_QUEUE, variables

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from fannel.source.feed import EventQueue

log = logs.Logger("fannel.source")


async def run_trap_source(queue: EventQueue, args: Mapping[str, Any]) -> None:
    """Feed notifications to the rules until cancelled.

    Raises:
        ConfigError, StartError: at start only; something is configured wrongly.
    """
    logs.configure()
    options = variables(args)
    settings = config.load(os.environ | options)
    # Playbooks run in a folder of their own: they must find the same database and the same pagoda.
    config.export(settings, os.environ)
    environ = os.environ | options
    feed = Feed(queue, args.get(FEEDBACK_QUEUE))
    children = [Child("observe", environ, feed.serve)]
    if settings.receiver.start:
        children.insert(0, Child("receive", environ, until_it_ends, "--with-parent"))
    try:
        # Together: what one makes for the other (the spool, our SNMPv3 engine), the other waits for.
        await _all({f"starting {child.name}": child.start() for child in children})
        where = (
            ", ".join(map(str, settings.trap.addresses)) if settings.receiver.start else "another process's receiver"
        )
        log.info("listening for traps", on=where, children={child.name: child.pid for child in children})
        work = {f"fannel {child.name}": child.keep() for child in children}
        await _all(work | {"fannel feed": feed.run(), "fannel feedback": feed.take_feedback()})
    finally:
        for child in children:
            child.let_go()
        await asyncio.gather(*(child.stop() for child in children), return_exceptions=True)
        log.info("stopped listening for traps")


async def _all(work: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run all of these, by name; none is left running when one fails or we are cancelled."""
    tasks = [asyncio.create_task(one, name=name) for name, one in work.items()]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
