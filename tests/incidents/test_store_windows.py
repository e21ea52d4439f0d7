"""Work windows in the database: the same plan a hundred times is one silence, whatever became of it in between."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from events import NOW

from fannel.incidents.silence import Matcher
from fannel.incidents.window import Window

HOUR = timedelta(hours=1)


@pytest.fixture
def calendar():
    """A name of its own: a database may be shared by tests."""
    return f"ics:{os.urandom(4).hex()}"


@pytest.fixture
def follow(store, calendar):
    return lambda *wanted, now=NOW: store.windows.follow(wanted, {calendar}, now)


@pytest.fixture
def window(calendar):
    def planned(uid="1", start=HOUR, **more):
        more = {"scopes": ((Matcher("host", "equal", "rt1"),),), "reason": "swap", "author": "Provider NOC"} | more
        return Window(f"{calendar}/{uid}", calendar, starts_at=NOW + start, ends_at=NOW + start + HOUR, **more)

    return planned


def test_a_window_is_a_silence_that_says_where_it_comes_from(store, follow, window, calendar):
    (added,) = follow(window()).added
    kept = store.silences.one(added.id)
    assert kept == added
    assert (kept.origin, kept.author, kept.changed_by, kept.state(NOW)) == (
        f"{calendar}/1",
        "Provider NOC",
        calendar,
        "pending",
    )


def test_a_second_time_nothing_is_done(store, follow, window):
    follow(window())
    version = store.silences.version()
    done = follow(window())
    assert (done.added, done.changed, store.silences.version()) == ((), (), version)


def test_it_moves_and_is_gone_as_revisions(store, follow, window):
    (added,) = follow(window()).added
    follow(window(start=3 * HOUR))
    follow()
    assert [(one.revision, one.what) for one in store.silences.history(added.id)] == [
        (1, "added"),
        (2, "changed"),
        (3, "expired"),
    ]


def test_what_a_person_ended_stays_ended_until_the_plan_changes(store, follow, window):
    (added,) = follow(window()).added
    store.silences.change([added.expired("cli:me", NOW)])
    assert follow(window()).added == ()
    (again,) = follow(window(start=4 * HOUR)).added
    assert again.id != added.id
    assert follow(window(start=4 * HOUR)).added == ()


def test_what_comes_back_after_it_was_gone_is_a_new_silence(follow, window):
    (first,) = follow(window()).added
    follow()
    (second,) = follow(window()).added
    assert second.id != first.id
    assert follow(window()).added == ()


def test_another_calendar_is_not_touched(store, follow, window):
    (added,) = follow(window()).added
    store.windows.follow([], {"ics:another", "file:"}, NOW)
    assert store.silences.one(added.id).revision == 1


def test_a_whole_calendar_is_written_a_few_at_a_time(store, follow, window):
    planned = [window(str(number)) for number in range(250)]
    assert len(follow(*planned).added) == 250
    assert follow(*planned).added == ()
    gone = follow(*planned[:20])
    assert len(gone.changed) == 230
    assert {one.what for one in gone.changed} == {"expired"}
