"""Files of work windows: what they plan, and what is said of a mistake in one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fannel.incidents.silence import Matcher
from fannel.kinds.document import KindsError
from fannel.windows.plan import read_plan

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday
WEEK = timedelta(days=7)


@pytest.fixture
def plan(tmp_path):
    def read(text, calendars=("provider-x",), zone=TOKYO, name="core.yml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_plan(tmp_path, zone, WEEK, calendars)

    return read


def windows(plan, now=NOW, ahead=WEEK):
    return [window for planned in plan.planned for window in planned.windows(now, ahead)]


def test_a_window_is_planned_once_in_the_zone_of_the_site(plan):
    (window,) = windows(
        plan("""
windows:
  - name: swap
    match: [host=rt1, interface~Gi0/*]
    from: 2026-12-01 22:00
    until: 2026-12-02 05:00
    reason: CHG-1234
    author: noc
""")
    )
    assert window.starts_at == datetime(2026, 12, 1, 13, tzinfo=UTC)
    assert window.ends_at - window.starts_at == timedelta(hours=7)
    assert window.scopes == ((Matcher("host", "equal", "rt1"), Matcher("interface", "glob", "Gi0/*")),)
    assert (window.origin, window.source, window.reason, window.author) == (
        "file:swap",
        "file:core.yml",
        "CHG-1234",
        "noc",
    )


@pytest.mark.parametrize(
    ("times", "starts_at"),
    [
        ("from: 2026-12-01 22:00:00\n    until: 2026-12-02", datetime(2026, 12, 1, 13, tzinfo=UTC)),
        ("from: 2026-12-01T22:00:00+01:00\n    until: 2026-12-02T00:00:00Z", datetime(2026, 12, 1, 21, tzinfo=UTC)),
        (
            "from: 2026-12-01 22:00\n    until: 2026-12-02\n    zone: Europe/Berlin",
            datetime(2026, 12, 1, 21, tzinfo=UTC),
        ),
    ],
)
def test_a_time_may_name_its_zone_and_be_a_time_of_yaml(plan, times, starts_at):
    (window,) = windows(plan(f"windows:\n  - name: x\n    match: [host=rt1]\n    {times}\n"))
    assert window.starts_at == starts_at


def test_a_list_of_lists_is_about_any_of_them(plan):
    (window,) = windows(
        plan("windows: [{name: x, match: [[host=rt1, problem~bgp_*], host=rt2], from: 2026-12-01, until: 2026-12-02}]")
    )
    assert [len(scope) for scope in window.scopes] == [2, 1]


def test_what_is_over_is_not_planned_any_more(plan):
    assert windows(plan("windows: [{name: x, match: [host=rt1], from: 2026-11-01, until: 2026-11-02}]")) == []


class TestEvery:
    def every(self, plan, text, zone=TOKYO, now=NOW, ahead=WEEK):
        return windows(plan(f"windows: [{{name: x, match: [host=rt1], every: {text}}}]", zone=zone), now, ahead)

    def test_each_day_of_the_week_has_its_own_window(self, plan):
        found = self.every(plan, "{days: [sat, sun], at: '02:00', for: 2h}")
        assert [one.origin for one in found] == ["file:x/2026-11-28", "file:x/2026-11-29"]
        assert [one.starts_at.astimezone(TOKYO).hour for one in found] == [2, 2]
        assert {one.ends_at - one.starts_at for one in found} == {timedelta(hours=2)}

    def test_without_days_it_is_every_day(self, plan):
        assert len(self.every(plan, "{at: '02:00', for: 1h30m}")) == 7

    def test_the_one_that_lasts_over_midnight_is_there_while_it_lasts(self, plan):
        late = datetime(2026, 11, 27, 1, tzinfo=TOKYO)
        found = self.every(plan, "{days: [thu], at: '23:00', for: 3h}", now=late, ahead=timedelta(days=1))
        assert [one.origin for one in found] == ["file:x/2026-11-26"]

    def test_it_keeps_its_time_of_day_when_clocks_change(self, plan):
        berlin = ZoneInfo("Europe/Berlin")
        found = self.every(
            plan, "{days: [sat, mon], at: '22:00', for: 2h}", berlin, datetime(2026, 10, 23, tzinfo=UTC), WEEK
        )
        assert [one.starts_at.hour for one in found] == [20, 21]


class TestTitles:
    def test_rules_are_read_in_their_order(self, plan):
        read = plan(r"""
titles:
  - title: 'PROVIDER-\d+ circuit (?P<circuit>CID-\d+)'
    calendar: provider-x
    by: circuit
  - title: '(?P<host>rt-[\w-]+) maintenance'
    match: ['host={host}']
  - title: lunch
    ignore: true
""")
        assert [(one.by, one.match, one.ignored) for one in read.titles] == [
            ("circuit", (), False),
            (None, (("host={host}",),), False),
            (None, (), True),
        ]


ONCE = "from: 2026-12-01, until: 2026-12-02"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("windows:\n  - [", "core.yml:3: not YAML"),
        ("windows:\n  - name: x\n    mach: [host=rt1]\n", "core.yml:3: unknown key 'mach'; did you mean 'match'?"),
        (f"windows:\n  - {{name: x, {ONCE}}}", "core.yml:2: 'match' is missing"),
        (f"windows:\n  - {{name: x y, match: [host=rt1], {ONCE}}}", "core.yml:2: name: 'x y' will not do here"),
        (
            f"windows:\n  - {{name: x, match: [hots=rt1], {ONCE}}}",
            "core.yml:2: 'hots': no such field; did you mean 'host'",
        ),
        (
            f"windows:\n  - {{name: x, match: [], {ONCE}}}",
            "core.yml:2: match: [] will not do here; wanted: a list of m",
        ),
        (f'windows:\n  - {{name: x, match: ["host=a\\0"], {ONCE}}}', "core.yml:2: "),
        (f'windows:\n  - {{name: x, reason: "a\\0", match: [host=a], {ONCE}}}', "core.yml:2: reason: "),
        ("windows:\n  - {name: x, match: [host=rt1]}", "core.yml:2: either 'from' and 'until', or 'every'"),
        ("windows:\n  - {name: x, match: [host=rt1], from: 2026-12-01}", "core.yml:2: 'until' is missing"),
        (
            "windows:\n  - name: x\n    match: [host=rt1]\n    from: tonight\n    until: 2026-12-02",
            "core.yml:4: from: 'tonight' is no time; meant is 2026-12-01 22:00",
        ),
        (
            "windows:\n  - name: x\n    match: [host=rt1]\n    from: 2026-12-02\n    until: 2026-12-01",
            "core.yml:5: until: this is not after 'from'",
        ),
        (
            "windows:\n  - name: x\n    match: [host=rt1]\n    from: 2026-12-01\n    until: 2026-12-09",
            "core.yml:5: until: the window would last 8 days; the longest is 7 days (silences.longest_days)",
        ),
        (
            "windows:\n  - name: x\n    match: [host=rt1]\n    every: {at: '02:00', for: 8d}",
            "core.yml:4: for: the window would last 8 days; the longest is 7 days (silences.longest_days)",
        ),
        (
            "windows:\n  - name: x\n    match: [host=rt1]\n    every: {at: 22:00, for: 2h}",
            "core.yml:4: at: 1320 will not do here; wanted: a time of day in quotes",
        ),
        (
            f"windows:\n  - {{name: x, zone: Asia/Tokio, match: [host=rt1], {ONCE}}}",
            "core.yml:2: zone: no such time zone 'Asia/Tokio'; did you mean Asia/Tokyo?",
        ),
        (
            f"windows:\n  - {{name: x, match: [host=a], {ONCE}}}\n  - {{name: x, match: [host=b], {ONCE}}}",
            "core.yml:3: 'x' is there already, at",
        ),
        ("titles:\n  - {title: 'a('}", "core.yml:2: one of 'match', 'by', 'listed' and 'ignore'"),
        ("titles:\n  - {title: 'a(', ignore: true}", "core.yml:2: title: no regular expression (RE2)"),
        ("titles:\n  - {title: a, by: circuit}", "core.yml:2: the title has no group 'circuit'"),
        ("titles:\n  - {title: '(?P<cid>a)', by: cid}", "core.yml:2: 'table' is missing"),
        (
            "titles:\n  - {title: '(?P<host>a)', match: ['host={hots}']}",
            "core.yml:2: host={hots}: the title has no group 'hots'; did you mean 'host'?",
        ),
        ("titles:\n  - {title: '(?P<host>a)', match: ['host=~{host}']}", "may not become a pattern"),
        (
            "titles:\n  - {title: a, ignore: true, calendar: provider-y}",
            "core.yml:2: no calendar 'provider-y' in silences.calendars; did you mean 'provider-x'?",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line(plan, text, said):
    with pytest.raises(KindsError) as caught:
        plan(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_name_is_for_one_window_in_all_files(plan):
    text = f"windows:\n  - {{name: x, match: [host=a], {ONCE}}}"
    plan(text, name="a.yml")
    with pytest.raises(KindsError, match=r"b\.yml:2: 'x' is there already, at .*a\.yml:2"):
        plan(text, name="b.yml")


def test_no_folder_and_an_empty_file_plan_nothing(plan, tmp_path):
    assert plan("# nothing yet\n").planned == ()
    assert read_plan(tmp_path / "none", TOKYO, WEEK).planned == ()


def test_the_examples_of_the_documentation_can_be_used(plan):
    text = (Path(__file__).parents[2] / "docs" / "silences.md").read_text(encoding="utf-8")
    found = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(found) == 2
    read = [plan(example, name=f"{number}.yml") for number, example in enumerate(found)][-1]
    assert len(read.planned) == 2
    assert len(read.titles) == 5
