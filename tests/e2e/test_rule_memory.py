"""What the real ansible-rulebook keeps of faults that are over, with the rules we ship: a bounded number of locks."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import yaml

from fannel import config
from fannel.cli.environment import environment
from fannel.collection import root
from fannel.event import LOCKS
from fannel.lab.rulebook import RulebookProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

FAULTS = 2_000
SUPPORT = Path(__file__).parents[1] / "support"
# Locks are kept for ever: one object for each name. Named by fingerprint they would be FAULTS.
OBJECTS = LOCKS
# The rule engine keeps about 1.3 KiB of each fault it has to remember.
JAVA_OCTETS = 1_000_000


@pytest.fixture
def rulebook(tmp_path):
    """The shipped rules with their locks and throttles, fed by a generator, answered by nothing."""
    (rules,) = yaml.safe_load((root() / "rulebooks" / "network_alerts.yml").read_text())
    rules["sources"] = [{"rule_memory_source": {"faults": FAULTS}}]
    for rule in rules["rules"]:
        if (run := rule["action"].get("run_playbook")) is not None:
            rule["action"] = {"none": {"lock": run["lock"]}}
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump([rules]))
    return file


def held(rulebook, folder) -> list[dict[str, int]]:
    """What the process held before and after the flood."""
    env = environment(config.load(), os.environ) | {"PYTHONPATH": str(SUPPORT), "FANNEL_CONFIG": ""}
    program = Path(sys.executable).with_name("ansible-rulebook")
    command = [str(program), "--skip-audit-events", "-S", str(SUPPORT), "--rulebook", str(rulebook)]
    with RulebookProcess(command, env, folder) as running:
        assert running.wait_for("java_octets", 60), running.output
        while True:
            ended = not running.alive  # before its lines are read: it may end with the second
            said = [json.loads(line) for line in running.lines if line.startswith('{"objects"')]
            if len(said) >= 2:
                break
            assert not ended, running.output
            assert running.wait_for("never said", 0.2) is False
    return said


def test_faults_leave_no_more_behind_than_there_are_locks(rulebook, tmp_path):
    before, after = held(rulebook, tmp_path)
    assert after["objects"] - before["objects"] < OBJECTS
    assert after["java_octets"] - before["java_octets"] < JAVA_OCTETS
