"""Runs of one device that meet: real playbooks, real SSH, one login at a time, and one for all that wait."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from events import event
from ulid import ULID

from fannel import config
from fannel.cli.environment import environment
from fannel.collection import root
from fannel.incidents.lease import login
from fannel.incidents.store import Store
from fannel.lab.devices.plant import read_network
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("e2e")]

HOST = "rt-tyo-01.example.net"
HOLD_S = 5
PORTS = [f"GigabitEthernet9/{number}" for number in range(5)]


def until(condition, timeout_s=240):
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    assert condition()


@pytest.fixture
def network(tmp_path):
    """The lab's, with five more ports at one of its routers."""
    described = read_network()
    ports = {port: {"if_index": 900 + number, "description": f"port {number}"} for number, port in enumerate(PORTS)}
    described["devices"][HOST]["interfaces"] |= ports
    file = tmp_path / "network.yml"
    file.write_text(yaml.safe_dump(described))
    return file


class Runs:
    """Playbooks on a stage, started when a test says so, as ansible-rulebook or AWX would."""

    def __init__(self, folder, stage):
        self.folder, self.stage = folder, stage
        # Long, for a machine that has other things to do: it ends as soon as all have come.
        patience = {
            "FANNEL_LEASES__LINGER_S": "120",
            "FANNEL_LEASES__WAIT_S": "600",
            "FANNEL_LEASES__HOLD_S": str(HOLD_S),
        }
        environ = os.environ | stage.environ | patience
        settings = config.load(environ, cwd=folder)
        self.environ = environment(settings, environ)
        self.store = Store.open(settings.database.url)
        self.started = []

    def down(self, port):
        """Pull a cable; what the rules are asked then."""
        self.stage.act(HOST, "cut", port)
        subject = replace(event().subject, name=port, ifindex=None)
        now = datetime.now(UTC)
        one = replace(event(host=HOST, at=now), id=str(ULID()), subject=subject)
        (recorded,) = self.store.record([(one, b"")])
        return recorded.to_queue()

    def start(self, asked):
        name = asked["id"]
        (self.folder / f"{name}.json").write_text(json.dumps({"ansible_eda": {"event": asked}}))
        command = ["ansible-playbook", "-i", str(root() / "inventory" / "lab"), "--limit", HOST]
        command += ["-e", f"@{self.folder}/{name}.json", str(root() / "playbooks" / "respond.yml")]
        with (self.folder / f"{name}.log").open("w") as log:
            run = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log, start_new_session=True)
        run.log = self.folder / f"{name}.log"
        self.started.append(run)
        return run

    def stop(self):
        for run in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait(30)
        self.store.close()

    def verdict(self, asked):
        return (self.store.incident(asked["incident"]["id"]).verdict or {}).get("outcome")

    def said(self, asked):
        return [post.kind for post in self.store.log.posts(asked["incident"]["id"]) if post.kind in ("parent", "reply")]

    def holder(self):
        return self.store.leases.holder(login(HOST), datetime.now(UTC))


@pytest.fixture
def runs(tmp_path, network):
    with Stage(tmp_path, network=network, slack=SlackStandIn(rate_limits=False)) as stage:
        made = Runs(tmp_path, stage)
        yield made
        made.stop()


def test_five_ports_of_a_device_at_once_are_one_login_five_verdicts_and_five_threads(runs):
    downs = [runs.down(port) for port in PORTS]
    started = [runs.start(down) for down in downs]
    assert [(run.wait(300), run.log.read_text()) for run in started if run.wait(300) != 0] == []
    assert runs.stage.devices.logins(HOST) == 1
    assert [runs.verdict(down) for down in downs] == ["confirmed"] * 5
    assert [runs.said(down) for down in downs] == [["parent", "reply"]] * 5
    assert runs.holder() is None
    for run, down in zip(started, downs, strict=True):
        assert "changed=1" in run.log.read_text(), f"{down['subject']['name']}: the run has a verdict for the rules"


def test_a_run_killed_while_logged_in_leaves_the_others_to_the_next_which_logs_in_when_its_lease_is_over(runs):
    mine, *others = [runs.down(port) for port in PORTS]
    first = runs.start(mine)
    until(lambda: runs.verdict(mine) is not None)  # and it is still logged in: the others may come
    worker = int(re.search(r"process (\d+)$", runs.holder().owner)[1])  # in a session of its own, since 2.19
    os.kill(worker, signal.SIGKILL)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(30)
    assert runs.holder() is not None
    for run in [runs.start(other) for other in others]:
        assert run.wait(300) == 0, run.log.read_text()
    assert runs.stage.devices.logins(HOST) == 2
    assert [runs.verdict(one) for one in (mine, *others)] == ["confirmed"] * 5
    assert [runs.said(one) for one in (mine, *others)] == [["parent", "reply"]] * 5
    assert runs.holder() is None


def test_a_run_that_waits_for_another_logs_in_afterwards_and_says_so(runs):
    down = runs.down(PORTS[0])
    taken = runs.store.leases.acquire(login(HOST), "incident A-000001 on noc-02, process 4711", 600, datetime.now(UTC))
    run = runs.start(down)
    until(lambda: runs.stage.slack.workspace.messages[CHANNEL])
    time.sleep(4)
    assert runs.said(down) == ["parent"]
    assert runs.stage.devices.logins(HOST) == 0
    assert runs.store.leases.release(taken)
    assert run.wait(300) == 0, run.log.read_text()
    _parent, reply, *_ = runs.stage.slack.workspace.messages[CHANNEL].values()
    assert "confirmed" in reply["text"], run.log.read_text()
    assert "another run (incident A-000001 on noc-02, process 4711, since " in str(reply["blocks"])
    assert runs.holder() is None


def test_why_a_router_says_that_it_started_is_said_after_what_it_says(runs):
    cold_start = replace(event(phase="info", host=HOST, at=datetime.now(UTC)), severity="major")
    (told,) = runs.store.record([(cold_start, b"")])
    run = runs.start(told.to_queue())
    assert run.wait(300) == 0, run.log.read_text()
    said, found = runs.stage.slack.workspace.messages[CHANNEL].values()
    assert "coldStart" in said["text"]
    assert "the device itself did not restart: it has run for 3 weeks" in found["text"]
    assert runs.stage.devices.logins(HOST) == 1
    assert runs.holder() is None
