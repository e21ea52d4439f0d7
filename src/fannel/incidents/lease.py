"""A lease: who may do something now, until when, shared by every process on one database.

A holder that dies frees it by its expiry. The token of a name only counts up, so that of two who believe they hold it
the later one is known. `Keeper` renews a lease while a block lasts and says when it was lost.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Lease:
    """`owner` holds `name` since `taken_at` until `expires_at`, for the `token`-th time anybody did."""

    name: str
    owner: str
    token: int
    taken_at: datetime
    expires_at: datetime


def login(host: str) -> str:
    """The lease of logging in to a device: one for all its subjects, so that they share its few lines."""
    return f"login/{host}"


def channel(channel_id: str) -> str:
    """The lease of posting to a Slack channel."""
    return f"channel/{channel_id}"


class Renewing(Protocol):
    """Where a lease is renewed and given back (`incidents.store.Leases`)."""

    def renew(self, lease: Lease, for_s: float, now: datetime) -> Lease | None:
        """The lease with a later expiry; None when somebody else has it."""

    def release(self, lease: Lease) -> bool:
        """Give it back; False when it was not held any more."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class Keeper:
    """Holds a lease while its block lasts: renews it at a third of the time, gives it back at the end.

    `lost` turns true when somebody else has it, or when it expired because it could not be renewed (`unrenewable` are
    the errors that mean so): what is done from then on may be done by two.
    """

    def __init__(
        self,
        leases: Renewing,
        lease: Lease,
        for_s: float,
        unrenewable: type[Exception],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._leases = leases
        self._for_s = for_s
        self._unrenewable = unrenewable
        self._now = now
        self._taken = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"fannel-lease-{lease.name}", daemon=True)
        self.lease = lease

    @property
    def lost(self) -> bool:
        """Whether somebody else may have it by now."""
        return self._taken or self._now() >= self.lease.expires_at

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        try:
            self._leases.release(self.lease)
        except self._unrenewable:
            return  # then it ends by its expiry

    def _renew(self) -> None:
        while not self._taken and not self._ending.wait(self._for_s / 3):
            try:
                renewed = self._leases.renew(self.lease, self._for_s, self._now())
            except self._unrenewable:
                continue  # the next try may come in time
            if renewed is None:
                self._taken = True
            else:
                self.lease = renewed
