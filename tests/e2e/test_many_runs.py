"""A thousand faults at once: how many playbooks the real ansible-rulebook runs, and how many wait inside it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
import yaml

from fannel import config
from fannel.cli.environment import environment
from fannel.cli.run import command
from fannel.collection import root
from fannel.lab.rulebook import RulebookProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e")]

FAULTS = 1_000
AT_ONCE = 10
# Beside those that run: one that waits for its turn, one in the queue, and what a turn of the event loop lets pass.
ON_THE_WAY = 5
# Enough of the thousand to see that nothing piles up; ansible-runner takes a tenth of a second for each.
FINISHED = 30
SUPPORT = Path(__file__).parents[1] / "support"
PLAYBOOK = """#!/bin/sh
echo start >> {log}
# The first ones stay until as many run as may.
while [ "$(grep -c start {log})" -lt {at_once} ]; do sleep 0.2; done
sleep 1
echo end >> {log}
"""


@pytest.fixture
def log(tmp_path):
    """What happened, in order: `put` by the source, `start` and `end` by what stands in for ansible-playbook."""
    file = tmp_path / "log"
    file.touch()
    return file


@pytest.fixture
def rulebook(tmp_path, log):
    """The shipped rules, their sources replaced by one that has a thousand faults ready."""
    (rules,) = yaml.safe_load((root() / "rulebooks" / "network_alerts.yml").read_text())
    rules["sources"] = [{"counting_source": {"faults": FAULTS, "log": str(log)}}]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump([rules]))
    return file


@pytest.fixture
def env(tmp_path, log):
    """An environment in which every playbook takes a moment and does nothing."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "ansible-playbook"
    program.write_text(PLAYBOOK.format(log=log, at_once=AT_ONCE))
    program.chmod(0o755)
    made = environment(config.load(), os.environ) | {"PYTHONPATH": str(SUPPORT), "FANNEL_CONFIG": ""}
    return made | {"PATH": f"{programs}:{made['PATH']}"}


def running_and_taken(lines):
    """At each line: how many playbooks run, and how many faults the rules took that no playbook has finished."""
    puts = starts = ends = 0
    for line in lines:
        puts, starts, ends = puts + (line == "put"), starts + (line == "start"), ends + (line == "end")
        yield starts - ends, puts - ends


def test_of_a_thousand_faults_a_few_are_inside_ansible_rulebook_and_the_rest_wait_outside(rulebook, env, log, tmp_path):
    inventory = tmp_path / "inventory"
    inventory.write_text("localhost\n")
    options = ["--max-concurrent-actions", str(AT_ONCE), "-S", str(SUPPORT), "--rulebook", str(rulebook)]
    words = command([*options, "--inventory", str(inventory)])
    words[0] = str(Path(sys.executable).with_name("ansible-rulebook"))
    with RulebookProcess(words, env, tmp_path) as running:
        deadline = time.monotonic() + 600
        while log.read_text().count("end") < FINISHED:
            assert running.alive, running.output[-3000:]
            assert time.monotonic() < deadline, running.output[-3000:]
            time.sleep(0.2)
    seen = list(running_and_taken(log.read_text().splitlines()))
    assert max(runs for runs, _ in seen) == AT_ONCE
    assert max(taken for _, taken in seen) <= AT_ONCE + ON_THE_WAY
