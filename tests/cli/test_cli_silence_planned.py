"""`fannel silence planned`: what files and calendars plan, with its origin, and what of it means nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app

CORPUS = Path(__file__).parents[1] / "corpus" / "calendars"
DAILY = "windows: [{name: backup, match: [host=rt1], every: {at: '02:00', for: 1h}}]\n"


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "silences").mkdir()
    (tmp_path / "fannel.toml").write_text(f"[silences.calendars]\nx = '{CORPUS / 'own_zone.ics'}'\n")
    (tmp_path / "silences" / "core.yml").write_text(DAILY)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["silence", "planned", *arguments])


def test_it_shows_each_window_with_where_it_comes_from(site):
    shown = run()
    assert shown.exit_code == 0
    assert "host=rt1  file:core.yml [file:backup/" in shown.stdout
    origins = [one["origin"] for one in json.loads(run("--json").stdout)["windows"]]
    assert len(origins) >= 14


def test_a_mistake_is_said_with_file_and_line_and_ends_with_status_1(site):
    (site / "silences" / "core.yml").write_text("windows:\n  - {name: x}\n")
    shown = run()
    assert shown.exit_code == 1
    assert "core.yml:2: 'match' is missing" in shown.stderr


def test_a_calendar_that_cannot_be_had_is_said_by_its_name(site):
    (site / "fannel.toml").write_text("[silences.calendars]\nx = 'private-abc123.ics'\n")
    shown = run()
    assert shown.exit_code == 1
    assert "calendar x cannot be read: No such file" in shown.stderr
    assert "private-abc123" not in shown.output


def test_another_folder_can_be_tried(site):
    other = site / "draft"
    other.mkdir()
    (other / "x.yml").write_text(DAILY.replace("backup", "draft"))
    assert "[file:draft/" in run("--folder", str(other)).stdout


def test_where_nothing_can_be_planned_it_says_so(site):
    (site / "fannel.toml").unlink()
    (site / "silences" / "core.yml").unlink()
    (site / "silences").rmdir()
    assert "no such folder, and no calendar" in run().stderr
