"""Counters: what is moved as one is never seen half moved."""

import threading

from fannel.intake.counters import Counters


class Halting(dict):
    """Changes that halt half-way, until they may go on."""

    def __init__(self, changes):
        super().__init__(changes)
        self.halfway, self.go_on = threading.Event(), threading.Event()

    def items(self):
        for key, n in super().items():
            yield key, n
            self.halfway.set()
            assert self.go_on.wait(10)


def test_when_a_batch_is_half_moved_nobody_sees_it():
    counters = Counters()
    counters.add_all({("received", ""): 10, ("buffered", ""): 10})
    changes = Halting({("buffered", ""): -10, ("spooled", ""): 10})
    seen = []
    mover = threading.Thread(target=counters.add_all, args=[changes], daemon=True)
    looker = threading.Thread(target=lambda: seen.append(counters.snapshot()), daemon=True)
    mover.start()
    assert changes.halfway.wait(10)
    looker.start()
    looker.join(timeout=0.2)
    changes.go_on.set()
    looker.join(timeout=10)
    assert seen == [{("received", ""): 10, ("buffered", ""): 0, ("spooled", ""): 10}]


def test_a_snapshot_is_of_its_moment():
    counters = Counters()
    counters.add("received")
    seen = counters.snapshot()
    counters.add("received")
    assert seen == {("received", ""): 1}


def test_reasons_are_summed_unless_one_is_asked_for():
    counters = Counters()
    counters.add_all({("lost", "kernel"): 2, ("lost", "buffer_full"): 3, ("received", ""): 9})
    assert (counters.get("lost"), counters.get("lost", "kernel"), counters.get("nothing")) == (5, 2, 0)
    assert counters.as_dict() == {"lost.buffer_full": 3, "lost.kernel": 2, "received": 9}
