"""Silences: what they cover, their life by the clock, their revisions, and the index over all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import re2
from events import NOW, event
from hypothesis import given
from hypothesis import strategies as st

from fannel.event import Host, Subject
from fannel.incidents.silence import Matcher, Silence, SilenceError, resumed
from fannel.incidents.silences import Silences

HOUR = timedelta(hours=1)


def scope(**matchers):
    """`host="rt1"` equals; `host=("glob", "rt*")` says how."""
    return tuple(
        Matcher(field, *(value if isinstance(value, tuple) else ("equal", value))) for field, value in matchers.items()
    )


def silence(*scopes, number=1, starts_at=NOW, ends_at=NOW + HOUR, **more):
    return Silence(number, scopes or (scope(host="rt1"),), starts_at, ends_at, "cli:me", "cli", **more)


def on(host="rt1", interface="GigabitEthernet0/1", *, site=None, role=None, **more):
    subject = more.pop("subject", Subject("interface", interface))
    return replace(event(), host=Host(host, known=True, site=site, role=role), subject=subject, **more)


def covers(one, what, now=NOW):
    return Silences([one]).of(what, now) is not None


class TestWhatIsCovered:
    @pytest.mark.parametrize(
        ("matchers", "observed", "expected"),
        [
            ({"host": "rt1"}, on("rt1"), True),
            ({"host": "RT1"}, on("rt1"), True),
            ({"host": "rt1"}, on("rt10"), False),
            ({"host": ("glob", "rt-tyo-*")}, on("rt-tyo-01.example.net"), True),
            ({"host": ("glob", "rt-tyo-*")}, on("rt-osa-01"), False),
            ({"host": ("glob", "rt?")}, on("rt12"), False),
            ({"host": ("glob", "rt[1-3]")}, on("rt2"), True),
            ({"host": ("glob", "rt[!1-3]")}, on("rt2"), False),
            ({"host": ("glob", "r.*")}, on("rt1"), False),
            ({"host": ("regex", "rt(1|2)")}, on("rt2"), True),
            ({"host": ("regex", "rt")}, on("rt2"), False),
            ({"site": "tyo1"}, on(site="TYO1"), True),
            ({"site": "tyo1"}, on(site=None), False),
            ({"site": "tyo1", "role": "core"}, on(site="tyo1", role="edge"), False),
            ({"host": "rt1", "interface": "Gi0/1"}, on("rt1", "GigabitEthernet0/1"), True),
            ({"host": "rt1", "interface": "gi0/1"}, on("rt1", "GigabitEthernet0/1"), True),
            ({"host": "rt1", "interface": "Gi0/1"}, on("rt1", "GigabitEthernet0/10"), False),
            ({"host": "rt1", "interface": "Gi0/1"}, on("rt1", "GigabitEthernet0/1.100"), False),
            ({"host": "rt1", "interface": "eth1"}, on("rt1", "eth1"), True),
            ({"host": "rt1", "interface": "eth1"}, on("rt1", "Ethernet1"), True),
            ({"host": "rt1", "interface": ("glob", "Gi0/*")}, on("rt1", "GigabitEthernet0/7"), True),
            ({"host": "rt1", "interface": ("glob", "Gi0/*")}, on("rt1", "GigabitEthernet1/7"), False),
            ({"host": "rt1", "interface": "xe-0/0/1"}, on("rt1", "xe-0/0/1"), True),
            ({"host": "rt1", "interface": "Gi0/1"}, on("rt1", subject=Subject("device")), False),
            (
                {"interface": "Gi0/1"},
                on(subject=Subject("bgp_neighbor", "192.0.2.9", interface="GigabitEthernet0/1")),
                True,
            ),
            ({"subject": "192.0.2.9"}, on(subject=Subject("bgp_neighbor", "192.0.2.9")), True),
            ({"problem": ("glob", "bgp_*")}, on(problem="bgp_neighbor_down"), True),
            ({"problem": ("glob", "bgp_*")}, on(), False),
            ({"kind": "interface_down"}, on(), True),
            ({"severity": "critical", "host": "rt1"}, on(severity="minor"), False),
        ],
    )
    def test_matchers_must_all_match(self, matchers, observed, expected):
        assert covers(silence(scope(**matchers)), observed) is expected

    def test_one_scope_is_enough(self):
        both = silence(scope(host="rt1", interface="Gi0/1"), scope(host="rt2"))
        assert covers(both, on("rt2"))
        assert not covers(both, on("rt1", "GigabitEthernet0/2"))

    def test_a_pattern_that_is_none_is_refused(self):
        with pytest.raises(SilenceError, match="no regular expression"):
            Matcher("host", "regex", "rt(")

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_any_glob_and_any_name_can_be_compared(self, glob, name):
        if glob:
            covers(silence(scope(host=("glob", glob))), on(name))

    @given(st.text(alphabet="rt-01.", min_size=1, max_size=12))
    def test_a_name_matches_itself_as_a_glob(self, name):
        assert covers(silence(scope(host=("glob", name))), on(name))

    @pytest.mark.parametrize("glob", ["rt[z-a]", "rt[b-a]*"])
    def test_a_range_that_is_none_is_refused_when_it_is_written(self, glob):
        with pytest.raises(SilenceError, match="no regular expression"):
            Matcher("host", "glob", glob)

    @given(
        st.lists(st.text(alphabet="rt01-.*?", min_size=1, max_size=9), max_size=6),
        st.text(alphabet="rt01-.", min_size=1, max_size=9),
    )
    def test_the_index_finds_what_the_pattern_of_each_glob_matches(self, globs, name):
        matchers = [Matcher("host", "glob", glob) for glob in globs]
        made = [silence((one,), number=number) for number, one in enumerate(matchers, start=1)]
        expected = any(re2.fullmatch(one.pattern, name) for one in matchers)
        assert (Silences(made).of(on(name), NOW) is not None) is expected


class TestLife:
    def test_the_clock_alone_says_where_it_is(self):
        later = silence(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
        assert [later.state(NOW + n * HOUR) for n in (0, 1, 2)] == ["pending", "active", "expired"]
        assert [covers(later, on(), NOW + n * HOUR) for n in (0, 1, 2)] == [False, True, False]

    def test_an_event_says_until_when_and_why(self):
        marked = Silences([silence(reason="card swap")]).marked(on(), NOW)
        assert marked.silence == {"id": 1, "reason": "card swap", "ends_at": (NOW + HOUR).isoformat()}

    def test_what_is_not_silenced_any_more_says_nothing(self):
        silences = Silences([silence()])
        marked = silences.marked(on(), NOW)
        assert silences.marked(marked, NOW + HOUR).silence is None

    def test_of_several_the_one_that_ends_last_counts(self):
        short, long = silence(number=1), silence(scope(site="tyo1"), number=2, ends_at=NOW + 3 * HOUR)
        both = Silences([short, long])
        assert both.of(on(site="tyo1"), NOW).id == 2
        assert both.of(on(), NOW).id == 1
        assert both.of(on(site="tyo1"), NOW + 2 * HOUR).id == 2

    def test_an_extension_is_the_next_revision_and_the_first_stays(self):
        first = silence()
        second = first.extended(NOW + 2 * HOUR, "slack:U1", NOW)
        assert (second.revision, second.what, second.changed_by, second.author) == (2, "extended", "slack:U1", "cli:me")
        assert first.ends_at == NOW + HOUR

    def test_what_is_over_is_not_extended(self):
        with pytest.raises(SilenceError, match="has ended"):
            silence().extended(NOW + 3 * HOUR, "me", NOW + 2 * HOUR)

    def test_an_extension_that_shortens_is_none(self):
        with pytest.raises(SilenceError, match="lasts as long"):
            silence().extended(NOW, "me", NOW)


class TestResuming:
    def test_one_of_two_hosts_narrows_it(self):
        (changed,) = resumed([silence(scope(host="rt1"), scope(host="rt2"))], [scope(host="rt2")], "me", NOW)
        assert (changed.what, changed.scopes) == ("narrowed", (scope(host="rt1"),))

    def test_the_last_of_it_ends_it(self):
        (changed,) = resumed([silence()], [scope(host="RT1")], "me", NOW)
        assert (changed.what, changed.state(NOW)) == ("expired", "expired")

    def test_a_host_ends_what_is_about_its_interfaces(self):
        only = scope(host="rt1", interface="Gi0/1")
        assert resumed([silence(only)], [scope(host="rt1")], "me", NOW)[0].what == "expired"

    def test_a_glob_ends_the_hosts_it_matches(self):
        both = silence(scope(host="rt-tyo-01"), scope(host="rt-osa-01"))
        (changed,) = resumed([both], [scope(host=("glob", "rt-tyo-*"))], "me", NOW)
        assert changed.scopes == (scope(host="rt-osa-01"),)

    def test_one_interface_of_a_silent_host_is_asked_back(self):
        with pytest.raises(SilenceError, match="is about more"):
            resumed([silence()], [scope(host="rt1", interface="Gi0/1")], "me", NOW)

    def test_a_host_under_a_pattern_of_others_is_asked_back(self):
        own, pattern = silence(number=1), silence(scope(host=("glob", "rt*"), problem=("glob", "bgp_*")), number=2)
        with pytest.raises(SilenceError, match="#2 is about more"):
            resumed([own, pattern], [scope(host="rt1")], "me", NOW)

    def test_what_is_elsewhere_has_no_part_in_it(self):
        others = [silence(scope(host=("glob", "sw*")), number=2), silence(scope(host="rt2"), number=3)]
        for wanted in ("rt1", ("glob", "rt1*")):
            assert [one.id for one in resumed([silence(), *others], [scope(host=wanted)], "me", NOW)] == [1]

    def test_where_nothing_is_silent_there_is_nothing_to_resume(self):
        with pytest.raises(SilenceError, match="nothing is silenced there"):
            resumed([silence()], [scope(host="rt9")], "me", NOW)

    def test_every_silence_of_it_ends(self):
        two = [silence(number=1), silence(number=2, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)]
        assert [changed.id for changed in resumed(two, [scope(host="rt1")], "me", NOW)] == [1, 2]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["rt1", "rt2", ("glob", "rt*"), ("regex", "rt[12]"), None]),
            st.sampled_from(["tyo1", ("glob", "t*"), None]),
            st.sampled_from(["Gi0/1", ("glob", "Gi*"), None]),
            st.integers(1, 5),
        ),
        max_size=8,
    )
)
def test_the_index_finds_what_looking_at_each_finds(described):
    made = [
        silence(
            scope(**{name: value for name, value in zip(("host", "site", "interface"), parts, strict=False) if value}),
            number=number,
            ends_at=NOW + parts[-1] * HOUR + timedelta(seconds=number),
        )
        for number, parts in enumerate(described, start=1)
        if any(parts[:3])
    ]
    index = Silences(made)
    for observed in (on("rt1", site="tyo1"), on("rt2"), on("sw1", site="tyo1"), on("rt1", "Ethernet1")):
        found = [one for one in made if covers(one, observed)]
        expected = max(found, key=lambda one: one.ends_at, default=None)
        assert index.of(observed, NOW) == expected
