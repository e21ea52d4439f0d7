"""kill -9 at any moment between a trap and the last word of its thread: one thread each, nothing twice, nothing lost.

Links of several routers go down and come back. Meanwhile what answers them is killed 50 times: a playbook in the
middle of its run, the observer, the receiver, the listener, or all of it at once, which is then started again as a
supervisor would. As long as something is left to kill, links go down: a faster FANNEL answers more of them.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import pytest
import yaml
from killing import LISTENER, OBSERVER, RECEIVER, RULES, RUN, processes_with, until

from fannel.cli.demo import fannel_on
from fannel.lab.devices.control import LabControl
from fannel.lab.devices.plant import read_network
from fannel.lab.devices.traps import send_link_traps
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

KILLS = 50
ROUTERS, PORTS = 6, 40  # more links than are cut in the end
AT_WORK = 3  # faults that are being answered, at least, until the last kill
HOLD_S = 5
REPEATED_AFTER_S = 2.0
ON_RECORD = "SELECT count(*) FROM events WHERE host = ? AND json_extract(event, '$.subject.name') = ? AND phase = ?"
TIMEOUT_S = 400
# What is killed how often; a kill of everything costs a start of ansible-rulebook.
VICTIMS = [RUN] * 12 + [OBSERVER] * 4 + [RECEIVER] * 2 + [LISTENER] + [RULES] * 2
SEED = int(os.environ.get("FANNEL_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    described = read_network()
    model = described["devices"]["rt-tyo-01.example.net"]
    described["devices"] = {
        f"rt-{n}.example.net": model
        | {
            "management_ip": f"127.0.3.{n}",
            "snmp_source_addresses": [],
            "interfaces": {f"GigabitEthernet0/{p}": {"if_index": p} for p in range(1, PORTS + 1)},
        }
        for n in range(1, ROUTERS + 1)
    }
    file = tmp_path_factory.mktemp("network") / "network.yml"
    file.write_text(yaml.safe_dump(described))
    return file


@pytest.fixture(scope="module")
def killed(tmp_path_factory, network):
    """Fifty kills, then time to finish."""
    print(f"FANNEL_TEST_SEED={SEED}")
    folder = tmp_path_factory.mktemp("killed")
    with Stage(folder, network=network, slack=SlackStandIn(rate_limits=False)) as stage:
        # Traps alone: a line of syslog that meets no receiver is gone, and nobody repeats it.
        stage.control = LabControl(stage.devices, trap_target=("127.0.0.1", stage.trap_port))
        storm = Storm(stage, folder, random.Random(SEED))
        try:
            while storm.kills < KILLS:
                storm.step()
            storm.finish()
        finally:
            storm.fannel.stop()
            (folder / "output.log").write_text("\n".join(run.output for run in storm.runs))
        print(storm.killed, len(storm.faults))
        yield storm


class Storm:
    """Faults that come and go, and what is killed meanwhile."""

    def __init__(self, stage, folder, dice):
        self.stage, self.folder, self.dice = stage, folder, dice
        ports = [(f"rt-{n}", f"GigabitEthernet0/{p}") for p in range(1, PORTS + 1) for n in range(1, ROUTERS + 1)]
        self._ports = {f"{host} Gi{port.removeprefix('GigabitEthernet')} ": (host, port) for host, port in ports}
        self._left = list(self._ports)
        self.faults = []  # links that went down
        self._down = []  # those that are not mended yet
        self._untold = {}  # what changed and when it was sent, until it is on record
        self.killed = Counter()
        self.runs = []
        self._start()

    @property
    def kills(self):
        return self.killed.total()

    @property
    def fannel(self):
        return self.runs[-1]

    def _start(self):
        more = {"FANNEL_LEASES__HOLD_S": str(HOLD_S), "FANNEL_INCIDENTS__ASK_AGAIN_S": "30"}
        self.stage.environ |= more
        self.runs.append(fannel_on(self.stage, os.environ, self.folder).__enter__())
        assert self.fannel.wait_for("pagoda_loaded", TIMEOUT_S), self.fannel.output

    def step(self):
        """Keep it at work, wait for a random moment and for somebody to kill, kill."""
        victim = self.dice.choice(VICTIMS)
        self._wait()
        until(lambda: self._work() or self._running(victim), TIMEOUT_S)
        if victim == RULES:
            os.killpg(self.fannel.pid, signal.SIGKILL)
            self.fannel.stop()
            self._start()
        else:
            with contextlib.suppress(ProcessLookupError, IndexError, TypeError):  # it ended by itself
                os.kill(self.dice.choice(self._running(victim)), signal.SIGKILL)
        self.killed[victim] += 1

    def _wait(self):
        """Until some more steps are taken, and a bit: so it gets on however slow the machine is. Or any moment."""
        if self.dice.random() < 0.25:
            time.sleep(self.dice.uniform(0, 3))
            return
        enough = self._steps() + self.dice.randrange(1, 8)
        until(lambda: self._work() or self._steps() >= enough, TIMEOUT_S)
        time.sleep(self.dice.uniform(0, 0.5))

    def _steps(self):
        """How much was done: what is on record, and what Slack was asked."""
        tables = ("events", "history", "activities", "posts")
        return sum(self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables) + len(self.messages())

    def _running(self, name):
        mark = f"FANNEL_DATABASE__URL={self.stage.environ['FANNEL_DATABASE__URL']}"
        return processes_with(mark.encode()).get(name)

    def _work(self):
        """Cut and mend, so that some faults and some recoveries are under way until the last kill."""
        for fault in [one for one in self._down if "confirmed" in self.parent(one)]:
            self._down.remove(fault)
            self._act(fault, "restore", "clear")
        while self.kills < KILLS and len(self._down) < AT_WORK:
            fault = self._left.pop(0)
            self.faults.append(fault)
            self._down.append(fault)
            self._act(fault, "cut", "raise")
        self._repeat()

    def _act(self, fault, action, phase):
        host, port = self._ports[fault]
        host = f"{host}.example.net"
        self._untold[host, port, phase] = self.stage.control.act(host, action, port), time.monotonic()

    def _repeat(self):
        """A trap that meets no receiver is gone. These devices repeat theirs, as informs are, until it is on record."""
        for (host, port, phase), (changes, sent_at) in list(self._untold.items()):
            if time.monotonic() - sent_at < REPEATED_AFTER_S:
                continue
            if self.rows(ON_RECORD, host, port, phase) != [(0,)]:
                del self._untold[host, port, phase]
            else:
                send_link_traps(changes, ("127.0.0.1", self.stage.trap_port))
                self._untold[host, port, phase] = changes, time.monotonic()

    def finish(self):
        """Nothing is killed any more: every fault is judged, mended and verified."""
        deadline = time.monotonic() + TIMEOUT_S
        while not all("RECOVERED" in self.parent(fault) for fault in self.faults) or self.waiting_posts():
            self._work()
            assert time.monotonic() < deadline, f"{self.summary()}\n{self.fannel.output[-4000:]}"
            time.sleep(0.5)

    def summary(self):
        return {fault: self.parent(fault) for fault in self.faults}

    def messages(self):
        return list(self.stage.slack.workspace.messages[CHANNEL].values())

    def parents(self, fault):
        return [one for one in self.messages() if not is_reply(one) and fault in one["text"]]

    def parent(self, fault):
        return next((one["text"] for one in self.parents(fault)), "")

    def replies(self, fault):
        (parent,) = self.parents(fault)
        return [one["text"] for one in self.messages() if is_reply(one) and one["thread_ts"] == parent["ts"]]

    def waiting_posts(self):
        return self.rows("SELECT key, state, error FROM posts WHERE state NOT IN ('sent', 'refused')")

    def rows(self, statement, *values):
        with closing(sqlite3.connect(self.folder / "fannel.sqlite3")) as connection:
            return connection.execute(statement, values).fetchall()


def is_reply(message):
    return message.get("thread_ts") not in (None, message["ts"])


def test_every_fault_has_one_incident_and_one_thread(killed):
    assert killed.rows("SELECT fingerprint FROM incidents GROUP BY fingerprint HAVING count(*) > 1") == []
    assert len(killed.rows("SELECT id FROM incidents")) == len(killed.faults)
    assert {fault: len(killed.parents(fault)) for fault in killed.faults} == dict.fromkeys(killed.faults, 1)


def test_every_thread_has_its_verdict_and_its_recovery_once(killed):
    told = {
        fault: Counter(
            "verdict" if "confirmed" in text else "recovered"
            for text in killed.replies(fault)
            if "confirmed" in text or "RECOVERED" in text
        )
        for fault in killed.faults
    }
    assert told == {fault: {"verdict": 1, "recovered": 1} for fault in killed.faults}


def test_nothing_is_said_twice_and_nothing_waits(killed):
    ids = Counter(one["client_msg_id"] for one in killed.messages() if "client_msg_id" in one)
    assert [one for one, count in ids.items() if count > 1] == []
    assert killed.waiting_posts() == []


def test_no_lease_outlives_its_expiry(killed):
    """The last runs may still be ending; a run that was killed is waited for no longer than its lease."""

    def held():
        now = datetime.now(UTC).replace(tzinfo=None)
        rows = killed.rows("SELECT expires_at FROM leases WHERE owner IS NOT NULL AND name LIKE 'login/%'")
        return [expires_at for (expires_at,) in rows if datetime.fromisoformat(expires_at) > now]

    until(lambda: not held())


def test_playbooks_were_killed_in_the_middle_too(killed):
    assert killed.killed[RUN] >= 10
    assert killed.killed[RULES] >= 1
