"""What a spool is to its two ends: two protocols and the records that pass between.

They are two because the ends are two processes: the receiver appends and is told what was lost, the event source reads
and acknowledges. Kept to what a NATS JetStream consumer offers too (publish, fetch, ack, pending), so that several
machines can share one later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fannel.intake.datagram import Datagram

# A position is two octets of a SpoolId.
MAX_BATCH = 2**16

LostReason = Literal["spool_full_info", "spool_full", "spool_age"]


@dataclass(frozen=True, slots=True, order=True)
class SpoolId:
    """Where a datagram stands in the spool: its identity for as long as it is there, and never given to another.

    Ordered as appended. `batch` counts up across restarts and across a file that was replaced; `position` counts
    within the batch and has gaps where datagrams were evicted.
    """

    batch: int
    position: int

    def octets(self) -> bytes:
        """The identity as ten octets that sort like it: as many as a ULID has beside its time."""
        return self.batch.to_bytes(8) + self.position.to_bytes(2)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A datagram as it was appended, with its identity."""

    id: SpoolId
    datagram: Datagram


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait.

    `octets` bounds what is held, packed; SQLite's file is somewhat larger (docs of `database.py`). When it would be
    exceeded, `sift_most` bounds how many datagrams one append asks about before it takes the oldest whatever they are:
    a receiver must not stop for a minute to look through a gigabyte.
    """

    octets: int = 2**30
    age_s: float = 7 * 86_400.0
    sift_most: int = 20_000


@dataclass(frozen=True, slots=True)
class Lost:
    """Datagrams that were spooled and had to go: an `info` because it was full, any because it was full, or by age."""

    reason: LostReason
    datagrams: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """A damaged file was put aside as `path` (None: it had vanished) and a fresh one begun.

    `salvaged` datagrams were carried over under their identities. `lost` is how many were not, as far as anybody can
    know: None when the damage was found at start, before anything was counted.
    """

    path: str | None
    reason: str
    salvaged: int
    lost: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an append or a tidying did. `batch` is None when nothing was to be appended.

    Each loss and each file set aside is in exactly one receipt.
    """

    batch: int | None
    lost: tuple[Lost, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


class Gauges(Protocol):
    """What either end can say about the whole spool."""

    def depth(self) -> int:
        """Datagrams that are not acknowledged."""

    def oldest_s(self) -> float:
        """Seconds since the oldest of them was appended; 0 when there is none."""

    def octets(self) -> int:
        """Octets that count against `Bounds.octets`."""

    def close(self) -> None:
        """Let go of everything. Idempotent."""


class SpoolWriter(Gauges, Protocol):
    """The receiver's end. There is one at a time. Thread-safe."""

    def append(self, batch: Sequence[Datagram], *, durable: bool) -> Receipt:
        """Append up to 65,536 datagrams, all or none; `durable` also waits for the disk (before an inform is answered).

        Raises:
            SpoolError: nothing of the batch was kept; informs are to be refused, traps counted. The next call tries
                anew, so that the spool recovers by itself.
            ValueError: the batch is too long.
        """

    def tidy(self) -> Receipt:
        """Drop what is acknowledged or too old. `append` does so too; call this every second or so for quiet times.

        Raises:
            SpoolError: it could not be done; call again later.
        """


class SpoolReader(Gauges, Protocol):
    """The event source's end. Thread-safe."""

    def read(self, after: SpoolId | None, most: int) -> Sequence[Spooled]:
        """Up to `most` unacknowledged datagrams in order, those after `after`, or (None) from the oldest.

        Raises:
            SpoolError: nothing was read; call again later.
        """

    def acknowledge(self, ids: Iterable[SpoolId]) -> None:
        """Say that these are handled, in any order, any part of a batch; saying it twice changes nothing.

        An acknowledgement survives `kill -9`; after a power cut it may be forgotten and the datagram read again.

        Raises:
            SpoolError: none of them is acknowledged; call again later.
        """

    def wait(self, after: SpoolId | None, timeout_s: float) -> bool:
        """Whether `read(after, …)` would give anything; waits up to `timeout_s` for it.

        Raises:
            SpoolError: as `read`.
        """
