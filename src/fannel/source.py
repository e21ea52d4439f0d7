"""The life of an event source inside ansible-rulebook: start, feed the rules for ever, shut everything down.

ansible-rulebook ends *all* sources when one returns or raises, so nothing here ends because something outside does:
a database that is away is waited for (while datagrams wait in the listener's bounded buffer), Slack and pagoda have
threads of their own. The event loop belongs to the rule engine: every blocking call is made in a thread.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from fannel import config, logs
from fannel.directory.open import open_directory, open_webhook
from fannel.event import neutralise
from fannel.incidents.store import Store, StoreError
from fannel.intake.counters import Counters
from fannel.intake.refusals import Refusals
from fannel.intake.udp import UdpListener
from fannel.intake.v3 import V3Intake
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.pipeline import Pipeline
from fannel.respond import open_outbox
from fannel.wire.usm import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fannel.config import Settings
    from fannel.event import Event, Json
    from fannel.pipeline import Seen
    from fannel.slack.outbox import Outbox

log = logs.Logger("fannel.source")

BATCH = 200
# How long the listener may keep the worker waiting for a first datagram: also how long a shutdown takes at most.
TAKE_TIMEOUT_S = 0.5
DELIVER_EVERY_S = 5.0
REPORT_EVERY_S = 60.0
KEEP_ENGINES_EVERY_S = 60.0
# Rulebooks are shared and logged; keys, and what belongs to one machine, are not for them.
_NOT_FOR_RULEBOOKS = frozenset({"users", "users_file", "engine_file"})
STORE_RETRY_FIRST_S, STORE_RETRY_LAST_S = 0.5, 30.0


class EventQueue(Protocol):
    """What ansible-rulebook hands a source: a queue of one place, so putting waits for the rule engine."""

    async def put(self, item: Json) -> None:
        """Hand one event over."""


def trap_settings(settings: Settings, args: Mapping[str, Any]) -> Settings:
    """The settings with the options of the rulebook's source on top.

    Raises:
        ConfigError: an option is unknown or its value is wrong.
    """
    given = {key: value for key, value in args.items() if value is not None}
    for key in _NOT_FOR_RULEBOOKS & given.keys():
        msg = f"fannel.network.snmp_trap: trap.{key}: not in a rulebook; set it in {config.DEFAULT_FILE} or by variable"
        raise config.ConfigError(msg)
    try:
        trap = config.Trap(**given)
    except ValidationError as error:
        raise config.ConfigError(_explained(error, given)) from None
    on_top = {key: getattr(trap, key) for key in given}
    return settings.model_copy(update={"trap": settings.trap.model_copy(update=on_top)})


def _explained(error: ValidationError, given: Mapping[str, Any]) -> str:
    return config.explain(error, given, {}, section="trap", where="fannel.network.snmp_trap")


async def run_trap_source(queue: EventQueue, args: Mapping[str, Any]) -> None:
    """Feed notifications to the rules until cancelled.

    Raises:
        ConfigError, ListenError, StoreError, EngineFileError: at start only; something is configured wrongly.
    """
    logs.configure()
    settings = trap_settings(config.load(), args)
    # Playbooks run in a folder of their own: they must find the same database and the same pagoda.
    config.export(settings, os.environ)
    counters = Counters()
    listener = UdpListener(settings.trap.host, settings.trap.port, counters)
    store = await asyncio.to_thread(Store.open, settings.database.url)
    v3 = await asyncio.to_thread(_open_v3, settings.trap, listener, counters)
    directory = open_directory(settings.pagoda)
    webhook = open_webhook(settings.pagoda, directory)
    pipeline = Pipeline(
        trap=settings.trap,
        catalogue=await asyncio.to_thread(Catalogue.load),
        kinds=await asyncio.to_thread(Kinds.load),
        directory=directory,
        store=store,
        counters=counters,
        refusals=Refusals(),
        v3=v3,
    )
    chores: list[asyncio.Task[None]] = []
    try:
        port = listener.open()
        directory.start()
        log.info("listening for traps", host=settings.trap.host, port=port, so_rcvbuf=listener.receive_buffer_bytes)
        chores = [
            asyncio.create_task(_deliver_for_ever(open_outbox(settings, store)), name="fannel outbox"),
            asyncio.create_task(_report_for_ever(counters), name="fannel report"),
            asyncio.create_task(_keep_for_ever(v3), name="fannel engines"),
        ]
        await _ask_again(queue, store)
        await _feed_for_ever(queue, listener, pipeline)
    finally:
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await asyncio.to_thread(listener.close)
        directory.stop()
        if webhook is not None:
            await asyncio.to_thread(webhook.stop)
        store.close()
        if v3 is not None:
            await asyncio.to_thread(v3.close)
        log.info("stopped listening for traps", **counters.as_dict())


def _open_v3(trap: config.Trap, listener: UdpListener, counters: Counters) -> V3Intake | None:
    """The SNMPv3 engine of this source, or None where no user is configured."""
    if not trap.users:
        return None
    try:
        return V3Intake.open(trap.users, trap.engine_file, listener.report, counters)
    except UserError as error:
        raise config.ConfigError(f"trap.users: {error}") from None


async def _feed_for_ever(queue: EventQueue, listener: UdpListener, pipeline: Pipeline) -> None:
    while True:
        datagrams = await asyncio.to_thread(listener.take, BATCH, TAKE_TIMEOUT_S)
        if not datagrams:
            continue
        seen = await asyncio.to_thread(pipeline.observe, datagrams)
        for event in await _commit(pipeline, seen, listener):
            await queue.put(event.to_queue())


async def _commit(pipeline: Pipeline, seen: Sequence[Seen], listener: UdpListener) -> list[Event]:
    """Put a batch on record, however long the database is away: an event without a record might be answered twice."""
    delay_s = STORE_RETRY_FIRST_S
    while True:
        try:
            return await asyncio.to_thread(pipeline.commit, seen, listener)
        except StoreError as error:
            log.error("cannot record events, trying again", reason=str(error), retry_in_s=delay_s)
            pipeline.counters.add("store_errors")
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, STORE_RETRY_LAST_S)
        except Exception:
            # A defect of ours, in one event of the batch: it must not take the others, or the source, with it.
            if len(seen) > 1:
                half = len(seen) // 2
                first = await _commit(pipeline, seen[:half], listener)
                return first + await _commit(pipeline, seen[half:], listener)
            log.exception("an event could not be recorded", source=seen[0].datagram.source)
            pipeline.counters.add("lost", "defect")
            return []


async def _ask_again(queue: EventQueue, store: Store) -> None:
    """What was not answered to the end when the last process ended is put to the rules again."""
    for event in await asyncio.to_thread(store.unfinished):
        log.info("asking the rules again", incident=event["incident"]["id"], fingerprint=event["fingerprint"])
        await queue.put(neutralise(event))


async def _deliver_for_ever(outbox: Outbox | None) -> None:
    while outbox is not None:
        await asyncio.sleep(DELIVER_EVERY_S)
        try:
            await asyncio.to_thread(outbox.deliver)
        except StoreError as error:
            log.error("cannot read the outbox", reason=str(error))
        except Exception:
            # A defect here must not end the receiving of traps; it is said with its traceback, every time.
            log.exception("delivering to Slack failed")


async def _keep_for_ever(v3: V3Intake | None) -> None:
    """Keep the clocks of SNMPv3 engines on disk."""
    while v3 is not None:
        await asyncio.sleep(KEEP_ENGINES_EVERY_S)
        await asyncio.to_thread(v3.save)


async def _report_for_ever(counters: Counters, clock: Callable[[], float] = time.monotonic) -> None:
    """Say what came and what was lost, once a minute, when anything changed."""
    before: dict[str, int] = {}
    while True:
        due = clock() + REPORT_EVERY_S
        await asyncio.sleep(max(0.0, due - clock()))
        now = counters.as_dict()
        if now != before:
            log.info("datagrams", **now)
            before = now
