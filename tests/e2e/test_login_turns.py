"""A playbook that has to wait for another run's login: its own works afterwards, and the thread says why it waited."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from events import event

from fannel import config
from fannel.cli.environment import environment
from fannel.collection import root
from fannel.incidents.lease import login
from fannel.incidents.store import Store
from fannel.lab.stage import CHANNEL, Stage

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("e2e")]

IDLE_S = 2  # after which ansible's connection process ends, unless it is kept awake; 30 without being told
HOST = "rt-tyo-01.example.net"


def until(condition, timeout_s=120):
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    assert condition()


@pytest.fixture
def folder():
    """Where ansible keeps the socket of its connection; the path of one has at most 107 octets."""
    with tempfile.TemporaryDirectory(prefix="fannel-") as made:
        yield Path(made)


def test_a_run_that_waits_for_another_logs_in_afterwards_and_says_so(tmp_path, folder):
    with Stage(tmp_path) as stage:
        stage.act(HOST, "cut", "GigabitEthernet0/1")
        settings = config.load(stage.environ, cwd=tmp_path)
        store = Store.open(settings.database.url)
        (down,) = store.record([(event(host=HOST), b"")])
        taken = store.leases.acquire(login(HOST), "incident A-000001 on noc-02, process 4711", 600, datetime.now(UTC))
        (tmp_path / "event.json").write_text(json.dumps({"ansible_eda": {"event": down.to_queue()}}))
        command = ["ansible-playbook", "-i", str(root() / "inventory" / "lab"), "--limit", HOST]
        command += ["-e", f"@{tmp_path}/event.json", str(root() / "playbooks" / "respond.yml")]
        ansible = {
            "ANSIBLE_PERSISTENT_CONNECT_TIMEOUT": str(IDLE_S),
            "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": str(folder),
        }
        env = environment(settings, os.environ | stage.environ | ansible)
        with Path(tmp_path / "output").open("w") as output:
            playbook = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        messages = stage.slack.workspace.messages[CHANNEL]
        try:
            until(lambda: messages and any(path.is_socket() for path in folder.iterdir()))  # announced, about to log in
            time.sleep(4 * IDLE_S)
            assert len(messages) == 1
            assert store.leases.release(taken)
            assert playbook.wait(120) == 0, (tmp_path / "output").read_text()
        finally:
            playbook.kill()
            playbook.wait(10)
        _parent, reply, *_ = messages.values()
        assert "confirmed" in reply["text"], (tmp_path / "output").read_text()
        assert "another run (incident A-000001 on noc-02, process 4711, since " in str(reply["blocks"])
        assert store.leases.holder(login(HOST), datetime.now(UTC)) is None
        store.close()
