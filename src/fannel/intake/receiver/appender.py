"""The append thread: from the buffer to the spool in batches, then answers. It alone uses the spool and the keys.

A batch with an inform in it is synced before the inform is answered. What is counted adds up at any time (`ledger.py`).

While the spool refuses, informs stay unanswered, so their senders keep them; traps are held and tried again for a
while, as a lock or a full disk often passes, and are counted as lost after that. Lines of connections are held until it
takes them: their senders were told by TCP that we have them, and send no more meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.datagram import STREAMS, Note
from fannel.intake.receiver.answers import Asking, acknowledge, report
from fannel.intake.spool import SpoolError
from fannel.intake.vital import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram
    from fannel.intake.listen import Listener
    from fannel.intake.receiver.answers import Answers
    from fannel.intake.receiver.buffer import Buffer
    from fannel.intake.receiver.canary import Canaries
    from fannel.intake.receiver.kernel_drops import KernelDrops
    from fannel.intake.receiver.mmsg import Chunk
    from fannel.intake.receiver.notice import Notices
    from fannel.intake.receiver.spool_end import SpoolEnd

log = logs.Logger("fannel.receiver")

# One append. Large enough that a transaction costs little for each, small enough that packing it, which holds Python's
# lock, does not keep the drain waiting.
BATCH, BATCH_OCTETS = 2048, 2 * 2**20
# How long traps are held while the spool refuses, and how often it is asked.
HOLD_S, RETRY_S = 5.0, 0.25
EVERY_S = 1.0
# A round with a disk that takes its time is in order.
STALLED_AFTER_S = 30.0
REPORT_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Stations:
    """What the append thread uses, each given."""

    buffer: Buffer
    spool: SpoolEnd
    answers: Answers
    canaries: Canaries
    notices: Notices
    drops: KernelDrops
    counters: Counters
    batch_octets: int = BATCH_OCTETS


class Appender:
    """Runs from `start()` until the buffer is closed and empty. `failed` is called when a defect ended it before."""

    def __init__(
        self,
        stations: Stations,
        *,
        failed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._at = stations
        self._counters = stations.counters
        self._failed, self._clock, self._now = failed, clock, now
        self._batch: list[Datagram] = []
        self._octets = 0
        self._asking: list[Asking] = []
        self._canaries: list[bytes] = []
        self._refused_since: float | None = None
        self._again = 0.0  # not before then
        self._next, self._report = 0.0, clock() + REPORT_EVERY_S
        self._reported: dict[str, int] = {}
        self._ending = False
        self.drops_lately = 0
        self._dropped = float("-inf")
        self.heartbeat = Heartbeat("append thread", STALLED_AFTER_S, clock)
        self._thread = threading.Thread(target=self._run, name="fannel-append", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Whether it has come to its end."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work()
        except Exception:
            # A receiver that keeps nothing must not look alive: the process ends and is started again.
            log.exception("the append thread failed")
            self._failed()

    def _work(self) -> None:
        while not (self._at.buffer.drained and not self._batch):
            self.heartbeat.beat()
            now = self._clock()
            if now >= self._next:
                self._next = now + EVERY_S
                self._once_a_second(now)
            self._step(now)
        self._ending = True
        self._once_a_second(self._clock())

    def _step(self, now: float) -> None:
        """Take what there is, and append it unless the spool refused a moment ago."""
        room, octets = BATCH - len(self._batch), self._at.batch_octets - self._octets
        until = min(self._next, self._again) if self._batch else self._next
        for chunk in self._at.buffer.take(room, octets, until - now):
            self._admit(chunk)
        now = self._clock()
        if self._batch and (now >= self._again or self._full or self._at.buffer.drained):
            self._flush(now)

    @property
    def _full(self) -> bool:
        return len(self._batch) >= BATCH or self._octets >= self._at.batch_octets

    # --- into the batch ------------------------------------------------------------------------------------------

    def _admit(self, chunk: Chunk) -> None:
        concerns, expected = self._at.answers.concerns, self._at.canaries.expected
        self._octets += chunk.octets
        if not expected and not (chunk.wants_answers and any(map(concerns, chunk.payloads))):
            self._batch += chunk.datagrams()
            return
        for place, datagram in enumerate(chunk.datagrams()):
            if datagram.payload in expected:
                self._at.canaries.received(datagram.payload)
                self._canaries.append(datagram.payload)
                self._batch.append(datagram._replace(note=Note.CANARY))
            elif chunk.wants_answers and concerns(datagram.payload):
                self._judge(datagram, chunk.listener, chunk.arrival(place))
            else:
                self._batch.append(datagram)

    def _judge(self, datagram: Datagram, listener: Listener, arrival: bytes) -> None:
        judgement = self._at.answers.judge(datagram)
        if judgement.reply is not None:
            report(listener, datagram, arrival, judgement.reply, self._counters)
        if not judgement.keep:
            self._counters.add_all({("rejected", judgement.rejected): 1, ("buffered", ""): -1})
            return
        if judgement.respond is not None:
            self._asking.append(Asking(len(self._batch), datagram, listener, arrival, judgement.respond))
        self._batch.append(datagram._replace(note=judgement.note))

    # --- out of the batch ----------------------------------------------------------------------------------------

    def _flush(self, now: float) -> None:
        """Append the batch, with a notice if one is due; answer its informs."""
        notice = self._at.notices.due(self._now(), final=self._ending)
        batch = [*self._batch, notice] if notice is not None else self._batch
        if not batch:
            return
        try:
            self._at.spool.append(batch, now, durable=bool(self._asking))
        except SpoolError:
            self._refuse(now)
            return
        self._refused_since, self._again = None, 0.0
        arrived = len(self._batch)
        changes = Counter({("spooled", ""): len(batch), ("buffered", ""): -arrived})
        if notice is not None:
            self._at.notices.told(notice)
            changes["notices", ""] = 1
        if self._canaries:
            changes["canaries", ""] = len(self._canaries)
        self._counters.add_all(changes)
        for asking in self._asking:
            acknowledge(asking, self._counters)
        for payload in self._canaries:
            self._at.canaries.spooled(payload, now)
        self._begin_anew([])

    def _refuse(self, now: float) -> None:
        """Let the informs go, which nobody answered; hold the traps for a while, then count them as lost."""
        informs = {asking.place for asking in self._asking}
        traps = [datagram for place, datagram in enumerate(self._batch) if place not in informs]
        changes = Counter({("rejected", "inform_refused"): len(informs), ("informs_refused", ""): len(informs)})
        changes["buffered", ""] = -len(informs)
        if self._refused_since is None:
            self._refused_since = now
        if now - self._refused_since >= HOLD_S or self._at.buffer.drained:
            held = [] if self._at.buffer.drained else [one for one in traps if one.transport in STREAMS]
            changes["lost", "spool_refused"] = len(traps) - len(held)
            changes["buffered", ""] -= len(traps) - len(held)
            traps = held
        self._counters.add_all(changes)
        full = self._full
        self._begin_anew(traps)
        self._again = now + RETRY_S
        if traps and full:
            time.sleep(RETRY_S)

    def _begin_anew(self, batch: list[Datagram]) -> None:
        self._batch, self._asking = batch, []
        self._octets = sum(len(datagram.payload) for datagram in batch)
        if not batch:
            self._canaries = []

    # --- once a second -------------------------------------------------------------------------------------------

    def _once_a_second(self, now: float) -> None:
        if dropped := self._at.drops.since_last():
            self._counters.add_all({("received", ""): dropped, ("lost", "kernel"): dropped})
            self.drops_lately, self._dropped = self.drops_lately + dropped, now
        elif now - self._dropped > REPORT_EVERY_S:
            self.drops_lately = 0
        self._at.spool.tidy(now)
        self._at.canaries.send_due(now, self._now())
        if not self._batch:
            self._flush(now)  # a notice may be due
        if now >= self._report:
            self._report = now + REPORT_EVERY_S
            if (counts := self._counters.as_dict()) != self._reported:
                log.info("datagrams", **counts)
                self._reported = counts
