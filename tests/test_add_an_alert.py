"""docs/add-an-alert.md does what it says: its commands, one after the other, make an unknown trap a judged fault."""

from __future__ import annotations

import json
import os
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from fannel.checks.find import Checks
from fannel.checks.judge import judge
from fannel.cli.app import app
from fannel.collection import root
from fannel.event import Host, Source
from fannel.incidents.store import Store
from fannel.kinds.site import catalogues
from fannel.normalise import trap_event
from fannel.ops.doctor.content import rulebook
from fannel.wire.snmp import decode

PAGE = (root() / "docs" / "add-an-alert.md").read_text()
FILES = dict(re.findall(r"^```(?:text|yaml) (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
MOST_LINES = 40
EVENT_ID = "01JD3XAAAAAAAAAAAAAAAAAAAA"
KIND, CHECK = "kinds/ups_on_battery.yml", "checks/ups_on_battery/ios.yml"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site's own folder, in which somebody reads the page from top to bottom and does what it says."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # A source that ran in this process before has exported its settings, which say where kinds are.
        for name in [name for name in os.environ if name.startswith("FANNEL_")]:
            patch.delenv(name)
        patch.setenv("FANNEL_DATABASE__URL", f"sqlite:///{folder}/fannel.sqlite3")
        patch.setenv("FANNEL_CONFIG", "")
        yield Site(folder)


class Site:
    def __init__(self, folder):
        self.folder, self.said = folder, {}
        octets = bytes.fromhex(FILES["datagram.hex"])
        self.known_before = logged(folder, octets)
        for name in ("texts/ACME-UPS-MIB.txt", "on-battery.txt", "on-mains.txt"):
            self.write(name)
        for command in COMMANDS:
            if command.startswith(("fannel check run", "fannel explain")):
                continue  # a device and the rule engine: tested where they are (test_cli_check, test_cli_explain)
            if command.startswith("fannel judge"):
                self.made = {name: (folder / name).read_text() for name in (KIND, CHECK)}
                self.write(CHECK)  # a person decided
            arguments = shlex.split(command.replace("01JD3X…", EVENT_ID), comments=True)[1:]
            done = CliRunner().invoke(app, arguments)
            assert done.exit_code == (1 if arguments[0] == "judge" else 0), f"{command}\n{done.output}"
            self.said[" ".join(arguments[:2])] = done.output

    def write(self, name):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILES[name])

    def notification(self):
        octets = bytes.fromhex((self.folder / "tests/corpus/ios/ups_on_battery/first/trap.hex").read_text())
        return catalogues(self.folder / "kinds", self.folder / "mibs").names.name(decode(octets))

    def found(self):
        return catalogues(self.folder / "kinds", self.folder / "mibs").kinds.classify(self.notification())


def logged(folder, octets):
    """The trap in the log, as it was before anybody knew it; the kind it was then."""
    shipped, message = catalogues(), decode(octets)
    notification = shipped.names.name(message)
    event = trap_event(
        message,
        notification,
        shipped.kinds.classify(notification, "ios"),
        received_at=datetime.now(UTC),
        source=Source("192.0.2.1"),
        host=Host("sw1.example.net", known=True, os="ios"),
        event_id=EVENT_ID,
    )
    store = Store.open(f"sqlite:///{folder}/fannel.sqlite3")
    store.record([(event, octets)])
    store.close()
    return event.kind


def test_nobody_knew_the_trap(site):
    assert site.known_before == "unknown_trap"
    assert "unknown_trap" in site.said["events list"]


def test_the_kind_that_is_made_is_the_one_on_the_page(site):
    assert yaml.safe_load(site.made[KIND]) == yaml.safe_load(FILES[KIND])
    assert "TODO" not in site.made[KIND]


def test_now_it_is_a_fault_of_its_subject(site):
    found = site.found()
    assert (found.kind, found.problem, found.phase, found.severity) == (
        "ups_on_battery",
        "ups_on_battery",
        "raise",
        "critical",
    )
    assert (found.subject.type, found.subject.name) == ("ups", "UPS-A")
    expected = json.loads((site.folder / "tests/corpus/ios/ups_on_battery/first/event.json").read_text())
    assert (expected["kind"], expected["subject"]["name"]) == ("ups_on_battery", "UPS-A")


def test_the_check_that_is_made_judges_what_it_was_made_from_before_anybody_touched_it(site):
    case = site.folder / "tests/corpus/checks/ups_on_battery/ios/confirmed_first"
    assert json.loads((case / "verdict.json").read_text())["outcome"] == "confirmed"
    assert (case / "1.txt").read_text() == FILES["on-battery.txt"]
    assert site.made[CHECK].count("TODO") == 2
    made, page = yaml.safe_load(site.made[CHECK]), yaml.safe_load(FILES[CHECK])
    assert made["commands"]["ups"]["run"] == page["commands"]["ups"]["run"]
    assert made["evidence"] == page["evidence"]


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        (FILES["on-battery.txt"], "confirmed", "UPS-A runs on its battery, 17 minutes are left"),
        (FILES["on-mains.txt"], "cleared", "UPS-A has mains"),
        ("UPS-A   not installed\n", "inconclusive", ""),
    ],
)
def test_its_check_judges_what_the_device_prints(site, said, outcome, reason):
    verdict = judge(Checks((site.folder / "checks",)).find("ups_on_battery", "ios"), site.found().subject, [said])
    assert verdict.outcome == outcome
    assert reason in verdict.reason


def test_in_the_end_every_case_holds(site):
    assert site.said["cases --write"].startswith("wrote ")
    assert site.said["cases"] == "3 cases, 0 differ\n"


def test_another_state_is_kept_as_another_case(site):
    case = site.folder / "tests/corpus/checks/ups_on_battery/ios/cleared_mains"
    assert json.loads((case / "verdict.json").read_text())["reason"] == "UPS-A has mains"


def test_the_rule_is_one_that_ansible_rulebook_takes(tmp_path):
    shipped = yaml.safe_load((root() / "rulebooks" / "network_alerts.yml").read_text())
    shipped[0]["rules"][:0] = yaml.safe_load(FILES["rule.yml"])
    file = tmp_path / "network_alerts.yml"
    file.write_text(yaml.safe_dump(shipped))
    assert rulebook(file, root()).status == "ok"


def test_it_takes_forty_lines_of_yaml_at_most_and_no_python(site):
    site.write("rule.yml")
    files = [path for path in site.folder.rglob("*") if path.is_file() and path.suffix in (".yml", ".py")]
    assert {path.suffix for path in files} == {".yml"}
    lines = [line for path in files for line in Path(path).read_text().splitlines() if line.strip() and line != "---"]
    assert len(lines) <= MOST_LINES
