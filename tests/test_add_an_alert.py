"""docs/add-an-alert.md does what it says: its files, taken from the page, turn an unknown trap into a judged fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from fannel.checks.find import Checks
from fannel.checks.judge import judge
from fannel.cli.app import app
from fannel.collection import root
from fannel.kinds.site import catalogues
from fannel.ops.doctor.content import rulebook
from fannel.wire.snmp import decode

PAGE = root() / "docs" / "add-an-alert.md"
FILES = re.compile(r"^```(?:text|yaml) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_LINES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for name, text in FILES.findall(PAGE.read_text()):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = CliRunner().invoke(app, ["mibs", "compile", str(folder / "texts"), "--to", str(folder / "mibs")])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def notification(folder):
    octets = bytes.fromhex((folder / "tests/corpus/ios/ups_on_battery/ups_a/trap.hex").read_text())
    return catalogues(folder / "kinds", folder / "mibs").names.name(decode(octets))


def test_nobody_knew_the_trap(notification):
    assert catalogues().kinds.classify(notification).kind == "unknown_trap"


def test_now_it_is_a_fault_of_its_subject(folder, notification):
    found = catalogues(folder / "kinds", folder / "mibs").kinds.classify(notification)
    assert (found.kind, found.problem, found.phase, found.severity) == (
        "ups_on_battery",
        "ups_on_battery",
        "raise",
        "critical",
    )
    assert (found.subject.type, found.subject.name) == ("ups", "UPS-A")


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        (None, "confirmed", "UPS-A runs on its battery, 17 minutes are left"),
        ("UPS-A   state: mains   load: 41 %   remaining: 60 min\n", "cleared", "UPS-A has mains"),
        ("UPS-A   not installed\n", "inconclusive", ""),
    ],
)
def test_its_check_judges_what_the_device_prints(folder, notification, said, outcome, reason):
    subject = catalogues(folder / "kinds", folder / "mibs").kinds.classify(notification).subject
    verdict = judge(
        Checks((folder / "checks",)).find("ups_on_battery", "ios"),
        subject,
        [said or (folder / "on-battery.txt").read_text()],
    )
    assert verdict.outcome == outcome
    assert reason in verdict.reason


def test_the_rule_is_one_that_ansible_rulebook_takes(folder, tmp_path):
    shipped = yaml.safe_load((root() / "rulebooks" / "network_alerts.yml").read_text())
    shipped[0]["rules"][:0] = yaml.safe_load((folder / "rule.yml").read_text())
    file = tmp_path / "network_alerts.yml"
    file.write_text(yaml.safe_dump(shipped))
    assert rulebook(file, root()).status == "ok"


def test_it_takes_forty_lines_of_yaml_at_most_and_no_python(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in (".yml", ".py")]
    assert {path.suffix for path in files} == {".yml"}
    lines = [line for path in files for line in Path(path).read_text().splitlines() if line.strip() and line != "---"]
    assert len(lines) <= MOST_LINES
