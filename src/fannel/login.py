"""One login at a time for each device, whoever runs: local playbooks, replicas, AWX jobs.

Before a check logs in it takes the device's lease, waits while another run has it, and gives it back at the end. A run
that had to give up says who was in its way; one whose lease was lost sends nothing more.
"""

from __future__ import annotations

import os
import random
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fannel.checks import session
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
class Turns:
    """Who may log in now. `zone` is for the times people read."""

    leases: Leases
    policy: config.Leases
    zone: tzinfo
    now: Callable[[], datetime] = lease.utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def look(self, event: Json, work: Callable[[Keeper], Verdict], idle: Callable[[], None]) -> Verdict:
        """Do `work` when it is our turn; what was in the way is a verdict, or told in it.

        `idle` is called every now and then while it waits.
        """
        host = event["host"]["name"]
        started = self.clock()
        try:
            taken, other = self._wait(lease.login(host), owner_of(event), idle)
        except StoreError as error:
            return session.inconclusive(f"nobody can tell whether another run is logged in to this device: {error}")
        waited_s = self.clock() - started
        if taken is None:
            return session.inconclusive(f"{self._who(other)} is looking at this device; gave up after {waited_s:.0f} s")
        with lease.Keeper(self.leases, taken, self.policy.hold_s, StoreError, self.now) as kept:
            verdict = work(kept)
        if waited_s < SAID_AFTER_S:
            return verdict
        return replace(verdict, waited=f"waited {waited_s:.0f} s: {self._who(other)} was looking at this device")

    def _wait(self, name: str, owner: str, idle: Callable[[], None]) -> tuple[Lease | None, Lease | None]:
        """The lease, or None after `wait_s`; and who had it last."""
        other: Lease | None = None
        until = self.clock() + self.policy.wait_s
        while True:
            taken = self.leases.acquire(name, owner, self.policy.hold_s, self.now())
            if taken is not None:
                return taken, other
            other = self.leases.holder(name, self.now()) or other
            if self.clock() >= until:
                return None, other
            idle()
            # Not all at the same instant, lest they fail together in SQLite, which has one writer.
            self.sleep(POLL_S * random.uniform(0.5, 1.0))  # noqa: S311  (no secret)

    def _who(self, other: Lease | None) -> str:
        if other is None:
            return "another run"
        return f"another run ({other.owner}, since {other.taken_at.astimezone(self.zone):%H:%M:%S})"
