"""The whole of FANNEL as `fannel run` starts it, on loopback, with the shipped rules and a cheap action for each.

A playbook is a process of its own and seconds of CPU; what is measured here is the road to the rules and the rules.
pagoda is the stand-in, with as many devices as the senders have addresses.
"""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import yaml

from fannel import collection
from fannel.intake.spool import open_reader
from fannel.lab.bench import kernel, processes
from fannel.lab.bench.child import BenchError, Child
from fannel.lab.bench.datagrams import device_address
from fannel.lab.bench.receiver import SPOOL_OCTETS, clean_environment, wait_until
from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.lab.bench.bench import Bench

READY_TIMEOUT_S = 90.0
DEVICES = 100
_PARTS = {"receive": "receiver", "observe": "observer"}


def network(devices: int) -> dict[str, Any]:
    """What pagoda knows: routers on the addresses that senders use."""
    return {
        "sites": {"Bench": {"code": "BEN1", "region": "bench"}},
        "platforms": {"Cisco IOS-XE": {"ansible_network_os": "cisco.ios.ios", "vendor": "Cisco"}},
        "devices": {
            f"rt-bench-{n:03}.example.net": {
                "platform": "Cisco IOS-XE",
                "site": "Bench",
                "role": "core",
                "management_ip": device_address(n),
                "interfaces": {"GigabitEthernet0/1": {"if_index": 1, "description": "bench"}},
            }
            for n in range(devices)
        },
    }


def rulebook(source: dict[str, Any]) -> list[dict[str, Any]]:
    """The shipped rules, their conditions as they are, with `source` to feed them and nothing to do."""
    (ruleset,) = yaml.safe_load((collection.root() / "rulebooks" / "network_alerts.yml").read_text())
    rules = [{**rule, "action": {"none": {}}} for rule in ruleset["rules"]]
    return [{**ruleset, "sources": [{"name": "source", **source}], "rules": rules}]


class Stack:
    """ansible-rulebook with FANNEL's source, or `source` instead, and what that starts; runs while the block lasts."""

    def __init__(self, bench: Bench, folder: Path, *, source: dict[str, Any] | None = None, **settings: object) -> None:
        self._bench, self._folder = bench, folder
        self._source = source or {"fannel.network.snmp_trap": {}}
        self._settings = settings
        self.port = kernel.free_port(socket.SOCK_DGRAM)
        self._http = kernel.free_port()
        self.spool = folder / "spool"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            data = self._folder / "pagoda.yml"
            data.write_text(yaml.safe_dump(network(DEVICES)))
            pagoda = PagodaStandIn(data)
            url = pagoda.start()
            stack.callback(pagoda.stop)
            env = clean_environment(
                TRAP__HOST="127.0.0.1",
                TRAP__PORT=self.port,
                TRAP__ENGINE_FILE=self._folder / "engine.json",
                SPOOL__DIRECTORY=self.spool,
                SPOOL__OCTETS=SPOOL_OCTETS,
                HEALTH__SOURCE=f"127.0.0.1:{self._http}",
                DATABASE__URL=f"sqlite:///{self._folder.resolve()}/fannel.sqlite3",
                PAGODA__CACHE_FILE="",
                **self._settings,
            )
            env |= {"PAGODA_URL": url, "PAGODA_TOKEN": LAB_TOKEN}
            (self._folder / "rulebook.yml").write_text(yaml.safe_dump(rulebook(self._source)))
            (self._folder / "inventory.yml").write_text("all:\n  hosts: {localhost: {ansible_connection: local}}\n")
            options = ["--rulebook", "rulebook.yml", "--inventory", "inventory.yml", "-S", str(self._folder)]
            command, environ = self._bench.rulebook(options, env, self._folder)
            self.child = stack.enter_context(Child(command, env=environ, cwd=self._folder))
            self._reader = open_reader(self.spool)
            stack.callback(self._reader.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def wait_until_ready(self) -> None:
        """Wait until the path from the socket to the rules is proven.

        Raises:
            BenchError: it ended, or took too long.
        """
        wait_until(self._ready, self.child, "ansible-rulebook", READY_TIMEOUT_S)

    def wait_for_file(self, path: Path, timeout_s: float) -> None:
        """Wait until the rulebook's source made a file.

        Raises:
            BenchError: it ended, or took too long.
        """
        wait_until(path.exists, self.child, "ansible-rulebook", timeout_s)

    def parts(self) -> dict[str, int]:
        """The ids of its processes by what they are."""
        found = {"ansible-rulebook": self.child.pid}
        for pid in processes.descendants(self.child.pid):
            try:
                words = processes.command(pid)
            except OSError:
                continue
            found |= {part: pid for word, part in _PARTS.items() if word in words}
        missing = {"receiver", "observer"} - found.keys()
        if missing:
            raise BenchError(f"no process found for {', '.join(sorted(missing))}: {self.child.said[-500:]}")
        return found

    def waiting(self) -> int:
        """Datagrams in the spool that are not handled."""
        return self._reader.depth()

    def wait_until_handled(self, timeout_s: float) -> bool:
        """Wait until the spool is empty; False when it still is not after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while self.waiting():
            if time.monotonic() > deadline or not self.child.alive:
                return False
            time.sleep(0.1)
        return True

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._http}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False
