"""Everything at once: floods, edits, drops, refreshes, stale tickets, rate limits, repetition. Nothing lost or doubled.

For some seconds here; `FANNEL_SOAK_S=600` goes on for ten minutes and says what memory did.
"""

import os
import random
import time
from pathlib import Path

import pytest
from listening_desk import CHANNEL, promised, until

from fannel.lab.slack import Fault
from fannel.slack.inbound.heard import Message

SOAK_S = float(os.environ.get("FANNEL_SOAK_S", "4"))
# Long runs are about what adds up, not about how much a test desk on a busy machine can do in a second.
PAUSE_S = 0.05 if SOAK_S < 60 else 0.15
# Of the listener's process, once it has seen everything: the flat line may waver by that.
MOST_GROWTH = 8 * 2**20


def resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class Crowd:
    """People who write, edit, click and type as the dice say; `wanted` is what has to be done about it."""

    def __init__(self, slack, dice):
        self._slack = slack
        self._dice = dice
        self._newest = {}
        self.first = self._say()

    def act(self):
        what = self._dice.random()
        if what < 0.6:
            self._say(self._dice.choice([None, None, self.first]))
        elif what < 0.8:
            self._edit(self._dice.choice(list(self._newest)[-20:]))
        elif what < 0.9:
            self._slack.people.click(CHANNEL, self.first, "fannel.ack", value="A-1")
        else:
            self._slack.people.slash(CHANNEL, "list")

    def messages(self):
        return {f"message:{key}" for key in self._newest.values()}

    def _say(self, thread_ts=None):
        said = self._slack.people.say(CHANNEL, f"message {len(self._newest)}", thread_ts=thread_ts)
        self._newest[said["ts"]] = Message(CHANNEL, said["ts"], said["user"], said["text"]).key
        return said["ts"]

    def _edit(self, ts):
        said = self._slack.people.edit(CHANNEL, ts, f"edited {self._dice.random()}")
        edited = Message(CHANNEL, ts, said["user"], said["text"], edited_ts=said["edited"]["ts"])
        self._newest[ts] = edited.key


def acknowledged(slack, first):
    """The clicks and commands that were promised to be done."""
    for ack in promised(slack, "interactive"):
        yield f"click:{CHANNEL}:{first}:fannel.ack:U0OPERATOR:{ack.envelope.payload['actions'][0]['action_ts']}"
    for ack in promised(slack, "slash_commands"):
        yield f"command:{ack.envelope.payload['response_url']}"


def bad_days(slack):
    return [
        slack.sockets.disconnect,
        lambda: slack.sockets.disconnect("warning"),
        slack.sockets.abort,
        slack.sockets.freeze,
        slack.sockets.expire_tickets,
        slack.sockets.redeliver,
        lambda: slack.faults.add(Fault("http_before", method="socket", status=408, times=2)),
        lambda: slack.faults.add(Fault("ratelimited", method="apps.connections.open", times=2)),
        lambda: slack.faults.add(Fault("ratelimited", method="conversations.history", times=2)),
        lambda: slack.faults.add(Fault("http_before", method="conversations.history", status=503, times=2)),
    ]


@pytest.mark.timeout(SOAK_S + 180)
def test_nothing_is_lost_or_done_twice_and_memory_is_flat(slack, process, tmp_path):
    dice, days = random.Random(7), bad_days(slack)
    running = process(seconds=0)
    until(lambda: slack.sockets.connections == 1)
    crowd = Crowd(slack, dice)
    until((tmp_path / "done").exists)
    wanted, memory = set(), []
    ends_at, next_bad_day = time.monotonic() + SOAK_S, 0.0
    while time.monotonic() < ends_at:
        for _ in range(100 if dice.random() < 0.005 else 1):
            crowd.act()
        if time.monotonic() >= next_bad_day:
            dice.choice(days)()
            next_bad_day = time.monotonic() + min(SOAK_S / 40, 2.0) + dice.random()
            memory.append(resident(running.pid))
            wanted |= set(acknowledged(slack, crowd.first))
        time.sleep(PAUSE_S)
    slack.faults.clear()
    wanted |= crowd.messages() | set(acknowledged(slack, crowd.first))

    def done():
        return (tmp_path / "done").read_text().splitlines()

    try:
        until(lambda: wanted <= set(done()))
    except AssertionError:
        raise AssertionError(f"{sorted(wanted - set(done()))} of {len(wanted)} never came") from None
    assert len(done()) == len(set(done()))
    if SOAK_S >= 60:
        third = memory[len(memory) // 3]
        print(f"{len(done())} done, {len(memory)} bad days, resident {memory[0]:,}, {third:,}, {memory[-1]:,}")
        assert memory[-1] - third < MOST_GROWTH
