"""How long ago something was, in the times that devices write."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.checks.device_time import age_s

FORMS = (
    "%H:%M:%S UTC %a %b %d %Y",  # IOS, of the configuration
    "*%H:%M:%S.123 UTC %a %b %d %Y",  # IOS and NX-OS, show clock
    "%a %b %d %H:%M:%S %Y",  # IOS-XR commits, NX-OS accounting, EOS
    "%Y-%m-%d %H:%M:%S UTC",  # Junos
)


@pytest.mark.parametrize(
    ("then", "now", "seconds"),
    [
        ("15:58:11 UTC Sun Nov 22 2026", "*16:00:41.500 UTC Sun Nov 22 2026", 150.5),
        ("15:58:11 JST Sun Nov 22 2026", "15:58:11 JST Mon Nov 23 2026", 86_400),
        ("Sun Nov  1 15:58:11 2026", "Sun Nov  1 16:00:41 2026", 150),
        ("2026-11-22 15:58:11 UTC", "2026-11-22 16:00:41 UTC", 150),
        ("Nov 22 15:58:11", "Sun Nov 22 16:00:41 2026", 150),
        ("Nov 22 15:58:11", "*Nov 22 15:58:01.000", -10),
        ("Dec 31 23:59:58", "Fri Jan  1 00:00:08 2027", 10),
        ("Dec 31 23:59:58", "Jan  1 00:00:08", 10),
        ("Sun Nov 22 15:58:11 2026", "Nov 22 15:58:12.500", 1.5),
    ],
)
def test_the_age_is_the_difference_of_the_two_times(then, now, seconds):
    assert age_s(then, now) == pytest.approx(seconds)


@given(
    st.datetimes(*(datetime(year, 1, 1) for year in (2000, 2098))),  # noqa: DTZ001  (a device's own)
    st.integers(0, 10**8),
    st.sampled_from(FORMS),
    st.sampled_from(FORMS),
)
def test_it_is_so_in_every_form_and_mixture(then, seconds, form, other):
    then = then.replace(microsecond=0)
    now = then + timedelta(seconds=seconds)
    assert age_s(then.strftime(form), now.strftime(other)) == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("15:58:11 JST Sun Nov 22 2026", "16:00:41 UTC Sun Nov 22 2026"),
        ("15:58:11 EDT Sun Nov 22 2026", "15:58:11 EST Sun Nov 22 2026"),
        ("never", "16:00:41 UTC Sun Nov 22 2026"),
        ("15:58:11", "16:00:41 UTC Sun Nov 22 2026"),
        ("25:61:61 Nov 22 2026", ""),
        ("Feb 30 15:58:11", "Sun Nov 22 16:00:41 2026"),
    ],
)
def test_what_cannot_be_compared_is_an_error(then, now):
    with pytest.raises(ValueError, match=r"."):
        age_s(then, now)


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_is_more_than_an_error(then, now):
    with contextlib.suppress(ValueError):
        assert isinstance(age_s(then, now), float)
