"""Titles of calendar entries: which devices they mean, and that they mean no more than their rule says."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.directory.directory import Device, Directory, Interface
from fannel.incidents.silence import described
from fannel.windows.places import AmbiguousNameError, Places
from fannel.windows.plan import read_plan
from fannel.windows.titles import Unmapped, meant

RULES = r"""
titles:
  - title: 'internal circuit (?P<circuit>CID-\d+)'
    calendar: ours
    ignore: true
  - title: '(?i)provider-\d+ circuit (?P<circuit>CID-\d+)'
    by: circuit
  - title: '^Maintenance '
    listed: true
  - title: '^Upgrade '
    listed: true
    table:
      svc-1: [host=rt1]
  - title: 'ring (?P<ring>\w+)'
    by: ring
    table:
      North: [host=rt1, interface=Gi0/1]
      south: [[host=rt1], [host=rt2]]
  - title: 'work on (?P<host>\S+)(?: port (?P<port>\S+))? now'
    match: ['host={host}', 'interface~{port}']
  - title: 'work on (?P<host>\S.*)'
    match: ['host={host}']
"""
DIRECTORY = Directory(
    [Device("rt1.example.net", 1, ()), Device("rt2.a.example.net", 2, ()), Device("rt2.b.example.net", 3, ())],
    {1: [Interface("Gi0/1", circuit="CID-77"), Interface("Gi0/2")], 2: [Interface("xe-0/0/1", circuit="cid-77")]},
    loaded_at=0,
)
PLACES = Places(DIRECTORY)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("silences")
    (folder / "titles.yml").write_text(RULES, encoding="utf-8")
    return read_plan(folder, ZoneInfo("UTC"), timedelta(days=7), ["ours"]).titles


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (
            "PROVIDER-1234 circuit CID-77 maintenance",
            "host=rt1.example.net interface=Gi0/1, host=rt2.a.example.net interface=xe-0/0/1",
        ),
        ("ring north", "host=rt1 interface=Gi0/1"),
        ("ring SOUTH", "host=rt1, host=rt2"),
        ("work on rt1 port Gi0/1 now", "host=rt1 interface~Gi0/1"),
        ("work on rt1", "host=rt1"),
        ("work on *", "host=*"),
    ],
)
def test_a_title_means_what_its_rule_says(rules, title, expected):
    assert described(meant(rules, "provider-x", title, PLACES).scopes) == expected


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("lunch", "no rule under 'titles' is for it"),
        ("provider-1 circuit CID-99", "no interface in pagoda has the circuit CID-99"),
        ("ring west", "ring west is not in the table"),
        ("work on rt1 now", "it has no port"),
        ("work on rt1 port * now", "its port holds a mark of a pattern"),
        (f"work on {'x' * 300}", "1 to 255 characters"),
    ],
)
def test_a_title_that_means_nothing_says_why(rules, title, why):
    with pytest.raises(Unmapped, match=why.replace("*", r"\*")):
        meant(rules, "provider-x", title, PLACES)


def test_a_rule_may_be_for_one_calendar(rules):
    assert meant(rules, "ours", "internal circuit CID-77", PLACES).scopes == ()
    with pytest.raises(Unmapped):
        meant(rules, "provider-x", "internal circuit CID-77", PLACES)


@given(
    st.text(max_size=200), st.sampled_from(["work on {}", "work on {} port {} now", "ring {}", "provider-1 circuit {}"])
)
def test_no_title_silences_by_a_pattern_of_its_own(rules, text, form):
    try:
        scopes = meant(rules, "provider-x", form.format(text, text), PLACES).scopes
    except Unmapped:
        return
    for scope in scopes:
        assert scope[0].operator == "equal"
        assert all(one.operator == "equal" or not set(one.value) & set("*?[]") for one in scope)


class TestNames:
    def full(self, rules, title):
        return described(map(PLACES.full, meant(rules, "provider-x", title, PLACES).scopes))

    def test_a_short_name_is_the_host_that_has_it(self, rules):
        assert self.full(rules, "work on RT1") == "host=rt1.example.net"

    def test_one_that_pagoda_does_not_know_stays(self, rules):
        assert self.full(rules, "work on 192.0.2.9") == "host=192.0.2.9"

    def test_one_of_two_hosts_is_neither(self, rules):
        with pytest.raises(AmbiguousNameError, match=r"rt2\.a\.example\.net, rt2\.b"):
            self.full(rules, "work on rt2")


class TestWhatAnEntryListsItself:
    """Circuits by the Maintnote convention; which title they stand under a rule says."""

    def meaning(self, rules, title, *circuits):
        return meant(rules, "provider-x", title, PLACES, circuits)

    def test_all_that_are_known_are_meant_and_the_others_said(self, rules):
        found = self.meaning(rules, "Maintenance WO-1", "CID-99", "cid-77")
        assert (
            described(found.scopes) == "host=rt1.example.net interface=Gi0/1, host=rt2.a.example.net interface=xe-0/0/1"
        )
        assert found.unknown == ("no interface in pagoda has the circuit CID-99",)

    def test_a_table_may_say_what_they_are(self, rules):
        assert described(self.meaning(rules, "Upgrade WO-1", "SVC-1").scopes) == "host=rt1"

    @pytest.mark.parametrize(("circuits", "why"), [((), "lists no circuit"), (("CID-99",), "the circuit CID-99")])
    def test_where_none_is_known_it_means_nothing(self, rules, circuits, why):
        with pytest.raises(Unmapped, match=why):
            self.meaning(rules, "Maintenance WO-1", *circuits)
