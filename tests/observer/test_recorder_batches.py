"""How much the recorder takes from the spool at a time: little after calm, more and more in a storm."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram
from fannel.intake.quiet import Quiet, QuietPolicy
from fannel.intake.spool import Spooled, SpoolId
from fannel.intake.storm import Storm, StormPolicy
from fannel.observer.custody import Custody
from fannel.observer.recorder import BATCH, LARGEST_BATCH, Recorder

NOW = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)


class Waiting:
    """A spool in which so many datagrams wait."""

    def __init__(self, waiting):
        self.waiting = waiting
        self.taken = []

    def wait(self, after, timeout_s):
        return self.waiting > 0

    def read(self, after, most):
        some = min(most, self.waiting)
        self.waiting -= some
        self.taken.append(some)
        datagram = Datagram(b"", "192.0.2.1", 4000, NOW)
        return [Spooled(SpoolId(len(self.taken), place), datagram) for place in range(some)]


def test_a_full_batch_is_followed_by_one_twice_as_large_and_calm_by_a_small_one():
    spool = Waiting(BATCH + 2 * BATCH + LARGEST_BATCH + 7)
    store = SimpleNamespace(due=lambda _: [])
    pipeline = SimpleNamespace(store=store, observe=lambda _: [], commit=lambda _: [])
    custody = Custody(Storm(StormPolicy()))
    recorder = Recorder(spool, pipeline, Quiet(QuietPolicy()), custody, Counters(), now=lambda: NOW)
    for _ in range(4):
        recorder.step()
    assert spool.taken == [BATCH, 2 * BATCH, LARGEST_BATCH, 7]
    spool.waiting = 1000
    recorder.step()
    assert spool.taken[-1] == BATCH
