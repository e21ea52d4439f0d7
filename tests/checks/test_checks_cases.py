"""Every case folder: raw outputs and a subject in, the verdict as JSON out.

A case is `tests/corpus/checks/<problem>/<os>/<case>/`: `1.txt`, `2.txt`, … the outputs in the order of the check's
commands (a missing file is an optional command that gave nothing), `subject.json`, and `verdict.json`.
"""

import functools
import json
from pathlib import Path

import pytest
import yaml

from fannel import collection
from fannel.checks.find import Checks
from fannel.checks.judge import judge
from fannel.event import Subject

CORPUS = Path(__file__).parents[1] / "corpus" / "checks"
SHIPPED = Checks((collection.root() / "checks",))
CASES = sorted(path.parent for path in CORPUS.glob("*/*/*/subject.json"))
OUTCOMES = {"confirmed", "cleared", "expected", "inconclusive"}


check_of = functools.cache(SHIPPED.find)


def verdict_of(case: Path) -> dict:
    check = check_of(case.parent.parent.name, case.parent.name)
    files = [case / f"{number}.txt" for number in range(1, len(check.commands) + 1)]
    texts = [file.read_text(encoding="utf-8") if file.is_file() else None for file in files]
    subject = Subject(**json.loads((case / "subject.json").read_text(encoding="utf-8")))
    return judge(check, subject, texts).to_json()


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:]))
def test_a_case_should_give_its_verdict(case):
    verdict = verdict_of(case)
    shown = json.dumps(verdict, indent=2, ensure_ascii=False)
    expected = case / "verdict.json"
    assert expected.is_file(), f"{expected} is missing; if this is right, write it:\n{shown}"
    assert verdict == json.loads(expected.read_text(encoding="utf-8")), f"if this is right, write it:\n{shown}"


def only_extends(file: Path) -> bool:
    """Whether the check says nothing of its own: then the cases of the other one are its cases, too."""
    return yaml.safe_load(file.read_text(encoding="utf-8")).keys() <= {"description", "extends", "subject"}


@pytest.mark.parametrize("file", SHIPPED.files(), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_shipped_check_should_have_a_case_for_every_outcome_it_knows(file):
    check = check_of(file.parent.name, file.stem)
    known = {rule.outcome for rule in check.rules} | {"inconclusive"}
    covered = {verdict_of(case)["outcome"] for case in CASES if case.parts[-3:-1] == (file.parent.name, file.stem)}
    assert covered, f"no case at all: add a folder to {CORPUS / file.parent.name / file.stem}"
    if not only_extends(file):
        assert covered == known, (
            f"no case for {known - covered}: add a folder to {CORPUS / file.parent.name / file.stem}"
        )


def test_every_case_should_belong_to_a_shipped_check():
    shipped = {(file.parent.name, file.stem) for file in SHIPPED.files()}
    assert {case.parts[-3:-1] for case in CASES} <= shipped


@pytest.mark.parametrize("os", ["ios", "iosxr", "nxos", "eos", "junos", "frr"])
def test_interface_down_should_know_every_outcome_on_every_os(os):
    check = check_of("interface_down", os)
    assert {rule.outcome for rule in check.rules} == OUTCOMES


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:]))
def test_a_case_cut_short_anywhere_should_never_turn_into_a_contradicting_verdict(case):
    """Half an answer may be inconclusive; it must not say up for down or down for up."""
    check = check_of(case.parent.parent.name, case.parent.name)
    first = (case / "1.txt").read_text(encoding="utf-8")
    subject = Subject(**json.loads((case / "subject.json").read_text(encoding="utf-8")))
    whole = judge(check, subject, [first]).outcome
    cuts = range(0, len(first), max(1, len(first) // 12))
    outcomes = {judge(check, subject, [first[:cut]]).outcome for cut in cuts}
    assert outcomes <= {whole, "inconclusive"}
