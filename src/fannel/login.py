"""One login at a time for each device, whoever runs: local playbooks, replicas, AWX jobs.

Before a run logs in it takes the device's lease, waits while another run has it, and gives it back at the end. While
it waits, whoever is logged in may answer for it. A run that had to give up says who was in its way; one whose lease
was lost sends nothing more.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fannel.checks.errors import DeviceError
from fannel.incidents import lease
from fannel.incidents.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from fannel import config
    from fannel.checks.verdict import Verdict
    from fannel.event import Json
    from fannel.incidents.lease import Keeper, Lease
    from fannel.incidents.store import Leases

    Ask = Callable[[str], str]

# Shorter than this nobody asks why it took so long.
SAID_AFTER_S = 3.0
POLL_S = 0.5


class Device(Protocol):
    """A device that is logged in to with the first command, and never again once that failed."""

    @property
    def lost(self) -> bool:
        """Whether its session is over, though it was there: what is asked next needs another login."""

    def ask(self, command: str) -> str:
        """What it prints. Raises DeviceError; after a failed login the same one again, whatever is asked."""

    def hidden(self, verdict: Verdict) -> Verdict:
        """The verdict without what must not be shown: passwords that the device or its plugins repeated."""

    def hang_up(self) -> None:
        """End the session at once, if there is one."""


def owner_of(event: Json) -> str:
    """What others are told of who holds a lease: for which incident, and where to look for the run."""
    incident = event.get("incident", {}).get("id")
    run = f"incident {incident}" if incident else "a check"
    return f"{run} on {socket.gethostname()}, process {os.getpid()}"


def guarded(ask: Ask, kept: Keeper) -> Ask:
    """`ask` for as long as the lease is held: after that another run may be logged in."""

    def ask_while_held(command: str) -> str:
        if kept.lost:
            raise DeviceError("the lease of this device was lost, another run may be logged in", lost=True)
        return ask(command)

    return ask_while_held


@dataclass(frozen=True, slots=True)
class Turn:
    """How the wait ended: with the lease; without, because it was answered meanwhile; or without anything."""

    lease: Lease | None = None
    answer: Json | None = None
    waited: str = ""


@dataclass(frozen=True, slots=True)
class Turns:
    """Who may log in now. `zone` is for the times people read."""

    leases: Leases
    policy: config.Leases
    zone: tzinfo
    now: Callable[[], datetime] = lease.utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def take(self, event: Json, answered: Callable[[], Json | None]) -> Turn:
        """Wait for our turn, or until somebody else has answered; `waited` tells what was in the way.

        Raises:
            StoreError: nobody can tell whose turn it is.
        """
        name, owner = lease.login(event["host"]["name"]), owner_of(event)
        started = self.clock()
        other: Lease | None = None
        while True:
            # First, lest a login be spent on what is answered already.
            if (answer := answered()) is not None:
                return Turn(answer=answer)
            taken = self.leases.acquire(name, owner, self.policy.hold_s, self.now())
            waited_s = self.clock() - started
            if taken is not None:
                # Once more: whoever had it may have answered, and given it back, since we looked.
                if (answer := answered()) is not None:
                    with contextlib.suppress(StoreError):  # it expires by itself
                        self.leases.release(taken)
                    return Turn(answer=answer)
                said = f"waited {waited_s:.0f} s: {self._who(other)} was looking at this device"
                return Turn(lease=taken, waited=said if waited_s >= SAID_AFTER_S else "")
            other = self.leases.holder(name, self.now()) or other
            if waited_s >= self.policy.wait_s:
                return Turn(waited=f"{self._who(other)} is looking at this device; gave up after {waited_s:.0f} s")
            # Not all at the same instant, lest they fail together in SQLite, which has one writer.
            self.sleep(POLL_S * random.uniform(0.5, 1.0))  # noqa: S311  (no secret)

    def _who(self, other: Lease | None) -> str:
        if other is None:
            return "another run"
        return f"another run ({other.owner}, since {other.taken_at.astimezone(self.zone):%H:%M:%S})"
