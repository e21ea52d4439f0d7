"""When a miss may ask pagoda."""

import pytest

from fannel.directory.gate import BREAK_S, BUDGET_RATE, BUDGET_S, MAX_UNKNOWN, UNKNOWN_FOR_S, Gate

A, B = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def gate():
    return Gate()


def test_a_first_miss_may_ask(gate):
    assert gate.allows([A], now=0.0)


def test_after_a_failure_nobody_asks_for_a_while(gate):
    gate.failed(now=0.0)
    assert not gate.allows([A], now=BREAK_S - 0.1)
    assert gate.allows([A], now=BREAK_S)


def test_an_address_nobody_has_is_not_asked_about_again_soon(gate):
    gate.nobody([A], now=0.0)
    assert not gate.allows([A], now=UNKNOWN_FOR_S - 0.1)
    assert gate.allows([A], now=UNKNOWN_FOR_S)
    assert gate.allows([A, B], now=1.0)


def test_waiting_is_rationed_and_earned_back(gate):
    assert gate.allows([A], now=0.0)
    gate.spent(BUDGET_S + 1, now=0.0)
    assert not gate.allows([A], now=1 / BUDGET_RATE - 0.1)
    assert gate.allows([A], now=1 / BUDGET_RATE + 0.1)


def test_a_quiet_night_earns_no_more_than_the_cap(gate):
    gate.allows([A], now=0.0)
    gate.allows([A], now=1e6)
    gate.spent(BUDGET_S, now=1e6)
    assert not gate.allows([A], now=1e6)


def test_a_clock_that_steps_back_breaks_nothing(gate):
    gate.spent(1.0, now=100.0)
    assert gate.allows([A], now=50.0)


def test_strangers_are_remembered_within_bounds(gate):
    gate.nobody((str(n) for n in range(MAX_UNKNOWN + 10)), now=0.0)
    assert gate.allows(["0"], now=1.0)
    assert not gate.allows([str(MAX_UNKNOWN)], now=1.0)
    assert len(gate._unknown_until) == MAX_UNKNOWN
