"""ansible-rulebook as a child process, watched for what it says."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fannel.lab.process import GroupProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class RulebookProcess(GroupProcess):
    """Runs while the block lasts; its output is in `lines`, both streams."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        super().__init__(command, env, cwd)
        self._said = threading.Condition()
        self.lines: list[str] = []

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
                if left <= 0 or not self.alive:
                    return False
                self._said.wait(min(left, 0.5))
            return True

    def heard(self, line: str | None) -> None:
        """Keep it, and wake who waits."""
        with self._said:
            if line is not None:
                self.lines.append(line)
            self._said.notify_all()
