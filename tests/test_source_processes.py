"""The source and its two processes, killed and fed: what was acknowledged is handled, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running_source import Running, environment, is_bound

from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

pytestmark = pytest.mark.timeout(300)

LINK_DOWN, COLD_START = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"


@pytest.fixture
def home(tmp_path, monkeypatch):
    environment(monkeypatch, tmp_path, "[storm]\nsource_rate = 0\n")
    return tmp_path


def inform(index, number):
    varbinds = [
        WireVarBind(f"1.3.6.1.2.1.2.2.1.1.{index}", ValueType.INTEGER, index),
        WireVarBind(f"1.3.6.1.2.1.2.2.1.2.{index}", ValueType.OCTET_STRING, f"port{index}".encode()),
    ]
    return encode_trap(LINK_DOWN, varbinds, community=b"public", pdu="inform", request_id=number)


def children(of: int) -> dict[str, int]:
    """The processes of FANNEL below one, by command."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_bytes().decode().split("\0")
            if int(fields[1]) == of and fields[0] != "Z" and "fannel" in command:
                found[command[command.index("fannel") + 1]] = int(status.parent.name)
    return found


def environ_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/environ").read_text().split("\0")


def gone(pid: int, timeout_s: float = 20) -> bool:
    deadline = time.monotonic() + timeout_s
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not Path(f"/proc/{pid}").exists()


async def until(seen, timeout_s=90):
    async with asyncio.timeout(timeout_s):
        while not seen():  # noqa: ASYNC110  (other processes tell nobody)
            await asyncio.sleep(0.05)


class Informer:
    """Sends informs as fast as they are answered, or one after the other while nobody answers."""

    def __init__(self, port):
        self.acknowledged: set[int] = set()
        self.sent = 0
        self._to = ("127.0.0.1", port)

    async def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.1.1", 0))
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            while True:
                self.sent += 1
                index = self.sent
                with contextlib.suppress(OSError):
                    await loop.sock_sendto(sock, inform(index, index), self._to)
                    async with asyncio.timeout(0.3):
                        if await loop.sock_recv(sock, 65535):
                            self.acknowledged.add(index)
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("victims", [("receive",), ("observe",), ("receive", "observe")], ids="+".join)
def test_killed_under_load_they_come_back_and_every_acknowledged_inform_is_one_incident(home, victims):
    async def scenario():
        events = []
        async with Running() as source:
            informer = Informer(source.port)

            async def take():
                while True:
                    events.append(await source.queue.get())

            tasks = [asyncio.create_task(informer.run()), asyncio.create_task(take())]
            for _ in range(2):
                before = len(informer.acknowledged)
                await until(lambda: len(informer.acknowledged) >= before + 30)  # noqa: B023
                await until(lambda: set(victims) <= children(os.getpid()).keys())
                for victim in victims:
                    os.kill(children(os.getpid())[victim], signal.SIGKILL)
            before = len(informer.acknowledged)
            await until(lambda: len(informer.acknowledged) >= before + 10)
            tasks[0].cancel()
            wanted = {f"127.0.1.1/interface_down/port{n}" for n in informer.acknowledged}
            await until(lambda: wanted <= {event["fingerprint"] for event in events})
            tasks[1].cancel()
        return events, wanted

    events, wanted = asyncio.run(scenario())
    told = [event["id"] for event in events]
    assert len(told) == len(set(told)), "the rules see no event twice"
    with sqlite3.connect(home / "fannel.sqlite3") as database:
        opened = [fingerprint for (fingerprint,) in database.execute("SELECT fingerprint FROM incidents")]
    assert wanted <= set(opened)
    assert len(opened) == len(set(opened))


def test_cancelled_it_leaves_no_process_and_no_port(home):
    async def scenario():
        async with Running() as source:
            return source.port, children(os.getpid())

    port, were = asyncio.run(scenario())
    assert were.keys() == {"receive", "observe"}
    assert all(gone(pid, 0) for pid in were.values())
    assert not is_bound(port)


def test_without_a_receiver_of_its_own_it_starts_the_observer_alone(home, monkeypatch):
    monkeypatch.setenv("FANNEL_RECEIVER__START", "false")

    async def scenario():
        async with Running():
            return children(os.getpid())

    assert asyncio.run(scenario()).keys() == {"observe"}


def test_its_processes_share_one_malloc_arena_unless_the_environment_says_otherwise(home, monkeypatch):
    monkeypatch.setenv("FANNEL_RECEIVER__START", "false")
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")

    async def scenario():
        async with Running():
            (observer,) = children(os.getpid()).values()
            return environ_of(observer)

    environ = asyncio.run(scenario())
    assert {"MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=65536"} <= set(environ)


def test_with_a_feedback_queue_nothing_is_acknowledged_before_the_engine_hands_it_back(home):
    async def scenario():
        feedback = asyncio.Queue(1)
        async with Running({"feedback": True, "eda_feedback_queue": feedback}) as source:
            source.send(encode_trap(COLD_START, community=b"public"))
            first = await source.event()
        async with Running({"feedback": True, "eda_feedback_queue": feedback}) as source:
            again = await source.event()
            await feedback.put(again)
            await asyncio.sleep(2)
        async with Running() as source:
            source.send(inform(1, 1))
            return first, again, await source.event()

    first, again, then = asyncio.run(scenario())
    assert again["id"] == first["id"]
    assert then["kind"] == "interface_down", "handed back, it did not come a third time"


def test_the_receivers_canary_reaches_the_rule_queue(home, monkeypatch):
    monkeypatch.setenv("FANNEL_HEALTH__CANARY_EVERY_S", "1")

    async def scenario():
        async with Running() as source:
            return [await source.event(30) for _ in range(2)]

    assert [event["kind"] for event in asyncio.run(scenario())] == ["canary", "canary"]


SOURCE = """
import asyncio, runpy, sys
from fannel import collection
main = runpy.run_path(str(collection.root() / "plugins/event_source/snmp_trap.py"))["main"]
async def run():
    queue = asyncio.Queue(1)
    source = asyncio.create_task(main(queue, {}))
    while not any(task.get_name() == "fannel observe" for task in asyncio.all_tasks()):
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    await source
asyncio.run(run())
"""


def test_its_process_killed_its_children_end_by_themselves(home):
    with subprocess.Popen([sys.executable, "-c", SOURCE], stdout=subprocess.PIPE, text=True) as source:
        assert source.stdout.readline() == "ready\n"
        were = children(source.pid)
        source.kill()
    assert were.keys() == {"receive", "observe"}
    assert all(gone(pid) for pid in were.values())
