"""`fannel cases`: a site's cases are held against its kinds and checks."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app

LINE = "<187>77: sw01: Nov 14 08:30:56 JST: %ACME-3-DOOR: Door D-12 of rack 7 is open"
KIND, CHECK = "kinds/door_open.yml", "checks/door_open/ios.yml"
EVENT = "tests/corpus/ios/door_open/first/event.json"
VERDICT = "tests/corpus/checks/door_open/ios/confirmed_first/verdict.json"


def run(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A site with a kind, a check and a case of each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FANNEL_CONFIG", "")
    (tmp_path / "open.txt").write_text("D-12 is open\n")
    made = [
        run("new", "kind", "door_open", "--syslog", LINE, "--os", "ios"),
        run("new", "check", "door_open", "ios", "--subject", "D-12", "--command", "show doors", "--output", "open.txt"),
    ]
    assert [done.exit_code for done in made] == [0, 0], [done.output for done in made]
    return tmp_path


def test_what_is_as_its_cases_say_holds():
    done = run("cases")
    assert (done.exit_code, done.output) == (0, "2 cases, 0 differ\n")


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_kind_that_changed_is_told_with_what_its_case_should_say(folder):
    edit(folder / KIND, "severity: major", "severity: critical")
    done = run("cases")
    assert done.exit_code == 1
    assert f"{EVENT} should say, if this is right:" in done.output
    assert '"severity": "critical"' in done.output
    assert "2 cases, 1 differ" in done.output


def test_a_check_that_changed_is_too_and_can_be_written_once_somebody_looked(folder):
    edit(folder / CHECK, "'{name} is {state}'", "'{name} stands open'")
    done = run("cases", "--json")
    assert done.exit_code == 1
    (one,) = json.loads(done.output)["differ"]
    assert (one["expected"]["reason"], one["found"]["reason"]) == ("D-12 is open", "D-12 stands open")
    assert run("cases", "--write").exit_code == 0
    assert json.loads((folder / VERDICT).read_text())["reason"] == "D-12 stands open"
    assert run("cases").exit_code == 0


def test_a_case_that_cannot_be_held_is_told_and_the_others_are_held(folder):
    edit(folder / CHECK, "commands:", "comands:")
    done = run("cases")
    assert done.exit_code == 1
    assert "comands: no such key" in done.output
    assert "2 cases, 1 differ" in done.output
    assert run("cases", "--write").exit_code == 1, "nothing to write"


def test_without_any_case_nothing_is_held(folder):
    (folder / "empty").mkdir()
    assert run("cases", "empty").exit_code == 1
    assert "there is no such folder" in run("cases", "nowhere").output
