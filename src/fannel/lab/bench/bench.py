"""The rows and what they share: the folder, the time each may take, and where progress is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fannel.lab.bench.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# What a child may need beside the time it was asked for: a machine that is busy with something else.
GRACE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Bench:
    """One run. `seconds` is how long a rate is held, `traps` how many the row of memory sends.

    `rulebook` makes the command line and the environment of ansible-rulebook, as `fannel run` does: from its options,
    the variables FANNEL is to read, and the folder it runs in.
    """

    folder: Path
    rulebook: Callable[[Sequence[str], Mapping[str, str], Path], tuple[list[str], dict[str, str]]]
    seconds: float = 30.0
    burst: int = 200_000
    traps: int = 2_000_000
    senders: int = 64
    say: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender did: how many, and from when to when (monotonic clock)."""

    count: int
    first: float
    last: float
    refused: int
    cpu_s: float

    @property
    def cores(self) -> float:
        """What sending took."""
        return self.cpu_s / max(1e-9, self.last - self.first)

    @property
    def rate(self) -> float:
        """Traps a second that were offered."""
        return self.count / max(1e-9, self.last - self.first)


def sender(port: int, count: int, rate: float | None, *, devices: int = 1, interfaces: int = 100) -> Child:
    """A sender to start as a context and to make send by `send()`."""
    paced = ["--rate", rate] if rate is not None else []
    shape = ["--devices", devices, "--interfaces", interfaces]
    return Child.module("fannel.lab.bench.sender", port, "--count", count, *paced, *shape)


def send(child: Child, timeout_s: float, *, count: int | None = None) -> Sent:
    """Have a ready sender send: all that is left, or so many."""
    child.tell("GO" if count is None else str(count))
    return sent_of(child.answer(timeout_s + GRACE_S))


def sent_of(said: dict[str, Any]) -> Sent:
    """What a sender said."""
    return Sent(said["sent"], said["first"], said["last"], said["refused"], said["cpu_s"])
