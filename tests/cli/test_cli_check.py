"""`fannel check run`: ansible-runner, network_cli and SSH for real, against the lab's routers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.collection import root
from fannel.incidents.lease import login
from fannel.incidents.store import Store
from fannel.lab.devices.lab import ENABLE_PASSWORD, PASSWORD
from fannel.lab.pagoda import LAB_TOKEN
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn
from fannel.lab.stage import CHANNEL, Stage
from fannel.ops.playbook import PlaybookError, run_playbook

pytestmark = [pytest.mark.timeout(300)]

FANNEL = Path(sys.executable).with_name("fannel")
HOST, PORT = "rt-tyo-01.example.net", "Gi0/3"
BUSY = "sw-tyo-01.example.net"
WRONG_PASSWORD = "wrong-login-9Z"
LAB = str(root() / "inventory" / "lab")
TIMEOUT_S = 240


def hosts(folder):
    """Hosts of one's own inventory: what can be wrong with a device."""
    lab = yaml.safe_load((root() / "inventory" / "lab" / "lab.yml").read_text())["all"]["vars"]
    lab |= {"ansible_connection": "ansible.netcommon.network_cli"}
    login = {"ansible_password": WRONG_PASSWORD, "ansible_network_os": "cisco.ios.ios"}
    described = {"no-os": {"ansible_host": "127.0.1.1"}, "wrong-login": {"ansible_host": "127.0.1.1", **login}}
    file = folder / "hosts.yml"
    file.write_text(yaml.safe_dump({"all": {"vars": lab, "hosts": described}}))
    return str(file)


def command_lines():
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")


class Runs:
    """All of them at once, each with what it printed; and every command line that was seen meanwhile."""

    def __init__(self, folder):
        self.done, self.lines = {}, set()
        with Stage(folder, slack=SlackStandIn()) as stage:
            stage.devices.cut(HOST, "GigabitEthernet0/3")
            own = hosts(folder)
            environ = os.environ | stage.environ | {"HOME": str(folder), "TMPDIR": str(folder)}
            asked = {
                "down": [HOST, "interface_down", "--subject", PORT, "-i", LAB, "--json", "--save", "saved"],
                "up": ["rt-osa-01.example.net", "interface_down", "--subject", "Gi0/0/0/0", "-i", LAB],
                "unknown": ["nosuch.example.net", "interface_down", "--subject", PORT, "-i", LAB],
                "no os": ["no-os", "interface_down", "--subject", PORT, "-i", own],
                "wrong login": ["wrong-login", "interface_down", "--subject", PORT, "-i", own],
                "busy": [BUSY, "interface_down", "--subject", "Ethernet1/1", "-i", LAB],
            }
            environ["FANNEL_LEASES__WAIT_S"] = "1"
            store = Store.open(stage.environ["FANNEL_DATABASE__URL"])
            store.leases.acquire(login(BUSY), "incident A-000001 on noc-02, process 4711", 3600, datetime.now(UTC))
            store.close()
            with ThreadPoolExecutor(2) as two:
                running = {name: two.submit(self._run, given, environ, folder) for name, given in asked.items()}
                while not all(one.done() for one in running.values()):
                    self.lines.update(command_lines())
                    time.sleep(0.05)
            self.done = {name: one.result() for name, one in running.items()}
            self.logins = {host: stage.devices.logins(host) for host in (HOST, BUSY)}
            self.posts = list(stage.slack.workspace.messages[CHANNEL].values())
        self.left = sorted(path.name for path in folder.iterdir() if path.name.startswith("fannel-check-"))

    @staticmethod
    def _run(given, environ, folder):
        command = [FANNEL, "check", "run", *given]
        return subprocess.run(
            command, env=environ, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("check")


@pytest.fixture(scope="module")
def runs(folder):
    return Runs(folder)


def test_a_fault_that_is_there_is_confirmed_with_what_shows_it(runs):
    done = runs.done["down"]
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["host"], found["os"], found["problem"]) == (HOST, "ios", "interface_down")
    assert found["subject"]["name"] == "GigabitEthernet0/3"
    assert found["verdict"]["outcome"] == "confirmed"
    assert found["verdict"]["facts"]["link"] == "down"
    assert any("line protocol is down" in line for line in found["verdict"]["evidence"])


def test_what_the_commands_printed_can_be_judged_again(runs, folder):
    files = sorted((folder / "saved").iterdir())
    assert runs.done["down"].returncode == 1
    options = [word for file in files for word in ("--output", str(file))]
    judged = CliRunner().invoke(app, ["judge", "interface_down", "ios", "--subject", PORT, *options])
    assert json.loads(judged.output)["outcome"] == "confirmed"


def test_a_fault_that_is_over_ends_with_status_0_and_some_lines_to_read(runs):
    done = runs.done["up"]
    assert done.returncode == 0, done.stderr
    head, verdict, *_ = done.stdout.splitlines()
    assert head == "rt-osa-01.example.net (iosxr) interface_down GigabitEthernet0/0/0/0"
    assert verdict.startswith("cleared: ")
    assert "commands\n  show interfaces" in done.stdout
    assert "\nlogin admin@127.0.1.2 port " in done.stdout


@pytest.mark.parametrize(
    ("name", "status", "says"),
    [
        ("unknown", 2, "fannel: the inventory has no host 'nosuch.example.net'"),
        ("no os", 2, "fannel: the inventory names no operating system for no-os"),
        ("wrong login", 3, "inconclusive: ssh connection failed: Failed to authenticate with password"),
    ],
)
def test_what_keeps_it_from_looking_is_one_line(runs, name, status, says):
    done = runs.done[name]
    assert done.returncode == status, done.stdout + done.stderr
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(says)]
    assert line


def test_while_another_run_is_logged_in_to_the_device_nobody_else_is(runs):
    done = runs.done["busy"]
    assert done.returncode == 3, done.stdout + done.stderr
    assert "inconclusive: another run (incident A-000001 on noc-02, process 4711, since " in done.stdout
    assert runs.logins[BUSY] == 0
    assert runs.logins[HOST] == 1, "and where nobody is, it is one login"


def test_no_secret_is_in_a_process_list_in_what_it_says_or_left_behind(runs):
    assert any("ansible-playbook" in line for line in runs.lines), "the runs were seen"
    said = "".join(done.stdout + done.stderr for done in runs.done.values())
    for secret in (PASSWORD, ENABLE_PASSWORD, WRONG_PASSWORD, LAB_TOKEN, BOT_TOKEN):
        assert [line for line in runs.lines if secret in line] == []
        assert secret not in said
    assert runs.left == []


def test_nothing_is_posted(runs):
    assert runs.posts == []


# --- what shows without a run ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["all", "interface_down", "-i", "."], "'all' is not the name of one host"),
        (["rt*", "interface_down", "-i", "."], "'rt*' is not the name of one host"),
        ([HOST, "interface_dwn", "-i", "."], "did you mean 'interface_down'?"),
        ([HOST, "interface_down", "--subject", "{{ 1 }}", "-i", "."], "no device has that"),
        ([HOST, "interface_down", "--subject", PORT], "PAGODA_URL is not set"),
        ([HOST, "interface_down", "--subject", PORT, "-i", "nowhere"], "--inventory nowhere: there is no such file"),
    ],
)
def test_a_mistake_is_said_at_once(monkeypatch, arguments, says):
    monkeypatch.delenv("PAGODA_URL", raising=False)
    done = CliRunner().invoke(app, ["check", "run", *arguments])
    assert done.exit_code == 2
    assert says in done.output


def test_where_ansible_runner_is_missing_it_says_so(tmp_path):
    with pytest.raises(PlaybookError, match="ansible-runner is not installed"):
        run_playbook(
            Path("check.yml"),
            program=tmp_path / "ansible-runner",
            inventory=Path("hosts"),
            host=HOST,
            variables={},
            environ={},
        )
