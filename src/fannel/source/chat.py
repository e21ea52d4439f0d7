"""The life of the Slack source inside ansible-rulebook: keep the listener running, put what it tells to the rules.

What people ask for is done in the listener, whether or not the rules have time for it. Nothing here ever ends the
source: ansible-rulebook would end the others with it.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import orjson

from fannel import config, logs
from fannel.source.child import Child, StartError
from fannel.source.options import not_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.source.feed import EventQueue

log = logs.Logger("fannel.source")

SOURCE = "fannel.network.slack"


async def run_chat_source(queue: EventQueue, args: Mapping[str, Any]) -> None:
    """Put what is heard in Slack to the rules until cancelled.

    Raises:
        ConfigError: at start only; it is given options, and it has none.
    """
    logs.configure()
    not_options(SOURCE, args)
    if not _is_wanted():
        await asyncio.Event().wait()
    child = Child("listen", os.environ, lambda said, _: _feed(queue, said), "--with-parent")
    try:
        try:
            await child.start()
        except (config.ConfigError, StartError) as error:
            log.error("nobody is heard in slack", reason=str(error))
        await child.keep()
    finally:
        await child.stop()


def _is_wanted() -> bool:
    """Whether there is anything to listen with. Mistakes in the settings are the child's to say."""
    try:
        app_token = config.load(os.environ).slack.app_token
    except config.ConfigError:
        return True
    if app_token is None:
        log.info("nobody is heard in slack: slack.app_token (SLACK_APP_TOKEN) is not set")
    return app_token is not None


async def _feed(queue: EventQueue, said: asyncio.StreamReader) -> None:
    while line := await said.readline():
        try:
            await queue.put(orjson.loads(line))
        except Exception:
            # A filter of the rulebook runs in here. One that fails must cost its event, not all sources.
            log.exception("an event could not be put to the rules")
