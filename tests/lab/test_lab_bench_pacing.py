"""Pacing: what is due by the clock is sent, in batches of a millisecond, and no error adds up."""

import pytest

from fannel.lab.bench.pacing import BACK_TO_BACK, TICK_S, due, pace


class Clock:
    """Time that passes by sleeping, and by sending where that takes some."""

    def __init__(self, per_trap_s: float = 0.0) -> None:
        self.now = 100.0
        self.per_trap_s = per_trap_s
        self.batches: list[tuple[float, int]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, count: int) -> None:
        self.batches.append((self.now, count))
        self.now += count * self.per_trap_s

    def pace(self, count: int, rate: float | None, until: float | None = None) -> int:
        return pace(self.send, count, rate, until=until, clock=self, sleep=self.sleep)


@pytest.mark.parametrize(
    ("elapsed_s", "expected"), [(-1, 0), (0, 0), (0.0005, 0), (0.001, 1), (0.5, 500), (1.0, 1000), (9.0, 1500)]
)
def test_what_is_due_follows_the_clock_and_never_exceeds_the_count(elapsed_s, expected):
    assert due(elapsed_s, 1000, 1500) == expected


def test_a_rate_takes_as_long_as_it_says():
    clock = Clock()
    assert clock.pace(80_000, 40_000) == 80_000
    assert clock.now - 100 == pytest.approx(2.0, abs=2 * TICK_S)


def test_batches_are_those_of_a_millisecond():
    clock = Clock()
    clock.pace(80_000, 80_000)
    assert max(count for _, count in clock.batches) <= 81


def test_a_sender_that_was_held_up_catches_up():
    clock = Clock()
    held_up = iter([0.25])

    def send(count: int) -> None:
        clock.send(count)
        clock.now += next(held_up, 0.0)

    pace(send, 10_000, 10_000, clock=clock, sleep=clock.sleep)
    assert clock.now - 100 == pytest.approx(1.0, abs=2 * TICK_S)


def test_a_sender_that_is_too_slow_sends_all_the_same():
    clock = Clock(per_trap_s=1 / 5_000)
    assert clock.pace(10_000, 10_000) == 10_000
    assert clock.now - 100 == pytest.approx(2.0, rel=0.02)


def test_without_a_rate_it_never_sleeps():
    clock = Clock()
    assert clock.pace(2 * BACK_TO_BACK + 1, None) == 2 * BACK_TO_BACK + 1
    assert clock.now == 100
    assert [count for _, count in clock.batches] == [BACK_TO_BACK, BACK_TO_BACK, 1]


def test_when_the_time_is_up_it_stops_and_says_how_many():
    assert Clock().pace(10_000, 1_000, until=102.0) == pytest.approx(2_000, abs=2)
