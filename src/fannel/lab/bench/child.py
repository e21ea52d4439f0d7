"""A process the bench starts; the bench's own ones answer in JSON lines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import deque
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Self

from fannel.lab.process import GroupProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_KEPT_LINES = 200


class BenchError(Exception):
    """A row could not be measured; the text says why."""


class Child(GroupProcess):
    """A command that runs while the block lasts."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        super().__init__(command, env, cwd)
        self._lines: Queue[str | None] = Queue()
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)

    @classmethod
    def module(cls, name: str, *arguments: object) -> Self:
        """One of the bench's own programs, in this Python."""
        return cls([sys.executable, "-m", name, *(str(argument) for argument in arguments)])

    @property
    def said(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self._said)

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

    def heard(self, line: str | None) -> None:
        """Keep the last ones for an error's text, and hand it to whoever waits for an answer."""
        if line is not None:
            self._said.append(line)
        self._lines.put(line)

    @property
    def _name(self) -> str:
        return " ".join(self.command[:4])


def answer(**facts: object) -> None:
    """Say something to the bench from one of its own programs."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
