"""`fannel explain`: what would become of an input, with the rules tried by the rule engine itself."""

from __future__ import annotations

import json

import pytest
from events import event
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.directory import snapshot
from fannel.directory.directory import Device, Interface
from fannel.directory.mapping import DeviceMapping
from fannel.directory.snapshot import Origin, Snapshot
from fannel.incidents.store import Store
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

pytestmark = pytest.mark.timeout(300)

LINE = "<187>45: *Nov 26 03:00:00.000: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder with a kept list of one device, and no pagoda."""
    monkeypatch.chdir(tmp_path)
    for name in ("PAGODA_URL", "PAGODA_TOKEN", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    device = Device("rt9.example.net", 9, ("192.0.2.9",), "192.0.2.9", os="ios", network_os="cisco.ios.ios")
    snapshot.save(
        tmp_path / "var" / "directory.json",
        Snapshot(1_000_000_000.0, [device], {9: [Interface("GigabitEthernet0/1", 3, "to rt8")]}),
        Origin.of("http://pagoda.example.net", DeviceMapping()),
    )
    return tmp_path


def fannel(*arguments):
    return CliRunner().invoke(app, ["explain", *arguments])


def test_a_line_of_a_known_device_names_kind_host_check_and_the_rule_that_acts(site):
    done = fannel("--syslog", LINE, "--from", "192.0.2.9")
    assert done.exit_code == 0, done.output
    assert "interface_down (raise, critical)" in done.stdout
    assert "rt9.example.net (ios)" in done.stdout
    assert 'GigabitEthernet0/1 "to rt8"' in done.stdout
    assert "checks/interface_down/ios.yml" in done.stdout
    assert "▶ A link is down → run_playbook fannel.network.respond" in done.stdout
    assert "✓ A fault on a device without a check" in done.stdout
    assert "· A BGP neighbour is lost" in done.stdout


def test_a_silence_of_now_is_named_and_no_rule_holds(site):
    CliRunner().invoke(app, ["silence", "add", "rt9 Gi0/1 2h card swap"])
    link_down = encode_trap(
        "1.3.6.1.6.3.1.1.5.3",
        [WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3)],
        community=b"public",
    )
    done = fannel("--hex", link_down.hex(" "), "--from", "rt9.example.net", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["silence"]["reason"] == "card swap"
    assert found["acts"] is None


def test_an_event_of_the_log_is_tried_with_rules_of_ones_own(site):
    (site / "mine.yml").write_text(
        """---
- name: Mine
  hosts: all
  sources: [{name: traps, fannel.network.snmp_trap: {}}]
  rules:
    - {name: Never, condition: event.kind == "x", action: {debug: {}}}
    - name: Mine as well
      condition: event.host.name == "rt-tyo-01.example.net"
      throttle: {once_within: 5 minutes, group_by_attributes: [event.fingerprint]}
      action: {run_job_template: {name: Look, organization: NOC}}
"""
    )
    store = Store.open(f"sqlite:///{site}/var/fannel.sqlite3")
    (recorded,) = store.record([(event(), b"")])
    store.close()
    done = fannel("--event-id", recorded.id, "--rulebook", "mine.yml", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["acts"], [one["holds"] for one in found["rules"]]) == ("Mine as well", [False, True])
    assert found["rules"][1]["action"] == "run_job_template Look"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--event-id", "01JD"], 1, "not in the log"),
        (["--hex", "zz"], 2, "--hex: not whole octets"),
        (["--hex", "30"], 1, "refused ("),
        (["--syslog", LINE, "--from", "nobody"], 2, "neither an address nor a device"),
        ([], 2, "give one of"),
        (["--hex", "30", "--syslog", "x"], 2, "give one of"),
        (["--syslog", LINE, "--rulebook", "no.yml"], 1, "no.yml: No such file"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(site, arguments, status, words):
    done = fannel(*arguments)
    assert (done.exit_code, words in done.output) == (status, True), done.output


def test_a_rulebook_that_ansible_rulebook_does_not_take_is_said(site):
    (site / "bad.yml").write_text(
        '---\n- name: b\n  rules: [{name: r, condition: "event.x ==", action: {debug: {}}}]\n'
    )
    done = fannel("--syslog", LINE, "--rulebook", "bad.yml")
    assert done.exit_code == 1
    assert "bad.yml: ansible-rulebook says" in done.output
