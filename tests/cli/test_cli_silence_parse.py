"""`fannel silence parse`: what a message would be understood as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.config import ConfigError

HOSTS = str(Path(__file__).parents[1] / "corpus" / "silences" / "hosts.yml")
AT = ("--now", "2026-11-22T16:00+09:00", "--tz", "Asia/Tokyo", "--hosts", HOSTS)


def run(*arguments):
    result = CliRunner().invoke(app, ["silence", "parse", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_request_is_told_in_absolute_times():
    result = run("rt-tyo-01 18:00まで静観 回線工事のため", *AT)
    assert result.exit_code == 0
    assert "2026-11-22 16:00 JST から 2026-11-22 18:00 JST まで (2h00m) 理由: 回線工事" in result.stdout


def test_a_refusal_says_why_and_what_would_be_right():
    result = run("silence rt-tyo-99 2h", *AT)
    assert result.exit_code == 1
    assert result.stdout.startswith("refused: rt-tyo-99 is no host I know; near it: rt-tyo-01")
    assert "meant: silence rt-tyo-01 2h" in result.stdout


def test_talk_is_no_request():
    result = run("good morning", *AT)
    assert (result.exit_code, result.stdout) == (1, "no request\n")


def test_every_line_has_its_outcome_as_json():
    result = run("silence site tyo1 2h\nresume #7", *AT, "--json")
    first, second = json.loads(result.stdout)
    assert first["targets"] == [{"site": "tyo1"}]
    assert first["hosts"] == ["rt-tyo-01", "rt-tyo-02", "sw-tyo-11.example.net"]
    assert first["ends_at"] == "2026-11-22T09:00:00+00:00"
    assert second == {"outcome": "request", "action": "resume", "ids": [7], "line": "resume #7"}


def test_what_is_wrong_with_a_file_of_hosts_is_said(tmp_path):
    path = tmp_path / "hosts.yml"
    path.write_text("- {site: tyo1}\n")
    with pytest.raises(ConfigError, match="meant is a YAML list"):
        run("silence rt1 2h", "--hosts", str(path), "--tz", "UTC")


def test_a_list_of_names_is_enough(tmp_path):
    path = tmp_path / "hosts.yml"
    path.write_text("[rt1, rt2]\n")
    assert run("silence rt1 2h", "--hosts", str(path), "--tz", "UTC").exit_code == 0


def test_what_a_terminal_would_obey_is_not_printed():
    assert "\x1b" not in run("silence rt-tyo-\x1b[31m99\x1b]0;x\x07 2h", *AT).stdout
