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
from fannel.intake.answerer import Answerer
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
    from fannel.intake.datagram import Datagram
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
    answers = await asyncio.to_thread(lambda: _Answers(Answerer.open(settings.trap, counters), listener, counters))
    v3 = await asyncio.to_thread(_open_v3, settings.trap, counters)
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
        await _feed_for_ever(queue, answers, pipeline)
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
        answers.close()
        log.info("stopped listening for traps", **counters.as_dict())


def _open_v3(trap: config.Trap, counters: Counters) -> V3Intake | None:
    """The judge of SNMPv3 notifications, or None where no user is configured."""
    if not trap.users:
        return None
    try:
        return V3Intake.open(trap.users, trap.engine_file, counters)
    except UserError as error:
        raise config.ConfigError(f"trap.users: {error}") from None


class _Answers:
    """What the receiver process will do: judge what wants an answer before it is kept, answer what is on record."""

    def __init__(self, answerer: Answerer, listener: UdpListener, counters: Counters) -> None:
        self._answerer = answerer
        self._listener = listener
        self._counters = counters
        self._responses: dict[int, Callable[[], bytes]] = {}

    def take(self) -> list[Datagram]:
        """The next datagrams that are kept; only when those before are done with."""
        self._responses.clear()
        kept = []
        for datagram in self._listener.take(BATCH, TAKE_TIMEOUT_S):
            if not self._answerer.concerns(datagram.payload):
                kept.append(datagram)
                continue
            judged = self._answerer.judge(datagram)
            if judged.reply is not None:
                self._listener.report(datagram, judged.reply)
            if not judged.keep:
                self._counters.add("rejected", judged.rejected)
                continue
            noted = datagram._replace(note=judged.note)
            kept.append(noted)
            if judged.respond is not None:
                self._responses[id(noted)] = judged.respond
        return kept

    def acknowledge(self, datagram: Datagram) -> None:
        """Answer an inform that is on record."""
        respond = self._responses.get(id(datagram))
        if respond is None:
            return
        try:
            response = respond()
        except Exception:
            # A defect of ours; its event is on record and goes on to the rules, and the sender will repeat itself.
            log.exception("an inform could not be answered", source=datagram.source)
            self._counters.add("acknowledgements_failed")
            return
        self._listener.acknowledge(datagram, response)

    def close(self) -> None:
        """Let go of the engine's file."""
        self._answerer.close()


async def _feed_for_ever(queue: EventQueue, answers: _Answers, pipeline: Pipeline) -> None:
    while True:
        datagrams = await asyncio.to_thread(answers.take)
        if not datagrams:
            continue
        seen = await asyncio.to_thread(pipeline.observe, datagrams)
        for event in await _commit(pipeline, seen, answers):
            await queue.put(event.to_queue())


async def _commit(pipeline: Pipeline, seen: Sequence[Seen], answers: _Answers) -> list[Event]:
    """Put a batch on record, however long the database is away: an event without a record might be answered twice."""
    delay_s = STORE_RETRY_FIRST_S
    while True:
        try:
            recorded = await asyncio.to_thread(pipeline.commit, seen)
        except StoreError as error:
            log.error("cannot record events, trying again", reason=str(error), retry_in_s=delay_s)
            pipeline.counters.add("store_errors")
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, STORE_RETRY_LAST_S)
        except Exception:
            # A defect of ours, in one event of the batch: it must not take the others, or the source, with it.
            if len(seen) > 1:
                half = len(seen) // 2
                first = await _commit(pipeline, seen[:half], answers)
                return first + await _commit(pipeline, seen[half:], answers)
            log.exception("an event could not be recorded", source=seen[0].datagram.source)
            pipeline.counters.add("lost", "defect")
            return []
        else:
            for one in seen:
                answers.acknowledge(one.datagram)
            return recorded


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
