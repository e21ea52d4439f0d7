"""`fannel bench receive`: which rows, how they are shown, and what the exit status says."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fannel.cli import bench
from fannel.cli.app import app
from fannel.lab.bench.child import BenchError
from fannel.lab.bench.figure import Figure


def rows(**figures):
    """Rows that measure nothing: each gives the figures named."""

    def row(found):
        def measure(_):
            if isinstance(found, Exception):
                raise found
            return found

        return measure

    return lambda: {name: row(found) for name, found in figures.items()}


FAST = [Figure("burst", "on disk", 0.5, " s", below=2)]
SLOW = [Figure("informs", "answered", 10, "/s", at_least=5000, beside="p50 1 ms")]


@pytest.fixture
def run(monkeypatch):
    def run(*arguments, **figures):
        monkeypatch.setattr(bench, "_rows", rows(**figures))
        return CliRunner().invoke(app, ["bench", "receive", *arguments])

    return run


def test_when_everything_is_met_the_status_is_zero(run):
    result = run(burst=FAST)
    assert result.exit_code == 0
    assert "on disk" in result.stdout


def test_when_something_is_missed_the_status_is_one_and_the_rest_is_shown(run):
    result = run(informs=SLOW, burst=FAST)
    assert result.exit_code == 1
    assert "MISSED" in result.stdout
    assert "on disk" in result.stdout


def test_only_the_rows_asked_for_are_measured(run):
    result = run("--only", "burst", "--json", burst=FAST, informs=SLOW)
    assert [figure["row"] for figure in json.loads(result.stdout)["figures"]] == ["burst"]


def test_a_row_that_does_not_exist_is_named_with_those_that_do(run):
    result = run("--only", "brust", burst=FAST)
    assert result.exit_code == 2
    assert "brust" in result.output
    assert "burst" in result.output


def test_a_row_that_cannot_be_measured_is_missed_and_the_others_go_on(run):
    result = run("--json", burst=BenchError("fannel receive\nended"), informs=SLOW)
    broken, measured = json.loads(result.stdout)["figures"]
    assert (broken["verdict"], broken["beside"]) == ("missed", "fannel receive ended")
    assert measured["measured"] == 10


def test_every_row_of_the_issue_is_there():
    assert list(bench._rows()) == ["sustained", "burst", "v3", "informs", "queue", "memory", "idle"]


def test_starting_fannel_does_not_load_the_bench():
    program = "import sys, fannel.cli.app; print([name for name in sys.modules if 'lab.bench' in name])"
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "[]"
