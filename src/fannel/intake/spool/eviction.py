"""What leaves the spool: what is handled, and what has to go because it is full or too old, and in which order.

Full: the oldest batch that has any loses its infos, as many batches as it takes; then the oldest batches go whole. A
batch is the unit because rewriting one for every single datagram would cost more than the datagrams are worth.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fannel.intake.spool import batches
from fannel.intake.spool.packing import pack, pack_positions
from fannel.intake.spool.protocol import Lost

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from fannel.intake.datagram import Datagram
    from fannel.intake.spool.batches import Facts
    from fannel.intake.spool.protocol import Bounds, LostReason


class Leaving:
    """What one transaction takes out, to be believed once it is committed. Raises sqlite3.Error and Damage.

    `acknowledged` maps batches to the set of their positions that are handled: those are not lost. `sifted` is the
    batch up to which no info is left.
    """

    def __init__(self, connection: sqlite3.Connection, highest: int, sifted: int) -> None:
        self.datagrams = 0
        self.octets = 0
        self.acknowledged: dict[int, int] = {}
        self.sifted = sifted
        self._connection = connection
        self._highest = highest
        self._lost: Counter[LostReason] = Counter()

    @property
    def lost(self) -> tuple[Lost, ...]:
        """What nobody handled, by reason."""
        return tuple(Lost(reason, number) for reason, number in self._lost.items() if number)

    def handled(self, row: Facts) -> None:
        """Delete a batch that was handled to its last position."""
        self._delete(row)

    def by_age(self, before: float) -> None:
        """Drop the oldest batches, those from before this moment of spool time."""
        while (row := batches.oldest(self._connection)) is not None and row.at < before:
            self._drop(row, "spool_age")

    def for_room(self, excess: int, is_info: Callable[[Datagram], bool], bounds: Bounds, *, before: int) -> None:
        """Free at least `excess` octets more than so far from the batches below number `before`, if there are any."""
        wanted = self.octets + excess
        asked = 0
        while self.octets < wanted and asked < bounds.sift_most:
            row = batches.next_after(self._connection, self.sifted)
            if row is None or row.id >= before:
                break
            asked += row.count
            self._take_infos(row, is_info)
            self.sifted = row.id
        while self.octets < wanted and (row := batches.oldest(self._connection)) is not None:
            if row.id >= before:
                break
            self._drop(row, "spool_full")

    def _drop(self, row: Facts, reason: LostReason) -> None:
        self._lost[reason] += row.unhandled(self.acknowledged.get(row.id, 0)).bit_count()
        self._delete(row)

    def _delete(self, row: Facts) -> None:
        batches.delete(self._connection, row.id, self._highest)
        self.acknowledged.pop(row.id, None)
        self.datagrams += row.count
        self.octets += row.octets

    def _take_infos(self, row: Facts, is_info: Callable[[Datagram], bool]) -> None:
        acknowledged = self.acknowledged.get(row.id, 0)
        unhandled = [
            (position, datagram)
            for position, datagram in zip(row.positions, batches.datagrams(self._connection, row), strict=True)
            if not acknowledged >> position & 1
        ]
        kept = [(position, datagram) for position, datagram in unhandled if not is_info(datagram)]
        if len(kept) == len(unhandled):
            return
        self._lost["spool_full_info"] += len(unhandled) - len(kept)
        self._delete(row)
        if kept:
            positions = pack_positions([position for position, _ in kept])
            body = pack([datagram for _, datagram in kept])
            left = batches.insert(self._connection, row.id, row.at, len(kept), body, positions)
            self.datagrams -= left.count
            self.octets -= left.octets
