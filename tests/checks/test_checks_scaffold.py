"""A check to begin with: out of outputs of the corpus one that loads, and judges it as its case does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from fannel.checks import scaffold
from fannel.checks.find import Checks
from fannel.checks.judge import judge
from fannel.checks.placeholder import UnfitValueError
from fannel.checks.session import lines
from fannel.collection import root
from fannel.event import Subject

CORPUS = Path(__file__).parents[1] / "corpus" / "checks"
SHIPPED = Checks((root() / "checks",))
# One for each problem and operating system.
CASES = {
    path.parts[-4:-2]: path.parent
    for path in sorted(CORPUS.glob("*/*/*/verdict.json"))
    if json.loads(path.read_text())["outcome"] in ("confirmed", "cleared")
}.values()


def made(folder, problem, os_name, subject, printed, outcome):
    file = folder / problem / f"{os_name}.yml"
    file.parent.mkdir(exist_ok=True)

    def check(text):
        file.write_text(text)
        found = Checks((folder, root() / "checks")).find(problem, os_name)
        return judge(found, subject, [one.text for one in printed])

    return scaffold.of_outputs(subject, printed, outcome, check)


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:]))
def test_out_of_what_a_device_printed_a_check_is_made_that_judges_it(case, tmp_path):
    problem, os_name, _ = case.parts[-3:]
    check = SHIPPED.find(problem, os_name)
    subject = Subject(**json.loads((case / "subject.json").read_text()))
    try:
        sent = lines(check, subject)
    except UnfitValueError:
        sent = [command.forms[0] for command in check.commands]
    texts = [case / f"{number}.txt" for number in range(1, len(sent) + 1)]
    printed = [
        scaffold.Printed(line or "show something", text.read_text())
        for line, text in zip(sent, texts, strict=True)
        if text.is_file()
    ]
    outcome = json.loads((case / "verdict.json").read_text())["outcome"]
    if not printed[0].text.strip():
        with pytest.raises(scaffold.CannotScaffoldError, match="nothing in the first output"):
            made(tmp_path, problem, os_name, subject, printed, outcome)
        return
    check = made(tmp_path, problem, os_name, subject, printed, outcome)
    assert "TODO" in check.text
    assert (check.verdict.outcome, bool(check.verdict.facts["state"])) == (outcome, True)


def test_it_reads_the_state_of_the_subject_and_not_of_another(tmp_path):
    subject = Subject("interface", name="GigabitEthernet0/2")
    text = "Gi0/1 is up\nGi0/2 is down\n"
    printed = [scaffold.Printed("show ports Gi0/2", text)]
    data = yaml.safe_load(made(tmp_path, "port_odd", "ios", subject, printed, "confirmed").text)
    assert data["commands"]["ports"] == {
        "run": "show ports {interface}",
        "parse": {"regex": r"^{interface}\s+is\s+(?P<state>[\w.%/-]+)"},
    }
    assert data["verdict"][0] == {"when": "state == 'down'", "outcome": "confirmed", "reason": "{name} is {state}"}


def test_of_json_it_takes_what_a_key_calls_a_state(tmp_path):
    subject = Subject("bgp_neighbor", name="192.0.2.1", peer="192.0.2.1")
    text = json.dumps({"peers": {"192.0.2.1": {"as": "64500", "bgpState": "Idle"}}})
    printed = [scaffold.Printed("show bgp neighbors 192.0.2.1 json", text)]
    data = yaml.safe_load(made(tmp_path, "peer_odd", "ios", subject, printed, "confirmed").text)
    assert data["facts"]["state"] == "neighbors['peers'][peer]['bgpState']"
    assert data["commands"]["neighbors"]["run"] == "show bgp neighbors {peer} json"


def test_what_a_defaults_file_needs_is_there_to_be_found(tmp_path):
    """interface_errors has one verdict for all systems, by facts that each of them finds."""
    subject = Subject("interface", name="eth1")
    check = made(
        tmp_path, "interface_errors", "frr", subject, [scaffold.Printed("show errors eth1", "eth1 is bad")], "confirmed"
    )
    data = yaml.safe_load(check.text)
    needed = data["facts"].keys() - {"state"}
    assert needed
    assert all(data["facts"][name] == "''" for name in needed)
    assert "TODO defaults.yml judges by these" in check.text
