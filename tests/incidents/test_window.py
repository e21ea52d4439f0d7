"""Work windows against the silences they made: what follows when plans change, and what people changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from events import NOW

from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.window import Followed, Window, changes

HOUR = timedelta(hours=1)
RT1 = ((Matcher("host", "equal", "rt1"),),)
FILES = frozenset({"file:"})


def window(origin="file:swap", *, source="file:core.yml", start=HOUR, lasts=HOUR, **more):
    more = {"scopes": RT1, "reason": "swap", "author": "noc"} | more
    return Window(origin, source, starts_at=NOW + start, ends_at=NOW + start + lasts, **more)


def followed(one, number=1):
    silence = Silence(number, one.scopes, one.starts_at, one.ends_at, one.author, one.origin, one.reason)
    silence = replace(silence, changed_by=one.source, changed_at=NOW)
    return {one.origin: Followed(silence, silence)}


def test_what_is_new_is_added():
    assert changes([window()], {}, FILES, NOW).added == (window(),)


def test_what_is_known_is_left_alone():
    found = changes([window()], followed(window()), FILES, NOW)
    assert (found.added, found.changed) == ((), ())


def test_what_is_over_is_not_added():
    assert changes([window()], {}, FILES, NOW + 2 * HOUR).added == ()


def test_what_moves_is_the_next_revision_of_its_silence():
    (changed,) = changes([window(start=3 * HOUR, reason="later")], followed(window()), FILES, NOW).changed
    assert (changed.id, changed.revision, changed.what, changed.changed_by) == (1, 2, "changed", "file:core.yml")
    assert (changed.starts_at, changed.reason) == (NOW + 3 * HOUR, "later")


def test_what_is_not_planned_any_more_is_over():
    (changed,) = changes([], followed(window()), FILES, NOW).changed
    assert (changed.what, changed.state(NOW), changed.changed_by) == ("expired", "expired", "file:core.yml")


def test_what_could_not_be_read_is_known_still():
    known = followed(window()) | followed(window("ics:a/1", source="ics:a"), 2) | followed(window("ics:b/1"), 3)
    found = changes([], known, {"ics:a"}, NOW)
    assert [one.origin for one in found.changed] == ["ics:a/1"]


def test_what_is_over_by_itself_is_left_alone():
    assert changes([], followed(window()), FILES, NOW + 3 * HOUR).changed == ()


class TestWhatPeopleChanged:
    def test_one_who_ended_it_is_not_overruled_by_the_same_plan(self):
        (there,) = followed(window()).values()
        known = {"file:swap": Followed(there.silence.expired("cli:me", NOW), there.said)}
        found = changes([window()], known, FILES, NOW)
        assert (found.added, found.changed) == ((), ())

    def test_a_plan_that_changes_after_that_is_a_new_silence(self):
        (there,) = followed(window()).values()
        known = {"file:swap": Followed(there.silence.expired("cli:me", NOW), there.said)}
        moved = window(start=5 * HOUR)
        assert changes([moved], known, FILES, NOW).added == (moved,)

    def test_one_who_extended_it_is_not_overruled_by_the_same_plan(self):
        (there,) = followed(window()).values()
        known = {"file:swap": Followed(there.silence.extended(NOW + 5 * HOUR, "cli:me", NOW), there.said)}
        assert changes([window()], known, FILES, NOW).changed == ()

    def test_but_by_one_that_changes(self):
        (there,) = followed(window()).values()
        known = {"file:swap": Followed(there.silence.extended(NOW + 5 * HOUR, "cli:me", NOW), there.said)}
        (changed,) = changes([window(lasts=2 * HOUR)], known, FILES, NOW).changed
        assert (changed.revision, changed.ends_at) == (3, NOW + 3 * HOUR)


def test_what_is_there_twice_counts_once():
    assert changes([window(), window(reason="again")], {}, FILES, NOW).added == (window(),)
