"""The trap source as ansible-rulebook runs it: the plugin's main() in a task, with a queue of one place."""

from __future__ import annotations

import asyncio
import contextlib
import os
import runpy
import socket
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from fannel import collection, config
from fannel.event import schema
from fannel.lab.stage import free_udp_port

if TYPE_CHECKING:
    from pathlib import Path

RT_TYO = "127.0.1.1"
VALID = Draft202012Validator(schema())


def environment(monkeypatch, folder: Path, toml: str) -> None:
    """What a source finds in `folder`. What it exports for its playbooks is set here, so that it ends with the test."""
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("FANNEL_", "PAGODA_", "SLACK_"))]:
        monkeypatch.delenv(name)
    (folder / "fannel.toml").write_text(toml)
    values = {
        "FANNEL_CONFIG": f"{folder}/fannel.toml",
        "FANNEL_CHECKS__PATH": f"{folder}/checks",
        "FANNEL_PAGODA__CACHE_FILE": "",
        "FANNEL_DATABASE__URL": f"sqlite:///{folder}/fannel.sqlite3",
        "FANNEL_TRAP__HOST": "127.0.0.1",
        "FANNEL_TRAP__PORT": str(free_udp_port()),
        "FANNEL_SPOOL__DIRECTORY": f"{folder}/spool",
        "FANNEL_HEALTH__CANARY_EVERY_S": "0",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


class Running:
    """The plugin's main() in a task, fed by `send`, read by `event`."""

    def __init__(self, args=None):
        plugin = collection.root() / "plugins" / "event_source" / "snmp_trap.py"
        self.main = runpy.run_path(str(plugin))["main"]
        self.args = args or {}
        self.queue: asyncio.Queue = asyncio.Queue(1)
        self.port = int(config.load().trap.port)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.main(self.queue, self.args))
        while not self._observing():
            if self.task.done():
                self.task.result()
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)  # the directory's first load, from a stand-in on loopback
        return self

    @staticmethod
    def _observing() -> bool:
        """Whether both children are ready: the source keeps them from then on."""
        return any(task.get_name() == "fannel observe" for task in asyncio.all_tasks())

    async def __aexit__(self, *_):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    def send(self, datagram: bytes, source: str = RT_TYO) -> socket.socket:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind((source, 0))
        sender.sendto(datagram, ("127.0.0.1", self.port))
        return sender

    async def event(self, timeout_s: float = 10):
        event = await asyncio.wait_for(self.queue.get(), timeout_s)
        VALID.validate(event)
        return event


def is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
