"""The pace of a channel: a short burst, then one a second; a pause holds for everybody who shares it."""

import pytest

from fannel.slack.pace import RATES, Pace

T = 1_790_000_000.0


def taken(pace, lane, now, most=100):
    """How many calls may be made at that moment, and the pace after them."""
    count = 0
    while count < most and pace.ready(lane, now):
        pace, count = pace.take(lane, now), count + 1
    return count, pace


def test_a_burst_goes_at_once_and_then_one_a_second():
    burst, pace = taken(Pace.fresh(), "post", T)
    assert burst == RATES["post"].burst
    assert [taken(pace, "post", T + s)[0] for s in (0.5, 1.0, 2.0)] == [0, 1, 2]


def test_it_never_saves_more_than_a_burst():
    _, pace = taken(Pace.fresh(), "post", T)
    assert taken(pace, "post", T + 86_400)[0] == RATES["post"].burst


def test_over_a_minute_it_stays_under_what_slack_lets_pass():
    pace, sent = Pace.fresh(), 0
    for tick in range(600):
        count, pace = taken(pace, "post", T + tick / 10)
        sent += count
    assert 60 <= sent <= 60 + RATES["post"].burst


def test_after_a_pause_there_is_no_burst():
    pace = Pace.fresh().pause("post", T + 30)
    assert not pace.ready("post", T + 29)
    assert taken(pace, "post", T + 30)[0] == 1


def test_a_shorter_pause_does_not_end_a_longer_one():
    pace = Pace.fresh().pause("post", T + 30).pause("post", T + 5)
    assert not pace.ready("post", T + 10)


def test_where_no_post_may_go_no_file_may_and_an_update_may():
    pace = Pace.fresh().pause("post", T + 30)
    assert [pace.ready(lane, T) for lane in ("post", "file", "update")] == [False, False, True]


def test_a_limited_update_holds_up_no_post():
    assert Pace.fresh().pause("update", T + 60).ready("post", T)


def test_a_clock_that_was_set_back_stops_nothing():
    _, pace = taken(Pace.fresh(), "post", T)
    assert pace.ready("post", T - 3600)
    assert Pace.fresh().pause("post", T + 7200).ready("post", T)


def test_it_survives_the_database():
    pace = Pace.fresh().take("post", T).pause("update", T + 9)
    assert Pace.from_json(pace.to_json()) == pace


@pytest.mark.parametrize("kept", [None, [], {"post": "x"}, {"post": [1, 2]}, {"post": [1, None, 3]}])
def test_what_cannot_be_read_is_a_fresh_start(kept):
    assert Pace.from_json(kept) == Pace.fresh()
