"""One source cannot drown the others, and none of its states is lost for that."""

from __future__ import annotations

from collections import Counter

import pytest
from storms import said, seconds, told

from fannel.intake.passing import Passing, Rank
from fannel.intake.source_limit import SourceLimit, SourceLimits

LIMIT = SourceLimit(
    rate=1,
    burst=2,
    overtaking_rate=1,
    overtaking_burst=3,
    calm_s=30,
    most_sources=4,
    most_held=5,
)


@pytest.fixture
def suppressed():
    return Counter()


@pytest.fixture
def limits(suppressed):
    return SourceLimits(LIMIT, suppressed)


def offer(limits, event, at=0.0, rank=Rank.ROUTINE):
    return told(one.told() for one in limits.offer(Passing(event, rank), at))


def use_up(limits, at=0.0, host="rt1"):
    """Spend the first bucket of a source."""
    for n in range(LIMIT.burst):
        assert offer(limits, said("info", f"first {n}", host=host), at)


def due(limits, at):
    return told(one.told() for one in limits.due(at, 100))


def notices(limits):
    return [(notice.problem, notice.phase) for notice in limits.notices()]


def test_within_its_burst_a_source_is_not_held(limits):
    use_up(limits)
    assert notices(limits) == []
    assert limits.storming == 0


def test_beyond_it_what_is_routine_waits_until_the_bucket_has_refilled(limits):
    use_up(limits)
    assert offer(limits, said("info", "late")) == []
    assert due(limits, 0.9) == []
    assert due(limits, 1.0) == [("info", "late", 1)]


def test_its_last_state_waits_not_its_history(limits, suppressed):
    use_up(limits)
    for phase in ("raise", "raise", "clear", "raise", "raise"):
        assert offer(limits, said(phase, "Gi1")) == []
    assert due(limits, 1.0) == [("raise", "Gi1", 2)]
    assert +suppressed == {"superseded": 3}


def test_urgent_events_overtake_up_to_a_bound_of_their_own(limits):
    use_up(limits)
    assert offer(limits, said("info", "routine")) == []
    passed = [offer(limits, said("clear", f"Gi{n}"), rank=Rank.URGENT) for n in range(5)]
    assert passed == [[("clear", f"Gi{n}", 1)] for n in range(3)] + [[], []]
    assert due(limits, 1.0) == [("clear", "Gi3", 1), ("clear", "Gi4", 1)]
    assert due(limits, 3.0) == [("info", "routine", 1)]


def test_an_urgent_event_takes_along_what_waits_of_its_fingerprint(limits, suppressed):
    use_up(limits)
    offer(limits, said("info", "Gi1", problem="interface_down", kind="note"))
    offer(limits, said("raise", "Gi1"))
    assert offer(limits, said("clear", "Gi1"), rank=Rank.URGENT) == [("info", "Gi1", 1), ("clear", "Gi1", 1)]
    assert +suppressed == {"superseded": 1}
    assert (limits.held, limits.waiting) == (0, 0)


def test_nobody_overtakes_those_who_wait_with_the_same_right(limits):
    use_up(limits)
    offer(limits, said("info", "waits"))
    assert offer(limits, said("info", "later"), at=1.0) == []
    assert due(limits, 1.0) == [("info", "waits", 1)]


def test_one_source_does_not_pay_for_another(limits):
    use_up(limits)
    assert offer(limits, said("info", host="rt2"))


def test_a_storm_is_said_once_and_its_end_once_with_the_count(limits):
    use_up(limits)
    for n in range(4):
        offer(limits, said("info", f"late {n}"))
    assert notices(limits) == [("source_storm", "raise")]
    for at in (1, 2, 3, 4):
        due(limits, at)
    assert notices(limits) == []
    assert limits.storming == 1
    due(limits, 30)
    [end] = limits.notices()
    assert (end.problem, end.phase, end.count) == ("source_storm", "clear", 4)
    assert limits.storming == 0


def test_a_storm_that_goes_on_is_not_said_again(limits):
    said_of = []
    for at in range(200):
        for n in range(3):
            offer(limits, said("info", f"{n}"), at=float(at))
        due(limits, at)
        said_of += notices(limits)
    assert said_of == [("source_storm", "raise")]


def test_after_the_storm_the_limit_is_armed_again(limits):
    for start in (0.0, 100.0):
        use_up(limits, start)
        offer(limits, said("info", "late"), start)
        assert notices(limits) == [("source_storm", "raise")]
        due(limits, start + 1)
        due(limits, start + 40)
        assert notices(limits) == [("source_storm", "clear")]


def test_a_storm_nobody_asked_about_in_time_is_not_said_at_all(limits):
    use_up(limits)
    offer(limits, said("info", "late"))
    due(limits, 1)
    due(limits, 60)
    assert notices(limits) == []


def test_the_notice_is_an_event_of_the_source(limits):
    use_up(limits)
    offer(limits, said("raise", "late", address="192.0.2.77"))
    [event] = [notice.event(seconds(5)) for notice in limits.notices()]
    assert event.fingerprint == "rt1/source_storm/192.0.2.77"
    assert (event.kind, event.phase, event.received_at) == ("source_storm", "raise", seconds(5))


def test_what_fannel_says_of_a_source_is_not_held_with_it(limits):
    use_up(limits)
    offer(limits, said("info", "late"))
    assert offer(limits, said("raise", problem="source_storm"))
    assert offer(limits, said("raise", problem="source_quiet"))


def test_when_there_is_no_room_to_wait_what_is_routine_is_only_counted(limits, suppressed):
    use_up(limits)
    for n in range(8):
        offer(limits, said("info", f"late {n}", repeats=2))
    assert (limits.held, limits.waiting) == (5, 10)
    assert +suppressed == {"source_storm": 6}


def test_when_there_is_no_room_to_wait_a_state_takes_the_place_of_what_is_routine(limits, suppressed):
    use_up(limits)
    for n in range(5):
        offer(limits, said("info", f"late {n}"))
    for n in range(4):
        offer(limits, said("raise", f"Gi{n}"), rank=Rank.URGENT)
    assert limits.held == 5
    assert +suppressed == {"source_storm": 1}
    assert due(limits, 1.0)[0] == ("raise", "Gi3", 1)


def test_when_only_states_wait_and_there_is_no_room_the_next_passes_behind_the_others(limits, suppressed):
    use_up(limits)
    for n in range(3 + 5):
        offer(limits, said("raise", f"Gi{n}"), rank=Rank.URGENT)
    [passing] = limits.offer(Passing(said("raise", "one more"), Rank.URGENT), 0)
    assert passing.rank is Rank.STATE
    assert not +suppressed


def test_a_calm_source_is_forgotten_for_a_new_one_a_storming_one_is_not(limits):
    for host in ("a", "b"):
        use_up(limits, host=host)
        offer(limits, said("info", "late", host=host))
    for n in range(100):
        assert offer(limits, said("info", host=f"new {n}"))
    assert len(limits) == 4
    assert due(limits, 5) == [("info", "late", 1)] * 2


def test_when_all_known_sources_storm_strangers_pass(limits):
    for host in ("a", "b", "c", "d"):
        use_up(limits, host=host)
        offer(limits, said("info", "late", host=host))
    for _ in range(10):
        assert offer(limits, said("info", host="stranger"))
    assert len(limits) == 4


def test_storms_everywhere_are_said_few_at_a_time_and_the_others_later():
    limits = SourceLimits(SourceLimit(burst=1, calm_s=2000, most_said=2), Counter())
    for host in range(5):
        for n in range(30):
            offer(limits, said("info", f"{n}", host=f"{host}"))
    assert len(limits.notices()) == 2
    due(limits, 599)
    assert len(limits.notices()) == 0
    due(limits, 2000)
    assert len(limits.notices()) == 2


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"overtaking_rate": 0}, {"burst": 0}, {"calm_s": 0}])
def test_a_limit_that_would_hold_for_ever_is_refused(wrong):
    with pytest.raises(ValueError, match="above 0"):
        SourceLimit(**wrong)
