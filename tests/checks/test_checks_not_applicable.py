"""`checks/not_applicable.yml`: where no check is missing."""

from __future__ import annotations

import pytest

from fannel import collection
from fannel.checks.errors import CheckError
from fannel.checks.find import Checks
from fannel.checks.not_applicable import reasons
from fannel.kinds.classify import Kinds

SHIPPED = collection.root() / "checks"


def said(folder, text):
    (folder / "not_applicable.yml").write_text(text)
    return folder


def test_when_a_folder_says_nothing_there_is_no_reason(tmp_path):
    assert reasons([tmp_path, tmp_path / "nowhere"]) == {}


def test_when_two_folders_say_why_the_first_one_counts(tmp_path):
    (tmp_path / "own").mkdir()
    own = said(tmp_path / "own", "fan_failed: {frr: ours}\n")
    shipped = said(tmp_path, "fan_failed: {frr: theirs, eos: no fans}\n")
    assert reasons([own, shipped]) == {("fan_failed", "frr"): "ours", ("fan_failed", "eos"): "no fans"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fan_failed: [frr]\n", ":1: fan_failed: must say why"),
        ("fan_failed:\n  frr:\n", ":2: fan_failed.frr: must be a text that says why"),
        ("fan_failed: {frr: a}\nfan_failed: {eos: b}\n", ":2: fan_failed: is given twice"),
    ],
)
def test_what_is_no_reason_is_an_error_with_its_line(tmp_path, text, problem):
    with pytest.raises(CheckError, match=problem):
        reasons([said(tmp_path, text)])


def test_when_a_check_stands_beside_its_excuse_it_is_an_error(tmp_path):
    (tmp_path / "fan_failed").mkdir()
    (tmp_path / "fan_failed" / "frr.yml").write_text("commands: {}\n")
    with pytest.raises(CheckError, match=r"there is a check, fan_failed/frr\.yml: take this line out"):
        reasons([said(tmp_path, "fan_failed: {frr: the host's}\n")])


def test_the_shipped_reasons_speak_of_problems_that_are_raised_and_of_systems_that_are_looked_at():
    raised = {kind.problem for kind in Kinds.load().compiled.kinds.values()}
    systems = {file.stem for file in Checks((SHIPPED,)).files()}
    for problem, os in reasons([SHIPPED]):
        assert problem in raised
        assert os in systems
