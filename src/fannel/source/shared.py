"""The life of FANNEL's sources inside ansible-rulebook: start their children, feed the rules for ever, end all of it.

ansible-rulebook starts each source of a rulebook by itself, all in one turn of one event loop. They share a receiver,
an observer and a spool: the first waits for that turn to pass and leads, each is fed what came its way. It ends *all*
sources when one returns or raises, so after the start nothing here ends because something outside does.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from fannel import config, logs
from fannel.config.syslog import SOURCE_UDP
from fannel.source.child import Child, StartError, until_it_ends
from fannel.source.feed import Feed, serve
from fannel.source.options import FEEDBACK_QUEUE, OPTIONS, variables

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from fannel.event import Json
    from fannel.source.feed import EventQueue
    from fannel.source.options import Kind

log = logs.Logger("fannel.source")

# Long beside a turn of the loop, short beside a start.
GATHER_S = 0.1


@dataclass(frozen=True, slots=True)
class Member:
    """One source of the rulebook: its part of the events, and its options as variables."""

    feed: Feed
    variables: Mapping[str, str]


async def run_source(kind: Kind, queue: EventQueue, args: Mapping[str, Any]) -> None:
    """Feed what comes by way of `kind` to the rules until cancelled.

    Raises:
        ConfigError, StartError: at start only; something is configured wrongly.
    """
    logs.configure()
    member = Member(Feed(queue, args.get(FEEDBACK_QUEUE)), variables(kind, args))
    loop = asyncio.get_running_loop()
    shared = _OF_LOOP.get(loop)
    if shared is None:
        shared = _OF_LOOP[loop] = Shared()
        shared.join(kind, member)
        try:
            await shared.run()
        finally:
            _OF_LOOP.pop(loop, None)
    else:
        shared.join(kind, member)
        await asyncio.Event().wait()  # until cancelled: who leads ends all, and says why


class Shared:
    """The sources of one process. `join()` all of them before `run()` has gathered them."""

    def __init__(self) -> None:
        self._members: dict[Kind, Member] = {}
        self._gathered = False

    def join(self, kind: Kind, member: Member) -> None:
        """Take a source in.

        Raises:
            StartError: it is here already, or it is too late for it.
        """
        if kind in self._members:
            msg = f"{OPTIONS[kind].source} is in this rulebook twice; one feeds all rules of its ruleset"
            raise StartError(msg)
        if self._gathered:
            msg = f"{OPTIONS[kind].source} came after the receiver had been started without it; start anew"
            raise StartError(msg)
        self._members[kind] = member

    async def run(self) -> None:
        """Gather, then run the children and feed the rules until cancelled; raises what `run_source` does."""
        await asyncio.sleep(GATHER_S)
        self._gathered = True
        settings, environ = self._settings()
        children = [Child("observe", environ, lambda said, answers: serve(said, answers, self._feed_of))]
        if settings.receiver.start:
            children.insert(0, Child("receive", environ, until_it_ends, "--with-parent"))
        what = " and ".join(OPTIONS[kind].what for kind in self._members)
        try:
            # Together: what one makes for the other (the spool, our SNMPv3 engine), the other waits for.
            await _all({f"starting {child.name}": child.start() for child in children})
            pids = {child.name: child.pid for child in children}
            log.info("listening", sources=what, on=self._where(settings), children=pids)
            work = {f"fannel {child.name}": child.keep() for child in children}
            for kind, member in self._members.items():
                work[f"fannel feed {kind}"] = member.feed.run()
                work[f"fannel feedback {kind}"] = member.feed.take_feedback()
            await _all(work)
        finally:
            for child in children:
                child.let_go()
            await asyncio.gather(*(child.stop() for child in children), return_exceptions=True)
            log.info("stopped listening", sources=what)

    def _settings(self) -> tuple[config.Settings, dict[str, str]]:
        """The settings with the options of all sources on top, and the environment that says the same to a child."""
        told = {name: text for member in self._members.values() for name, text in member.variables.items()}
        told["FANNEL_RECEIVER__RECEIVES"] = ",".join(self._members)
        settings = config.load(os.environ | told)
        if settings.receiver.start and "syslog" in self._members and not settings.syslog.addresses:
            told["FANNEL_SYSLOG__UDP"] = str(SOURCE_UDP)
            settings = config.load(os.environ | told)
        # Playbooks run in a folder of their own: they must find the same database and the same pagoda.
        config.export(settings, os.environ)
        return settings, os.environ | told

    def _where(self, settings: config.Settings) -> str:
        if not settings.receiver.start:
            return "another process's receiver"
        traps = settings.trap.addresses if "snmp_trap" in self._members else ()
        lines = settings.syslog.addresses if "syslog" in self._members else ()
        return ", ".join(map(str, (*traps, *lines)))

    def _feed_of(self, event: Json) -> Feed:
        """Whose event it is: of its own way, or, for what came when that was still in the rulebook, the first one's."""
        member = self._members.get(event["via"]) or next(iter(self._members.values()))
        return member.feed


# By event loop, because nothing else is common to the sources of one process.
_OF_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Shared] = WeakKeyDictionary()


async def _all(work: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run all of these, by name; none is left running when one fails or we are cancelled."""
    tasks = [asyncio.create_task(one, name=name) for name, one in work.items()]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
