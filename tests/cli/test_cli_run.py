"""`fannel run`: what it starts, and that what it started ends with it."""

from __future__ import annotations

import signal
import subprocess
import sys

from fannel.cli import run

# Swallows the first signal, as ansible-rulebook may, and ends with 7 at the second.
DEAF_ONCE = """
import signal, sys, time
heard = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7) if heard else heard.append(1))
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""
PARENT = """
import os, sys
from fannel.cli import run
run.ASK_AGAIN_AFTER_S = 0.3
sys.exit(run._wait_for([sys.executable, "-c", sys.argv[1]], dict(os.environ)))
"""


def test_a_child_that_did_not_hear_is_asked_again():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, DEAF_ONCE], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "ready\n"
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(timeout=20) == 7


def test_what_is_given_wins_over_what_fannel_would_choose(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = run.command([])
    assert chosen[chosen.index("--rulebook") + 1] == run.RULEBOOK
    assert chosen[chosen.index("--max-concurrent-actions") + 1] == str(run.MAX_CONCURRENT_ACTIONS)
    given = run.command(["-r", "mine.yml", "--inventory=mine", "-m", "3", "--print-events"])
    assert "--rulebook" not in given
    assert given[-5:] == ["mine.yml", "--inventory=mine", "-m", "3", "--print-events"]
    assert "--max-concurrent-actions" not in given


def test_in_a_checkout_its_own_rulebook_and_inventory_are_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("rulebooks/network_alerts.yml", "inventory/pagoda.yml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    chosen = run.command([])
    assert chosen[chosen.index("--rulebook") + 1] == "rulebooks/network_alerts.yml"
    assert chosen[chosen.index("--inventory") + 1] == "inventory/pagoda.yml"
