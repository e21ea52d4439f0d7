"""The whole of FANNEL as processes that a test may kill: found by their environment, started again, seen to be gone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from fannel import config
from fannel.cli.environment import environment
from fannel.collection import root
from fannel.lab.rulebook import RulebookProcess

if TYPE_CHECKING:
    from collections.abc import Callable

RULES, RUN = "ansible-rulebook", "ansible-playbook"
RECEIVER, OBSERVER, LISTENER = "receive", "observe", "listen"
RULEBOOK = [
    {
        "name": "Faults",
        "hosts": "all",
        "execution_strategy": "parallel",
        "sources": [{"name": "traps", "snmp_trap": {}}],
        "rules": [
            {
                "name": "A fault nobody answered",
                "condition": 'event.phase == "raise" and event.incident.state == "new"',
                "action": {"debug": {"msg": "ASKED {{ event.incident.id }} BY {{ event.id }} END"}},
            }
        ],
    }
]


def until(seen: Callable[[], object], timeout_s: float = 60) -> None:
    """Wait for it."""
    deadline = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


class Fannel:
    """ansible-rulebook with our source in `folder`, its receiver on `port`; `start()` it again and again."""

    def __init__(self, folder: Path, port: int, toml: str) -> None:
        self.folder = folder
        self.runs: list[RulebookProcess] = []
        file = folder / "fannel.toml"
        file.write_text(toml)
        (folder / "rules.yml").write_text(yaml.safe_dump(RULEBOOK))
        self._mark = f"FANNEL_CONFIG={file}".encode()
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("FANNEL_", "PAGODA_"))}
        environ |= {
            "FANNEL_CONFIG": str(file),
            "FANNEL_TRAP__HOST": "127.0.0.1",
            "FANNEL_TRAP__PORT": str(port),
            "FANNEL_SPOOL__DIRECTORY": str(folder / "spool"),
            "FANNEL_DATABASE__URL": f"sqlite:///{folder}/fannel.sqlite3",
            "FANNEL_PAGODA__CACHE_FILE": "",
            "PYTHONUNBUFFERED": "1",  # what was printed before a kill was printed
            "FANNEL_TRAP__ENGINE_FILE": str(folder / "engine.json"),
        }
        self._environ = environment(config.load(environ), environ)

    def start(self) -> None:
        """Start ansible-rulebook, as whoever supervises it would."""
        program = Path(sys.executable).with_name("ansible-rulebook")
        plugins = root() / "plugins" / "event_source"
        command = [str(program), "--skip-audit-events", "-S", str(plugins), "--rulebook", "rules.yml"]
        self.runs.append(RulebookProcess(command, self._environ, self.folder).__enter__())

    def stop(self) -> None:
        """End it as a supervisor would; what it said is in output.log."""
        self.runs[-1].stop()
        (self.folder / "output.log").write_text(self.output)

    @property
    def output(self) -> str:
        """What all of it said, in all runs."""
        return "\n".join(run.output for run in self.runs)

    def kill(self, *names: str, timeout_s: float = 180) -> None:
        """kill -9 what runs by these names; waits until there is some."""
        until(lambda: set(names) <= self.processes().keys(), timeout_s)
        found = self.processes()
        for pid in (pid for name in names for pid in found.get(name, ())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if RULES in names:
            self.runs[-1].stop()

    def processes(self) -> dict[str, list[int]]:
        """What runs, by name, whoever started it."""
        return processes_with(self._mark)


def processes_with(mark: bytes) -> dict[str, list[int]]:
    """The processes that have `mark` (NAME=value) in their environment, by name."""
    found: dict[str, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if mark not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            program = Path(words[1]).name
            if program in (RULES, RUN):
                name = program
            else:
                name = words[words.index("fannel") + 1] if "fannel" in words else words[0]
            found.setdefault(name, []).append(int(entry.name))
    return found
