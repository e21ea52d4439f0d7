"""Traps and syslog in one rulebook: one receiver, one observer, one spool, and to each source what came its way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import runpy
import socket

import pytest
from running_source import VALID, environment, is_bound

from fannel import collection, config
from fannel.lab.stage import free_udp_port
from fannel.source import StartError
from fannel.source.shared import Member, Shared
from fannel.wire.encoder import encode_trap
from test_source_processes import children

pytestmark = pytest.mark.timeout(300)

COLD_START = encode_trap("1.3.6.1.6.3.1.1.5.1", (), community=b"public")
LINE = b"<184>521: rt1: *Nov 14 08:30:56.699: %FOO-0-BAR: the house is on fire"


@pytest.fixture
def home(tmp_path, monkeypatch):
    environment(monkeypatch, tmp_path, "[storm]\nsource_rate = 0\n")
    monkeypatch.setenv("FANNEL_SYSLOG__UDP", f"127.0.0.1:{free_udp_port()}")
    return tmp_path


class Sources:
    """The plugins of these names, started in one turn of the loop as ansible-rulebook does, each with its queue."""

    def __init__(self, *kinds, **args):
        self.queues = {kind: asyncio.Queue(1) for kind in kinds}
        self._args = args

    async def __aenter__(self):
        self.tasks = {kind: asyncio.create_task(self._main(kind)) for kind in self.queues}
        while not any(task.get_name() == "fannel observe" for task in asyncio.all_tasks()):
            for task in self.tasks.values():
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_):
        for task in self.tasks.values():
            task.cancel()
        for task in self.tasks.values():
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def event(self, kind, timeout_s=60):
        event = await asyncio.wait_for(self.queues[kind].get(), timeout_s)
        VALID.validate(event)
        return event

    def _main(self, kind):
        plugin = collection.root() / "plugins" / "event_source" / f"{kind}.py"
        return runpy.run_path(str(plugin))["main"](self.queues[kind], self._args.get(kind, {}))


def send(payload, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.1.1", 0))
        sender.sendto(payload, ("127.0.0.1", port))


def ports():
    settings = config.load()
    return settings.trap.port, settings.syslog.udp[0].port


def test_each_source_is_fed_what_came_its_way_by_one_receiver_and_one_observer(home):
    async def scenario():
        async with Sources("snmp_trap", "syslog") as sources:
            below = children(os.getpid())
            trap_port, line_port = ports()
            for _ in range(2):  # the second of each is a repeat, and comes later or never
                send(LINE, line_port)
                send(COLD_START, trap_port)
            return below, await sources.event("snmp_trap"), await sources.event("syslog")

    below, trap, line = asyncio.run(scenario())
    assert sorted(below) == ["observe", "receive"]
    assert (trap["via"], trap["kind"]) == ("snmp_trap", "cold_start")
    assert (line["via"], line["kind"], line["severity"]) == ("syslog", "unknown_syslog", "critical")
    assert line["syslog"]["message"] == "the house is on fire"
    assert line["host"]["name"] == trap["host"]["name"] == "127.0.1.1"


@pytest.mark.parametrize("kind", ["snmp_trap", "syslog"])
def test_a_rulebook_with_one_of_them_listens_for_that_alone(home, kind):
    async def scenario():
        async with Sources(kind) as sources:
            bound = dict(zip(("snmp_trap", "syslog"), map(is_bound, ports()), strict=True))
            send(COLD_START if kind == "snmp_trap" else LINE, dict(zip(bound, ports(), strict=True))[kind])
            return bound, await sources.event(kind)

    bound, event = asyncio.run(scenario())
    assert [name for name, is_so in bound.items() if is_so] == [kind]
    assert event["via"] == kind


def test_both_end_together_and_leave_nothing(home):
    async def scenario():
        async with Sources("syslog", "snmp_trap"):
            pass
        return children(os.getpid()), [is_bound(port) for port in ports()]

    assert asyncio.run(scenario()) == ({}, [False, False])


def test_the_same_source_twice_is_refused_at_once(home):
    async def scenario():
        plugin = runpy.run_path(str(collection.root() / "plugins" / "event_source" / "syslog.py"))
        tasks = [asyncio.create_task(plugin["main"](asyncio.Queue(1), {})) for _ in range(2)]
        done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()
        await asyncio.wait(tasks)
        return [task.exception() for task in done]

    (error,) = asyncio.run(scenario())
    assert isinstance(error, StartError)
    assert "fannel.network.syslog is in this rulebook twice" in str(error)


def test_options_of_both_reach_the_children(home):
    async def scenario():
        args = {"snmp_trap": {"communities": ["secret"]}, "syslog": {"unknown_to_rules": "debug"}}
        async with Sources("snmp_trap", "syslog", **args) as sources:
            trap_port, line_port = ports()
            send(COLD_START, trap_port)
            send(b"<191>so be it", line_port)
            return await sources.event("snmp_trap"), await sources.event("syslog")

    refused, line = asyncio.run(scenario())
    assert refused["kind"] == "snmp_auth_failure"
    assert line["syslog"]["severity"] == "debug"


@pytest.mark.parametrize("kind", ["snmp_trap", "syslog"])
def test_a_mistake_in_the_options_of_either_ends_the_start(home, kind):
    async def scenario():
        async with Sources("snmp_trap", "syslog", **{kind: {"timezonne": 1}}):
            pass

    section = {"snmp_trap": "trap", "syslog": "syslog"}[kind]
    with pytest.raises(config.ConfigError, match=rf"fannel\.network\.{kind}: {section}\.timezonne: no such key"):
        asyncio.run(scenario())


def test_where_nothing_is_said_syslog_is_heard_on_5514(home, monkeypatch):
    monkeypatch.delenv("FANNEL_SYSLOG__UDP")
    shared = Shared()
    shared.join("syslog", _member())
    settings, environ = shared._settings()
    assert [str(address) for address in settings.syslog.addresses] == ["0.0.0.0:5514"]
    assert environ["FANNEL_RECEIVER__RECEIVES"] == "syslog"


def test_what_is_said_about_syslog_wins_over_that(home):
    shared = Shared()
    shared.join("syslog", _member())
    settings, _ = shared._settings()
    assert settings.syslog.udp == config.load().syslog.udp != ()


def _member():
    return Member(feed=None, variables={})
