"""When a storm begins, when a summary is due, when it is over."""

import pytest

from fannel.slack.storm import Storm

T = 1_790_000_000.0
LIMIT = 20
IN_STORM = Storm(since=T, said_at=T)


def opened(count, at):
    return [at] * min(count, LIMIT + 1)


def test_as_many_as_the_limit_are_no_storm():
    assert Storm().step(T, opened(20, T), LIMIT) == (Storm(), "nothing")


def test_one_more_is_and_says_so_at_once():
    storm, say = Storm().step(T, opened(21, T - 5), LIMIT)
    assert (storm.since, say) == (T - 5, "more")


def test_the_same_number_over_more_than_a_minute_is_none():
    assert Storm().step(T, [T - 61, *opened(20, T)], LIMIT)[1] == "nothing"


def test_the_next_summary_comes_half_a_minute_after_the_last():
    ages = (29, 30)
    assert [IN_STORM.step(T + age, opened(21, T + age), LIMIT)[1] for age in ages] == ["nothing", "more"]


@pytest.mark.parametrize(("lately", "say"), [(11, "more"), (10, "over"), (0, "over")])
def test_it_is_over_when_half_as_many_open(lately, say):
    assert IN_STORM.step(T + 40, opened(lately, T + 40), LIMIT)[1] == say


def test_it_counts_what_it_listed():
    storm = IN_STORM.said(T, 7, 300).said(T + 30, 9, 12)
    assert (storm.opened, storm.listed, storm.ended().listed, storm.ended().on) == (312, 9, 9, False)


def test_it_survives_the_database():
    storm = IN_STORM.said(T, 7, 300)
    assert Storm.from_json(storm.to_json()) == storm


@pytest.mark.parametrize("kept", [None, [], {"since": "x"}, {"since": 1}])
def test_what_cannot_be_read_is_peace(kept):
    assert Storm.from_json(kept) == Storm()
