"""The whole road on real routers: a cable is pulled, FANNEL logs in and judges, the cable is back, the thread says so.

Nothing stands in for the devices: snmpd's own traps, sshd, vtysh, two FRRs. Pagoda and Slack are the stand-ins, and run
where FANNEL runs: in the NOC's network namespace.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from router_lab import NOC_ADDRESS, RouterLab, router_lab, wait_for_adjacency

from fannel import config
from fannel.cli import run
from fannel.cli.environment import environment
from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn
from fannel.lab.rulebook import RulebookProcess
from fannel.lab.slack import BOT_TOKEN, SlackStandIn, running

pytestmark = [pytest.mark.privileged, pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
TRAP_PORT = 10162
CHANNEL = "C0ALERTS01"
START_TIMEOUT_S = 60.0
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """FANNEL in front of the lab."""

    lab: RouterLab
    slack: SlackStandIn
    fannel: RulebookProcess

    def parent(self, router: str, *words: str) -> dict:
        """The parent post of the incident on the router's eth1, once it says all of `words`."""

        def said() -> dict | None:
            posts = list(self.slack.workspace.messages[CHANNEL].values())
            return next((post for post in posts if is_about(post, router) and holds(post, *words)), None)

        return self.wait(said, f"a post on {router} eth1 that says {words}")

    def reply(self, parent: dict, *words: str) -> dict:
        """The reply in the thread that says all of `words`, once it is there."""

        def said() -> dict | None:
            posts = list(self.slack.workspace.messages[CHANNEL].values())
            thread = [post for post in posts if post.get("thread_ts") == parent["ts"] and post["ts"] != parent["ts"]]
            return next((post for post in thread if holds(post, *words)), None)

        return self.wait(said, f"a reply that says {words}")

    def wait(self, seen: Callable[[], object], what: str):
        deadline = time.monotonic() + PATIENCE_S
        while not (found := seen()):
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.posts()}\n{self.fannel.output[-4000:]}"
            time.sleep(0.2)
        return found

    def posts(self) -> str:
        return json.dumps(list(self.slack.workspace.messages[CHANNEL].values()), ensure_ascii=False)


def holds(post: dict, *words: str) -> bool:
    text = json.dumps(post, ensure_ascii=False)
    return all(word in text for word in words)


def is_about(post: dict, router: str) -> bool:
    return post.get("thread_ts") in (None, post["ts"]) and holds(post, router, "eth1")


@pytest.fixture(scope="module")
def lab() -> Iterator[RouterLab]:
    with router_lab(TRAP_PORT) as up:
        wait_for_adjacency(up)
        yield up


@pytest.fixture
def fannel(lab, tmp_path) -> Iterator[Running]:
    """ansible-rulebook with the shipped rulebook, listening on the NOC's address."""
    with lab.enter(), ExitStack() as stack:
        pagoda = PagodaStandIn(network_file(lab, tmp_path))
        url = pagoda.start()
        stack.callback(pagoda.stop)
        slack = SlackStandIn()
        stack.enter_context(running(slack))
        environ = {
            key: value for key, value in os.environ.items() if not key.startswith(("FANNEL_", "PAGODA_", "SLACK_"))
        }
        environ |= {
            "PAGODA_URL": url,
            "PAGODA_TOKEN": LAB_TOKEN,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "FANNEL_SLACK__API_URL": slack.api_url,
            "FANNEL_SLACK__CHANNEL": CHANNEL,
            "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
            "FANNEL_TRAP__HOST": NOC_ADDRESS,
            "FANNEL_TRAP__PORT": str(TRAP_PORT),
            "PYTHONUNBUFFERED": "1",
        }
        settings = config.load(environ, cwd=tmp_path)
        command = run.command(["--rulebook", run.RULEBOOK, "--inventory", str(inventory(lab, tmp_path))])
        process = stack.enter_context(RulebookProcess(command, environment(settings, environ), tmp_path))
        assert process.wait_for("loaded", START_TIMEOUT_S), process.output
        yield Running(lab, slack, process)


def network_file(lab: RouterLab, folder: Path) -> Path:
    """What pagoda knows of the lab, in the form of the stand-in's own network.yml."""
    devices = {
        router.name: {
            "platform": "FRRouting",
            "site": "Lab",
            "role": "core",
            "management_ip": router.address,
            "interfaces": {"eth1": {"if_index": lab.ifindex(router, "eth1"), "description": "core link"}},
        }
        for router in (lab.r1, lab.r2)
    }
    network = {
        "sites": {"Lab": {"code": "LAB1", "region": "lab"}},
        "platforms": {"FRRouting": {"ansible_network_os": "fannel.network.frr", "vendor": "FRRouting"}},
        "devices": devices,
    }
    path = folder / "network.yml"
    path.write_text(json.dumps(network))
    return path


def inventory(lab: RouterLab, folder: Path) -> Path:
    """The shipped inventory, and beside it how to log in, as an engineer's group variables would say it."""
    beside = folder / "inventory"
    beside.mkdir()
    shutil.copy(ROOT / "inventory/pagoda.yml", beside)
    login = {
        "ansible_user": lab.user,
        "ansible_password": lab.password,
        "ansible_network_cli_ssh_type": "libssh",
        "ansible_host_key_checking": False,
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    (beside / "login.yml").write_text(json.dumps({"all": {"vars": login}}))
    return beside


def test_a_pulled_cable_is_judged_on_both_ends_and_resolved_when_it_is_back(lab, fannel):
    lab.pull_the_cable()
    cut = fannel.parent("r1", "confirmed")
    fannel.reply(cut, "operationalStatus", "lastLinkDown")  # what vtysh showed
    # The far end was taken down in its own configuration: its interface is down because somebody wanted it.
    fannel.parent("r2", "expected")

    lab.plug_the_cable()
    assert fannel.parent("r1", "RECOVERED")["ts"] == cut["ts"], "the thread's own parent turns green"
    fannel.reply(cut, "RECOVERED", "eth1 is up")  # somebody looked: the device's word alone would say so
    fannel.parent("r2", "RECOVERED")
    assert lab.password not in fannel.posts()
    assert lab.password not in fannel.fannel.output
