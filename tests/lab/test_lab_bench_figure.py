"""Figures of the bench: judged by what is required of them, and shown as a table and as JSON."""

import json

import pytest

from fannel.lab.bench.figure import Figure, percentile, table


@pytest.mark.parametrize(
    ("measured", "bounds", "verdict"),
    [
        (80_000, {"at_least": 80_000}, "met"),
        (79_999, {"at_least": 80_000}, "missed"),
        (1.99, {"below": 2}, "met"),
        (2, {"below": 2}, "missed"),
        (3, {"at_least": 2, "below": 4}, "met"),
        (5, {"at_least": 2, "below": 4}, "missed"),
        (1, {"at_least": 2, "below": 4}, "missed"),
        (5, {}, "reported"),
        (0, {"below": 1}, "met"),
        (None, {"at_least": 1}, "skipped"),
        (None, {"at_least": 1, "failed": True}, "missed"),
        (float("nan"), {"below": 5}, "missed"),
        (float("nan"), {"at_least": 5}, "missed"),
    ],
)
def test_a_figure_is_judged_by_its_bounds(measured, bounds, verdict):
    assert Figure("row", "what", measured, **bounds).verdict == verdict


def test_the_table_has_a_line_for_each_figure_in_columns():
    lines = table(
        [
            Figure("sustained", "v2c traps", 83_456.7, "/s", 80_000, beside="0 lost"),
            Figure("burst", "on disk", 0.873, " s", below=2),
            Figure("v3", "× pysnmp", None, "×", 25, beside="pysnmp is not installed"),
        ]
    ).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["sustained", "v2c", "traps", "83,457/s", "≥", "80,000/s", "ok", "0", "lost"],
        ["burst", "on", "disk", "0.873", "s", "<", "2", "s", "ok"],
        ["v3", "×", "pysnmp", "–", "≥", "25×", "skipped", "pysnmp", "is", "not", "installed"],
    ]
    assert len({line.index(word) for line, word in zip(lines[1:], ("≥", "<", "≥"), strict=True)}) <= 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (3, "3"), (0.0123, "0.0123"), (2.345, "2.35"), (26.3, "26.3"), (123.4, "123"), (15_999.5, "16,000")],
)
def test_a_number_is_shown_with_the_digits_that_matter(value, shown):
    assert table([Figure("r", "w", value, "")]).splitlines()[1].split() == ["r", "w", shown]


def test_what_cannot_be_a_number_is_shown_all_the_same():
    text = table([Figure("r", "w", float("inf"), "×"), Figure("r", "w", float("nan"), "×")])
    assert "inf×" in text
    assert "nan×" in text


def test_json_has_the_numbers_the_bounds_and_the_verdict():
    figure = Figure("burst", "lost", 2, "", below=1, beside="kernel 2", facts={"sent": 10})
    assert json.loads(json.dumps(figure.to_json())) == {
        "row": "burst",
        "what": "lost",
        "measured": 2,
        "unit": "",
        "at_least": None,
        "below": 1,
        "verdict": "missed",
        "beside": "kernel 2",
        "facts": {"sent": 10},
    }


@pytest.mark.parametrize(("share", "expected"), [(0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1, 100)])
def test_a_percentile_is_a_value_that_was_measured(share, expected):
    assert percentile([*range(100, 0, -1)], share) == expected


def test_a_percentile_of_one_value_is_that_value():
    assert percentile([7.5], 0.99) == 7.5


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 0.5)
