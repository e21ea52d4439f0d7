"""A process the bench starts: its own process group, ended for certain; the bench's own ones answer in JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_TIMEOUT_S = 15.0
_KEPT_LINES = 200


class BenchError(Exception):
    """A row could not be measured; the text says why."""


class Child:
    """A command that runs while the block lasts."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self._command = list(command)
        self._env = dict(env) if env is not None else None
        self._cwd = cwd
        self._process: subprocess.Popen[str] | None = None
        self._lines: Queue[str | None] = Queue()
        self._said: list[str] = []

    @classmethod
    def module(cls, name: str, *arguments: object) -> Self:
        """One of the bench's own programs, in this Python."""
        return cls([sys.executable, "-m", name, *(str(argument) for argument in arguments)])

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  (our own programs and peers found on PATH)
            self._command,
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        threading.Thread(target=self._listen, name="bench child output", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self._said)

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        stdin = self._running.stdin
        assert stdin is not None  # noqa: S101  (a pipe was asked for)
        with contextlib.suppress(BrokenPipeError):
            stdin.write(f"{line}\n")
            stdin.flush()

    def answer(self, timeout_s: float) -> dict[str, Any]:
        """The next line that is a JSON object.

        Raises:
            BenchError: it ended, or the time is up.
        """
        while True:
            try:
                line = self._lines.get(timeout=timeout_s)
            except Empty:
                raise BenchError(f"{self._name} said nothing for {timeout_s:.0f} s: {self.said[-500:]}") from None
            if line is None:
                raise BenchError(f"{self._name} ended: {self.said[-500:]}")
            with contextlib.suppress(ValueError):
                if isinstance(found := json.loads(line), dict):
                    return found

    def stop(self) -> None:
        """End it, as an operator would, and for certain. Idempotent."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # What it started and did not end: the group is ours alone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None  # noqa: S101  (only inside the block)
        return self._process

    @property
    def _name(self) -> str:
        return " ".join(self._command[:4])

    def _listen(self) -> None:
        stdout = self._running.stdout
        assert stdout is not None  # noqa: S101  (a pipe was asked for)
        for line in stdout:
            self._said.append(line.rstrip("\n"))
            del self._said[:-_KEPT_LINES]
            self._lines.put(line)
        self._lines.put(None)


def answer(**facts: object) -> None:
    """Say something to the bench from one of its own programs."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
