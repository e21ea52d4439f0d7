"""Time windows (RFC 3414 §2.2.3, §3.2 7), replays, and the bounds of what is remembered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.wire.engine import (
    FORGET_AFTER_S,
    LAST_BOOTS,
    TIME_WINDOW_S,
    EngineClock,
    LocalEngine,
    OwnClock,
    Seen,
    SenderClocks,
)

ENGINE, OTHER, THIRD = b"engine-1", b"engine-2", b"engine-3"
UNTIMELY = "not_in_time_window"


def clocks(*, pinned=(), known=(), limit=100) -> SenderClocks:
    return SenderClocks(frozenset(pinned), known, limit)


def heard(boots=5, engine_time=1000, now=0.0, **options) -> SenderClocks:
    """The clocks after one message of ENGINE."""
    found = clocks(**options)
    assert found.judge(ENGINE, boots, engine_time, now) is None
    return found


class TestSendersClocks:
    @pytest.mark.parametrize(
        ("boots", "engine_time", "now", "verdict"),
        [
            (5, 1000, 0.0, None),  # the same second
            (5, 1001, 1.0, None),
            (5, 1000 - TIME_WINDOW_S, 0.0, None),  # overtaken on its way, but within the window
            (5, 1000 - TIME_WINDOW_S - 1, 0.0, UNTIMELY),
            (5, 1000, TIME_WINDOW_S, None),  # as old as the window allows by our own clock
            (5, 1000, TIME_WINDOW_S + 1.0, UNTIMELY),
            (5, 999_999, 0.0, None),  # ahead of our notion: the sender is the authority
            (6, 0, 0.0, None),  # it was restarted
            (4, 999_999, 0.0, UNTIMELY),  # of an earlier start
            (LAST_BOOTS, 0, 0.0, UNTIMELY),
        ],
    )
    def test_the_second_message_of_an_engine(self, boots, engine_time, now, verdict):
        assert heard().judge(ENGINE, boots, engine_time, now) == verdict

    def test_an_old_message_does_not_move_the_clock(self):
        engines = heard()
        engines.judge(ENGINE, 5, 900, 10.0)
        assert engines.snapshot() == (EngineClock(ENGINE, 5, 1000, 0.0),)

    def test_after_a_restart_of_the_engine_its_earlier_start_is_old(self):
        engines = heard()
        assert engines.judge(ENGINE, 6, 1, 1.0) is None
        assert engines.judge(ENGINE, 5, 1002, 2.0) == UNTIMELY

    def test_an_engine_at_its_last_boots_is_never_learned(self):
        engines = clocks()
        assert engines.judge(ENGINE, LAST_BOOTS, 7, 0.0) == UNTIMELY
        assert ENGINE not in engines

    def test_a_message_at_the_last_boots_locks_the_engine(self):
        """RFC 3414 §3.2 7b: the clock moves, and from then on nothing is in its window."""
        engines = heard()
        assert engines.judge(ENGINE, LAST_BOOTS, 1, 1.0) == UNTIMELY
        assert engines.judge(ENGINE, LAST_BOOTS, 2, 2.0) == UNTIMELY
        assert engines.judge(ENGINE, 6, 2, 2.0) == UNTIMELY

    def test_our_clock_jumping_back_an_hour_refuses_nothing_new_and_nothing_recent(self):
        engines = heard(now=10_000.0)
        assert engines.judge(ENGINE, 5, 1000 - TIME_WINDOW_S - 1, 6_400.0) == UNTIMELY
        assert engines.judge(ENGINE, 5, 1000, 6_400.0) is None
        assert engines.judge(ENGINE, 5, 1001, 6_401.0) is None

    def test_our_clock_jumping_ahead_an_hour_refuses_nothing_new(self):
        assert heard().judge(ENGINE, 5, 1001, 3_601.0) is None

    def test_engines_do_not_share_a_clock(self):
        engines = heard()
        assert engines.judge(OTHER, 1, 1, 0.0) is None

    def test_a_forgotten_engine_may_start_again(self):
        engines = heard()
        engines.forget(ENGINE)
        assert engines.judge(ENGINE, 1, 1, 1.0) is None

    def test_what_was_known_before_a_restart_of_ours_is_still_old(self):
        after = clocks(known=heard().snapshot())
        assert after.judge(ENGINE, 4, 1000, 1.0) == UNTIMELY
        assert after.judge(ENGINE, 5, 1000, TIME_WINDOW_S + 1.0) == UNTIMELY

    @given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 400)), max_size=30))
    def test_no_order_of_messages_makes_the_clock_go_back(self, messages):
        engines = clocks()
        newest = (0, 0)
        for boots, engine_time in messages:
            verdict = engines.judge(ENGINE, boots, engine_time, 0.0)
            in_window = boots == newest[0] and engine_time >= newest[1] - TIME_WINDOW_S
            assert (verdict is None) == ((boots, engine_time) > newest or in_window)
            newest = max(newest, (boots, engine_time))
        assert all((clock.boots, clock.time) == newest for clock in engines.snapshot())


class TestBounds:
    def test_a_full_table_learns_no_other_engine(self):
        engines = heard(limit=1)
        assert engines.judge(OTHER, 1, 1, 1.0) == "too_many_engines"
        assert engines.judge(ENGINE, 5, 1001, 1.0) is None
        assert len(engines) == 1

    def test_an_engine_that_was_quiet_for_a_day_makes_room(self):
        engines = heard(limit=1)
        assert engines.judge(OTHER, 1, 1, FORGET_AFTER_S - 1.0) == "too_many_engines"
        assert engines.judge(OTHER, 1, 1, FORGET_AFTER_S) is None
        assert ENGINE not in engines

    def test_the_least_recently_heard_makes_room(self):
        engines = heard(limit=2)
        engines.judge(OTHER, 1, 1, 1.0)
        engines.judge(ENGINE, 5, 2000, 1000.0)
        assert engines.judge(THIRD, 1, 1, FORGET_AFTER_S + 1.0) is None
        assert (ENGINE in engines, OTHER in engines) == (True, False)

    def test_a_configured_engine_always_has_a_place(self):
        engines = heard(limit=1, pinned=[OTHER])
        assert engines.judge(OTHER, 1, 1, 1.0) is None
        assert len(engines) == 2

    def test_no_more_is_taken_over_from_before_than_there_is_room_for(self):
        known = [EngineClock(b"engine-%d" % n, 1, 1, float(n)) for n in range(5)]
        assert [clock.engine_id for clock in clocks(known=known, limit=2).snapshot()] == [b"engine-3", b"engine-4"]


class TestSeen:
    def test_the_same_code_is_seen_before_and_another_is_not(self):
        seen = Seen()
        assert [seen.before(code, 0.0) for code in (b"a", b"b", b"a", b"b")] == [False, False, True, True]

    def test_a_code_is_remembered_as_long_as_the_window_lasts(self):
        """Whatever comes in between: within the window after it was new, it may not come again."""
        for offset in range(0, 700, 50):
            seen = Seen()
            for second in range(offset + TIME_WINDOW_S):
                seen.before(b"%d" % second, float(second))
                if second == offset:
                    seen.before(b"the one", float(second))
            assert seen.before(b"the one", float(offset + TIME_WINDOW_S)), offset

    def test_the_last_half_of_the_limit_is_remembered_however_fast_they_come(self):
        seen = Seen(limit=10)
        for n in range(1000):
            assert not seen.before(b"%d" % n, 0.0)
            assert all(seen.before(b"%d" % earlier, 0.0) for earlier in range(max(n - 4, 0), n))

    def test_memory_stays_within_the_limit(self):
        seen = Seen(limit=10)
        for n in range(1000):
            seen.before(b"%d" % n, n * 10.0)
            assert len(seen._young) + len(seen._old) <= 10


class TestOwnClock:
    def own(self, boots=3, started=100.0) -> OwnClock:
        return OwnClock(LocalEngine(ENGINE, boots, started))

    def test_it_counts_whole_seconds_since_the_start(self):
        assert self.own().time(107.9) == 7

    def test_it_does_not_go_back_when_the_callers_clock_does(self):
        clock = self.own()
        assert [clock.time(now) for now in (5000.0, 1400.0, 5001.0)] == [4900, 4900, 4901]

    @pytest.mark.parametrize(
        ("boots", "engine_time", "accepted"),
        [
            (3, 1000, True),
            (3, 1000 - TIME_WINDOW_S, True),
            (3, 1000 + TIME_WINDOW_S, True),
            (3, 1000 - TIME_WINDOW_S - 1, False),
            (3, 1000 + TIME_WINDOW_S + 1, False),
            (2, 1000, False),
            (4, 1000, False),
        ],
    )
    def test_it_accepts_what_is_within_the_window_either_way(self, boots, engine_time, accepted):
        assert self.own().accepts(boots, engine_time, 1100.0) is accepted

    def test_it_accepts_nothing_at_its_last_boots(self):
        assert not self.own(boots=LAST_BOOTS).accepts(LAST_BOOTS, 0, 100.0)

    @pytest.mark.parametrize(
        ("engine_id", "boots"), [(b"four", 1), (b"x" * 33, 1), (bytes(8), 1), (b"\xff" * 8, 1), (ENGINE, 0)]
    )
    def test_an_engine_that_cannot_be_is_refused(self, engine_id, boots):
        with pytest.raises(ValueError, match=r"engine id|boots"):
            LocalEngine(engine_id, boots, 0.0)
