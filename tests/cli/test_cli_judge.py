"""`fannel judge` and `fannel checks list`: what they print, and what their exit status says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fannel import collection
from fannel.cli.app import app

CASES = collection.root() / "tests" / "corpus" / "checks" / "interface_down" / "ios"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("FANNEL_CONFIG", "FANNEL_CHECKS__PATH"):
        monkeypatch.delenv(name, raising=False)


def fannel(*arguments, stdin=None):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def of(case, *more):
    return ("judge", "interface_down", "ios", "--subject", "Gi0/0/1", "--output", CASES / case / "1.txt", *more)


@pytest.mark.parametrize(
    ("case", "outcome", "status"),
    [
        ("confirmed_router_cable_out", "confirmed", 1),
        ("cleared_router", "cleared", 0),
        ("expected_shutdown", "expected", 0),
        ("inconclusive_no_such_interface", "inconclusive", 3),
    ],
)
def test_the_verdict_is_json_and_the_exit_status_says_it(case, outcome, status):
    result = fannel(*of(case))
    assert (json.loads(result.stdout)["outcome"], result.exit_code) == (outcome, status)


def test_the_subject_is_named_in_full_however_it_was_typed():
    assert "GigabitEthernet0/0/1 is down" in fannel(*of("confirmed_router_cable_out", "--text")).stdout


def test_outputs_stand_in_the_order_of_the_commands_and_an_empty_one_is_none():
    case = CASES / "confirmed_router_cable_out"
    verdict = json.loads(fannel(*of("confirmed_router_cable_out", "--output", "", "--output", case / "3.txt")).stdout)
    assert any("%LINK-3-UPDOWN" in line for line in verdict["evidence"])


def test_standard_input_can_be_judged():
    text = (CASES / "cleared_router" / "1.txt").read_text()
    result = fannel("judge", "interface_down", "ios", "--subject", "Te0/1/0", "--output", "-", stdin=text)
    assert json.loads(result.stdout)["outcome"] == "cleared"


def test_without_outputs_it_says_which_commands_to_save():
    result = fannel("judge", "interface_down", "ios")
    assert result.exit_code == 2
    assert "show interfaces {interface}\n" in result.stderr
    assert "(optional)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("interface_dwon", "ios"), "did you mean 'interface_down'?"),
        (("interface_down", "isoxr"), "did you mean 'iosxr'?"),
        (("interface_down", "ios", "--output", "/nonexistent"), "/nonexistent: No such file or directory"),
        (("interface_down", "frr", *("--output", "a") * 2), "has 1 commands, not 2"),
    ],
)
def test_what_cannot_be_judged_is_one_line_and_status_2(arguments, said):
    result = fannel("judge", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_the_matrix_says_what_is_there_and_what_is_missing():
    result = fannel("checks", "list")
    assert result.exit_code == 0, result.output
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["problem", "eos", "frr", "ios", "iosxr", "junos", "nxos"]
    assert next(row.split() for row in rows if row.startswith("interface_down")) == ["interface_down", *"✓✓✓✓✓✓"]


def test_a_check_of_the_sites_own_is_shown_as_such_and_its_other_systems_as_missing(tmp_path):
    own = tmp_path / "checks" / "door_open" / "acme.yml"
    own.parent.mkdir(parents=True)
    own.write_text("commands:\n  a: {run: show a}\nverdict:\n  - {outcome: confirmed, reason: mine}\n")
    rows = json.loads(fannel("checks", "list", "--json").stdout)["checks"]
    states = {(row["problem"], row["os"]): row["state"] for row in rows}
    assert states["door_open", "acme"] == "own"
    assert states["door_open", "ios"] == "missing"
    assert states["interface_down", "acme"] == "missing"
    assert "door_open ios\n" in fannel("checks", "list", "--missing").stdout


def test_what_an_os_does_not_have_is_not_missing_and_says_why():
    rows = json.loads(fannel("checks", "list", "--json").stdout)["checks"]
    cell = next(row for row in rows if (row["problem"], row["os"]) == ("fan_failed", "frr"))
    assert (cell["state"], cell["why"]) == ("not_applicable", "the host's hardware")
    assert "n/a" in next(row for row in fannel("checks", "list").stdout.splitlines() if row.startswith("fan_failed"))
    assert "fan_failed frr" not in fannel("checks", "list", "--missing").stdout


def test_a_site_may_say_what_its_own_systems_do_not_have(tmp_path):
    own = tmp_path / "checks" / "door_open" / "acme.yml"
    own.parent.mkdir(parents=True)
    own.write_text("commands:\n  a: {run: show a}\nverdict:\n  - {outcome: confirmed, reason: mine}\n")
    (tmp_path / "checks" / "not_applicable.yml").write_text("door_open:\n  ios: a router has no door\n")
    missing = fannel("checks", "list", "--missing").stdout
    assert "door_open ios\n" not in missing
    assert "door_open eos\n" in missing


def test_a_wrong_reason_is_one_line_and_status_1(tmp_path):
    file = tmp_path / "checks" / "not_applicable.yml"
    file.parent.mkdir()
    file.write_text("fan_failed:\n  - frr\n")
    result = fannel("checks", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "not_applicable.yml:1: fan_failed: must say why" in result.stderr


def test_a_broken_check_is_shown_with_its_line_and_status_1(tmp_path):
    own = tmp_path / "checks" / "interface_down" / "ios.yml"
    own.parent.mkdir(parents=True)
    own.write_text("commands: 3\n")
    result = fannel("checks", "list")
    assert result.exit_code == 1
    assert "broken" in result.stdout
    assert "ios.yml:1: the key 'verdict' is missing" in result.stderr
