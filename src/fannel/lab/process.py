"""A child process in a process group of its own: started, read line by line, and ended for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_TIMEOUT_S = 15.0


class GroupProcess:
    """Runs a command while the block lasts. Both its streams come to `heard()`, line by line."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        """`env` is the whole environment; None: ours."""
        self.command = list(command)
        self._env = dict(env) if env is not None else None
        self._cwd = cwd
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  (our own programs, and peers found on PATH)
            self.command,
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        threading.Thread(target=self._listen, name="child output", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def heard(self, line: str | None) -> None:
        """One line it wrote, without its end; None: no more will come. Called in a thread of its own."""

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        stdin = self._running.stdin
        assert stdin is not None  # noqa: S101  (a pipe was asked for)
        with contextlib.suppress(BrokenPipeError):
            stdin.write(f"{line}\n")
            stdin.flush()

    def stop(self) -> int:
        """End it as an operator would, and for certain; its exit status. Idempotent."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        # What it started and did not end, a playbook under way say: the group is ours alone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        return status

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None  # noqa: S101  (only inside the block)
        return self._process

    def _listen(self) -> None:
        stdout: IO[str] | None = self._running.stdout
        assert stdout is not None  # noqa: S101  (a pipe was asked for)
        for line in stdout:
            self.heard(line.rstrip("\n"))
        self.heard(None)
