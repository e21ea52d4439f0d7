"""`fannel receive` as the bench runs it: the real process on a free port of loopback, with a spool of its own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from fannel.intake.spool import SpoolError, open_reader
from fannel.lab.bench import kernel
from fannel.lab.bench.child import BenchError, Child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

READY_TIMEOUT_S = 30.0
SPOOL_OCTETS = 8 * 2**30
_SETTINGS = ("FANNEL_", "PAGODA_", "SLACK_")
_SAMPLE = re.compile(r"^fannel_(?:datagrams|informs)_(\w+?)_total(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_REASON = re.compile(r'reason="([^"]*)"')


def clean_environment(**settings: object) -> dict[str, str]:
    """This environment without anybody's settings, and `settings` (`TRAP__PORT=…`) instead."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return kept | {f"FANNEL_{name}": str(value) for name, value in settings.items()}


class Receiver:
    """A receiver that runs while the block lasts; its spool is gone afterwards."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self._folder = folder
        self.port = kernel.free_port(socket.SOCK_DGRAM)
        self._http = kernel.free_port()
        self.spool = folder / "spool"
        # No canary: what is in the spool is to be exactly what was sent.
        self._env = clean_environment(
            TRAP__ENGINE_FILE=folder / "engine.json",
            SPOOL__OCTETS=SPOOL_OCTETS,
            HEALTH__CANARY_EVERY_S=0,
            **settings,
        )
        self._stack = ExitStack()
        self._kernel_before = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self.child = stack.enter_context(Child(self._command(), env=self._env, cwd=self._folder))
            self._wait_until_ready()
            self._reader = open_reader(self.spool)
            stack.callback(self._reader.close)
            self._kernel_before = kernel.receive_errors()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _command(self) -> list[str]:
        where = ["--trap", f"127.0.0.1:{self.port}", "--spool", str(self.spool), "--http", f"127.0.0.1:{self._http}"]
        return [sys.executable, "-m", "fannel", "receive", *where]

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.child.pid

    def counters(self) -> dict[str, int]:
        """Its own counts from /metrics: `received`, `lost.kernel`, …"""
        return counts(self._get("/metrics"))

    def dropped(self) -> dict[str, int]:
        """What the kernel dropped since it was ready: of its socket, and on the machine."""
        return {
            "socket": kernel.socket_drops(self.port),
            "machine": kernel.receive_errors() - self._kernel_before,
        }

    def in_spool(self) -> int:
        """Datagrams in the spool, by another process's look at the file."""
        try:
            return self._reader.depth()
        except SpoolError as error:
            raise BenchError(f"the spool cannot be read: {error}") from None

    def wait_for(self, count: int, *, timeout_s: float, quiet_s: float = 2.0) -> float:
        """Wait until so many are in the spool and on disk, or nothing came for `quiet_s`; when that was (monotonic).

        "On the disk": the files are fsync'ed here before the time is taken, whoever wrote them.
        """
        deadline = time.monotonic() + timeout_s
        before, since = -1, time.monotonic()
        while True:
            found, now = self.in_spool(), time.monotonic()
            if found >= count or now > deadline:
                break
            if found != before:
                before, since = found, now
            elif now - since > quiet_s:
                break
            time.sleep(0.01)
        for path in self.spool.glob("*.sqlite*"):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return time.monotonic()

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}{path}", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def _wait_until_ready(self) -> None:
        wait_until(lambda: _answers(lambda: self._get("/readyz")), self.child, "fannel receive", READY_TIMEOUT_S)


def wait_until(ready: Callable[[], bool], child: Child, name: str, timeout_s: float) -> None:
    """Wait for a child to be ready.

    Raises:
        BenchError: it ended, or the time is up.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        if not child.alive:
            raise BenchError(f"{name} ended: {child.said[-800:]}")
        if time.monotonic() > deadline:
            raise BenchError(f"{name} was not ready within {timeout_s:.0f} s: {child.said[-800:]}")
        time.sleep(0.05)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (OSError, urllib.error.URLError):
        return False
    return True


def counts(metrics: str) -> dict[str, int]:
    """The counters of datagrams and informs in a page of metrics that are not 0, `name` or `name.reason` each."""
    found: dict[str, int] = {}
    for name, labels, value in _SAMPLE.findall(metrics):
        reason = _REASON.search(labels)
        if float(value):
            found[f"{name}.{reason[1]}" if reason and reason[1] else name] = int(float(value))
    return found


def lost(counters: Mapping[str, int]) -> int:
    """All that was lost or rejected, for whatever reason."""
    return sum(n for name, n in counters.items() if name.partition(".")[0] in {"lost", "rejected"})
