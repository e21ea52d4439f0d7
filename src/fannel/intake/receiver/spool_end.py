"""The receiver's end of the spool as the append thread uses it: counted, said, and opened again when it has to be.

What is known of the spool for health and metrics is noted here by the append thread, so that whoever asks does not
wait for the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.spool import (
    SpoolError,
    SpoolOwnedError,
    SpoolReadOnlyError,
    SpoolUnreachableError,
)
from fannel.intake.vital import Vital

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram
    from fannel.intake.spool import Receipt, SpoolWriter

log = logs.Logger("fannel.receiver")

# How long a loss is a reason to call the spool unwell, and how often its trouble is said while it lasts.
LATELY_S = 60.0
# Nothing that time heals: somebody has to mend it, and sees it at once.
_AT_START = (SpoolOwnedError, SpoolReadOnlyError, SpoolUnreachableError)


@dataclass(frozen=True, slots=True)
class Gauges:
    """The spool as of a moment ago."""

    depth: int = 0
    oldest_s: float = 0.0
    octets: int = 0


class SpoolEnd:
    """Raises SpoolError from `append` alone; everything that `SpoolWriter` tells is counted."""

    def __init__(self, open_writer: Callable[[], SpoolWriter], bound: int, counters: Counters) -> None:
        """Open it; `bound` is `Bounds.octets`.

        Raises:
            SpoolError: somebody has to do something. A full disk is waited for.
        """
        self._open, self._bound, self._counters = open_writer, bound, counters
        self._writer: SpoolWriter | None = None
        self.trouble: SpoolError | None = None
        self._said = self._lost = float("-inf")
        self.gauges = Gauges()
        try:
            self._writer = open_writer()
        except _AT_START:
            raise
        except SpoolError as error:
            self._failed(error, 0.0)

    def append(self, batch: Sequence[Datagram], now: float, *, durable: bool) -> None:
        """Append; `now` here and below: seconds of a clock that only runs forward. Raises SpoolError."""
        try:
            if self._writer is None:
                self._writer = self._open()
            receipt = self._writer.append(batch, durable=durable)
        except SpoolError as error:
            self._failed(error, now)
            raise
        self._well()
        self._account(receipt, now)

    def tidy(self, now: float) -> None:
        """Once a second: let go of what is handled, and look how things are."""
        if self._writer is None:
            return
        try:
            receipt = self._writer.tidy()
            self.gauges = Gauges(self._writer.depth(), self._writer.oldest_s(), self._writer.octets())
        except SpoolError as error:
            self._failed(error, now)
            return
        self._account(receipt, now)

    def close(self) -> None:
        """Let the next writer in."""
        if self._writer is not None:
            self._writer.close()

    def vital(self, now: float) -> Vital:
        """How it is."""
        gauges = self.gauges
        filled = gauges.octets / self._bound
        held = f"{gauges.depth} waiting, the oldest for {gauges.oldest_s:.0f} s, {filled:.0%} full"
        if self.trouble is not None:
            return Vital("spool", ok=False, detail=f"{self.trouble} ({held})")
        if now - self._lost < LATELY_S:
            return Vital("spool", ok=False, detail=f"it lost datagrams; is the event source running? ({held})")
        return Vital("spool", ok=True, detail=held)

    def _account(self, receipt: Receipt, now: float) -> None:
        for lost in receipt.lost:
            self._counters.add("lost", lost.reason, lost.datagrams)
            self._lost = now
        for aside in receipt.set_aside:
            log.error(
                "a damaged spool was set aside",
                path=aside.path,
                reason=aside.reason,
                salvaged=aside.salvaged,
                lost="unknown" if aside.lost is None else aside.lost,
            )
            self._counters.add("spool_set_aside")
            if aside.lost:
                self._counters.add("lost", "spool_damaged", aside.lost)
                self._lost = now

    def _failed(self, error: SpoolError, now: float) -> None:
        self._counters.add("spool_errors")
        if type(error) is not type(self.trouble) or now - self._said >= LATELY_S:
            log.error("the spool refuses", reason=str(error))
            self._said = now
        self.trouble = error

    def _well(self) -> None:
        if self.trouble is not None:
            log.info("the spool takes datagrams again")
            self.trouble = None
