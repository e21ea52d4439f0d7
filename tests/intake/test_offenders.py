"""Who is refused most: told once a minute, in bounded memory."""

from __future__ import annotations

from datetime import timedelta

from events import NOW
from hypothesis import given
from hypothesis import strategies as st

from fannel.intake.offenders import MOST_NAMED, MOST_REMEMBERED, Offenders


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def told(offenders: Offenders, seconds: float = 0):
    return offenders.due(after(seconds))


def test_refusals_are_told_by_reason_and_source_once_a_minute():
    offenders = Offenders()
    assert told(offenders) == {}
    for reason, source in (("wrong_digest", "192.0.2.1"), ("wrong_digest", "192.0.2.1"), ("replayed", "192.0.2.2")):
        offenders.add(reason, source)
    assert told(offenders) == {
        "replayed": {"all": 1, "192.0.2.2": 1},
        "wrong_digest": {"all": 2, "192.0.2.1": 2},
    }
    offenders.add("replayed", "192.0.2.2")
    assert told(offenders, 59) == {}
    assert told(offenders, 60) == {"replayed": {"all": 1, "192.0.2.2": 1}}


def test_ten_thousand_forged_sources_do_not_hide_who_goes_on_and_on():
    offenders = Offenders()
    for n in range(10_000):
        offenders.add("bad_community", f"10.0.{n // 250}.{n % 250}")
        if n % 20 == 0:
            offenders.add("wrong_digest", "192.0.2.1")
        assert len(offenders) <= MOST_REMEMBERED
    line = told(offenders)
    assert line["bad_community"]["all"] == 10_000
    assert line["wrong_digest"]["all"] == 500
    assert line["wrong_digest"]["192.0.2.1"] > 400
    assert all(len(named) <= MOST_NAMED + 1 for named in line.values())


@given(st.lists(st.integers(0, 12), max_size=200))
def test_whoever_is_more_than_his_share_is_remembered_and_never_overcounted(sources):
    offenders = Offenders(most=5)
    for source in sources:
        offenders.add("replayed", str(source))
    line = told(offenders).get("replayed", {})
    for source in set(sources):
        count = sources.count(source)
        assert line.get(str(source), 0) <= count
        if count > len(sources) / 6:
            assert str(source) in line


def test_a_clock_set_back_an_hour_delays_no_line():
    offenders = Offenders()
    offenders.add("replayed", "192.0.2.1")
    told(offenders)
    offenders.add("replayed", "192.0.2.1")
    assert told(offenders, -3600) == {}
    assert told(offenders, -3600 + 61)
