"""Real ansible-playbook runs against the stand-ins, over network_cli and libssh, as on real devices."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fannel import collection
from fannel.checks.find import Checks
from fannel.checks.judge import judge
from fannel.checks.redact import complaint
from fannel.event import Subject
from fannel.lab.devices.lab import ENABLE_PASSWORD, PASSWORD, USER, LabDevices
from fannel.lab.devices.plant import read_network

pytestmark = pytest.mark.slow

CHECKS = Checks((collection.root() / "checks",))
WRONG_LOGIN, WRONG_ENABLE = "wrong-login-9Z", "wrong-enable-9Z"
NETWORK_OS = {
    "ios": "cisco.ios.ios",
    "iosxr": "cisco.iosxr.iosxr",
    "nxos": "cisco.nxos.nxos",
    "eos": "arista.eos.eos",
    "junos": "junipernetworks.junos.junos",
    "frr": "fannel.network.frr",
}
ENABLE = {"ansible_become": True, "ansible_become_method": "ansible.netcommon.enable"}

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.netcommon.cli_command:
        command: "{{ ask }}"
      register: answer
      ignore_errors: true
      ignore_unreachable: true
    - ansible.builtin.copy:
        content: "{{ dict(names | zip(names | map('extract', hostvars, 'answer'))) | to_json }}"
        dest: "{{ playbook_dir }}/answers.json"
        mode: "0600"
      delegate_to: localhost
      connection: local
      run_once: true
      vars:
        names: "{{ ansible_play_hosts_all }}"
        ansible_connection: local
        ansible_become: false
        ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""

# The same devices a second time: Ansible keeps one login per address and user, so that a wrong password would go
# unnoticed where the right one has logged in.
TWINS = {"wrong_enable_ios": "rt-tyo-01", "wrong_enable_eos": "leaf-tyo-01", "wrong_login": "rt-osa-01"}


def play(folder, port, hosts):
    shared = {
        "ansible_connection": "ansible.netcommon.network_cli",
        "ansible_network_cli_ssh_type": "libssh",
        "ansible_user": USER,
        "ansible_password": PASSWORD,
        "ansible_port": port,
        "ansible_host_key_checking": False,
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"vars": shared, "hosts": hosts}}))
    (folder / "play.yml").write_text(PLAYBOOK)
    environment = {
        **os.environ,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": str(folder / "pc"),
        "ANSIBLE_PERSISTENT_CONNECT_TIMEOUT": "10",
        "ANSIBLE_PERSISTENT_COMMAND_TIMEOUT": "8",
        "ANSIBLE_FORKS": "6",
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
        "HOME": str(folder),
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False)
    answers = folder / "answers.json"
    assert answers.is_file(), run.stdout + run.stderr
    return json.loads(answers.read_text()), run.stdout + run.stderr


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """One run for everything: six logins, wrong enable passwords, a wrong login, nobody there."""
    network = read_network()
    for number, (twin, name) in enumerate(TWINS.items(), start=11):
        network["devices"][twin] = {**network["devices"][f"{name}.example.net"], "management_ip": f"127.0.1.{number}"}
    with LabDevices(network) as lab:
        port = lab.start()
        hosts = {
            "wrong_enable_ios": {**ENABLE, "ansible_become_password": WRONG_ENABLE},
            "wrong_enable_eos": {**ENABLE, "ansible_become_password": WRONG_ENABLE},
            "wrong_login": {"ansible_password": WRONG_LOGIN},
            "nobody_there": {"ansible_host": "127.0.1.99", "ansible_network_os": "cisco.ios.ios", "ask": "show clock"},
        }
        for device in lab.plant.devices.values():
            lab.cut(device.name, device.ports[0])
            check = CHECKS.find("interface_down", device.os)
            host = hosts.setdefault(device.name if device.name in TWINS else device.os, {})
            host["ansible_host"], host["ansible_network_os"] = device.address, NETWORK_OS[device.os]
            host["ask"] = check.commands[0].forms[0].replace("{interface}", device.ports[0])
            host["interface"] = device.ports[0]
            if device.os in ("ios", "eos") and device.name not in TWINS:
                host |= {**ENABLE, "ansible_become_password": ENABLE_PASSWORD}
        given, said = play(tmp_path_factory.mktemp("play"), port, hosts)
        return Answers({name: (hosts[name], given[name]) for name in hosts}, said)


@dataclass
class Answers:
    of: dict
    said: str


@pytest.mark.parametrize("os_name", NETWORK_OS)
def test_a_playbook_should_log_in_and_the_check_judge_what_it_got(answers, os_name):
    host, answer = answers.of[os_name]
    assert not answer.get("failed"), answer
    check = CHECKS.find("interface_down", os_name)
    verdict = judge(check, Subject("interface", name=host["interface"]), [answer["stdout"]])
    assert verdict.outcome == "confirmed"


def test_a_playbook_should_print_no_right_password(answers):
    assert PASSWORD not in answers.said
    assert ENABLE_PASSWORD not in answers.said


def test_a_device_should_echo_a_wrong_enable_password_into_ansibles_error(answers):
    """The leak that the redaction is there for; if this fails the next test proves nothing."""
    assert WRONG_ENABLE in answers.of["wrong_enable_eos"][1]["msg"]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("wrong_enable_eos", "unable to elevate privilege to enable mode: % Bad secret"),
        ("wrong_enable_ios", "failed to elevate privilege to enable mode"),
        ("wrong_login", "ssh connection failed: Failed to authenticate with password"),
        ("nobody_there", "ssh connection failed: ssh connect failed: Connection refused"),
    ],
)
def test_a_refusal_should_be_one_line_without_a_secret(answers, case, expected):
    text = answers.of[case][1]["msg"]
    line = complaint(text, [WRONG_ENABLE, WRONG_LOGIN])
    assert line.startswith(expected)
    assert WRONG_ENABLE not in line
    assert WRONG_ENABLE not in complaint(text)
