"""ansible-rulebook as a child process: started, watched for what it says, and ended for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_TIMEOUT_S = 15


class RulebookProcess:
    """Runs a command in its own process group while the block lasts; its output is in `lines`, both streams."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self._arguments = list(arguments)
        self._env = dict(env)
        self._cwd = cwd
        self._child: subprocess.Popen[str] | None = None
        self._said = threading.Condition()
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603  (our own program)
            self._arguments,
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        threading.Thread(target=self._listen, name="rulebook output", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._child is not None  # noqa: S101  (only inside the block)
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._ended()

    @property
    def output(self) -> str:
        """Everything it said so far."""
        with self._said:
            return "\n".join(self.lines)

    def wait_for(self, words: str, timeout_s: float) -> bool:
        """Wait until a line holds `words`; False if the process ends or the time is up first."""
        deadline = time.monotonic() + timeout_s
        with self._said:
            while not any(words in line for line in self.lines):
                left = deadline - time.monotonic()
                if left <= 0 or self._ended():
                    return False
                self._said.wait(min(left, 0.5))
            return True

    def stop(self) -> int:
        """End it as an operator would, and for certain; its exit status."""
        if self._child is None:
            return 0
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            status = self._child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait()
        # A playbook under way when it ended: the group is ours alone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        return status

    def _ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _listen(self) -> None:
        assert self._child is not None  # noqa: S101
        assert self._child.stdout is not None  # noqa: S101
        for line in self._child.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()
