"""Chores run on, whatever becomes of one round of one of them."""

import threading

from fannel.intake.counters import Counters
from fannel.observer.chores import Chores


def test_a_chore_that_fails_in_a_way_nobody_foresaw_has_its_next_round():
    counters, rounds, third = Counters(), [], threading.Event()

    def work():
        rounds.append(None)
        if len(rounds) == 3:
            third.set()
        raise ZeroDivisionError

    chores = Chores(counters)
    chores.add("failing", 0.01, work)
    with chores:
        assert third.wait(10)
    assert counters.get("defects", "chores") >= 2
