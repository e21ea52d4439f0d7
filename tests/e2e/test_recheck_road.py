"""A clear that never came, for real: FANNEL looks again by itself, finds the link up, and the thread ends."""

from __future__ import annotations

import os
import sqlite3
import time

import pytest

from fannel.cli.demo import fannel_on
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("e2e")]

HOST, INTERFACE = "rt-tyo-01.example.net", "GigabitEthernet0/3"
TIMEOUT_S = 180


def until(seen, fannel):
    deadline = time.monotonic() + TIMEOUT_S
    while not seen():
        assert time.monotonic() < deadline, fannel.output[-5000:]
        time.sleep(0.1)


def test_a_link_that_came_back_without_a_word_is_found_and_resolved(tmp_path):
    with Stage(tmp_path, slack=SlackStandIn(rate_limits=False)) as stage:
        # Should this machine be so slow that it is asked before it is plugged in again: a minute later it is once more.
        stage.environ.update(FANNEL_INCIDENTS__RECHECK_AFTER_S="20", FANNEL_INCIDENTS__RECHECK_EVERY_S="60")
        messages = stage.slack.workspace.messages[CHANNEL]
        with fannel_on(stage, os.environ, tmp_path) as fannel:
            assert fannel.wait_for("pagoda_loaded", TIMEOUT_S), fannel.output
            stage.act(HOST, "cut", INTERFACE)
            until(lambda: any("confirmed" in one["text"] for one in messages.values()), fannel)
            stage.devices.plant.restore(HOST, INTERFACE, now=time.time())  # and nobody says so
            until(lambda: any("found by re-check" in one["text"] for one in messages.values()), fannel)
            until(lambda: next(iter(messages.values()))["text"].startswith("🟢 RECOVERED"), fannel)
        parent, *replies = messages.values()
        assert {one["thread_ts"] for one in replies} == {parent["ts"]}
        assert replies[-1]["subtype"] == "thread_broadcast"
    with sqlite3.connect(tmp_path / "fannel.sqlite3") as database:
        clears = database.execute("SELECT count(*) FROM events WHERE phase = 'clear'").fetchone()
        # The other end of the cable has an incident, too, attached to whichever came first.
        ended = (
            "SELECT state, who, why FROM history JOIN incidents ON incidents.id = incident_id WHERE what = 'resolved'"
        )
        (state, who, why) = database.execute(ended).fetchone()
    assert (state, clears, who) == ("resolved", (0,), "check")
    assert why.startswith("found by re-check: ")
