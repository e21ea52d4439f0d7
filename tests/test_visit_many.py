"""A thousand faults at once, on the real store and Responder: bounded logins, nothing left over, first posts first."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from events import event
from sqlalchemy import func, select
from ulid import ULID

from fannel import config
from fannel.event import Subject
from fannel.incidents.lease import login
from fannel.incidents.store import Store
from fannel.incidents.store.posts import FIRST
from fannel.incidents.store.tables import asks, leases
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.posting import open_outbox
from fannel.respond import Responder
from fannel.visit import Visits

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

CHANNEL = "C0ALERTS01"
FAULTS, DEVICES = 1_000, 20
# Enough of them to see what grows; each takes a tenth of a CPU-second here.
ANSWERED = 200
# Two: ten writers on one SQLite file starve each other on a machine that is busy with other things.
AT_ONCE = 2
CHECK = """
commands:
  interface:
    run: show interfaces {interface}
    parse: {regex: "is (?P<state>up|down)"}
verdict:
  - outcome: confirmed
    reason: "{interface} is down"
"""


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "checks" / "interface_down" / "ios.yml"
    file.parent.mkdir(parents=True)
    file.write_text(CHECK)
    stand_in = SlackStandIn(rate_limits=False)
    with running(stand_in):
        yield config.load(
            {
                "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
                "FANNEL_CHECKS__PATH": str(tmp_path / "checks"),
                "FANNEL_LEASES__WAIT_S": "600",
                "FANNEL_LEASES__LINGER_S": "0",
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "FANNEL_SLACK__API_URL": stand_in.api_url,
                "FANNEL_SLACK__CHANNEL": CHANNEL,
            },
            cwd=tmp_path,
        )


class Lines:
    """Who is logged in where, and how often anybody was."""

    def __init__(self):
        self.lock, self.now, self.logins, self.most = threading.Lock(), Counter(), Counter(), Counter()

    def reach(self, host):
        return Session(self, host)


class Session:
    lost = False

    def __init__(self, lines, host):
        self._lines, self._host, self._in = lines, host, False

    def ask(self, command):
        if not self._in:
            self._in = True
            with self._lines.lock:
                self._lines.logins[self._host] += 1
                self._lines.now[self._host] += 1
                self._lines.most[self._host] = max(self._lines.most[self._host], self._lines.now[self._host])
        return f"{command.split()[-1]} is down"

    def hidden(self, verdict):
        return verdict

    def hang_up(self):
        if self._in:
            with self._lines.lock:
                self._lines.now[self._host] -= 1


def faults():
    """Ports of twenty devices, all at the same time."""
    at = datetime.now(UTC)
    for number in range(FAULTS):
        subject = Subject("interface", f"GigabitEthernet0/{number // DEVICES}")
        yield replace(event(host=f"rt{number % DEVICES}.example.net", at=at), id=str(ULID()), subject=subject)


def test_a_thousand_faults_at_once_are_answered_within_bounds(settings):
    lines, store = Lines(), Store.open(settings.database.url)
    downs = [recorded.to_queue() for recorded in store.record([(one, b"") for one in faults()])]
    asking, mine = [], threading.local()

    began = datetime.now(UTC)

    def slack_time():
        """It stands still, so that only a first burst gets through."""
        return began

    def begin():
        mine.store = Store.open(settings.database.url)
        responder = Responder(settings, mine.store, open_outbox(settings, mine.store, slack_time), slack_time)
        mine.visits = Visits.of(settings, responder)

    def run(down):
        answer = mine.visits.answer(down, lambda: lines.reach(down["host"]["name"]))
        with mine.store._engine.connect() as connection:
            asking.append(connection.execute(select(func.count()).select_from(asks)).scalar())
        return answer

    with ThreadPoolExecutor(AT_ONCE, initializer=begin) as threads:
        answers = list(threads.map(run, downs[:ANSWERED]))
    now, answered, rest = datetime.now(UTC), downs[:ANSWERED], downs[ANSWERED:]

    assert [answer["verdict"]["outcome"] for answer in answers] == ["confirmed"] * ANSWERED
    assert {down["incident"]["id"] for down in answered} == {answer["incident"]["id"] for answer in answers}
    assert set(lines.most.values()) == {1}, "one login a device at a time"
    assert sum(lines.logins.values()) <= ANSWERED
    assert max(asking) <= AT_ONCE, "nothing is asked but by those that run"
    assert asking[-1] == 0

    with store._engine.connect() as connection:
        rows = connection.execute(select(func.count()).select_from(leases)).scalar()
        assert connection.execute(select(func.count()).select_from(asks)).scalar() == 0
    assert rows <= DEVICES + 1, "a lease for each device and one for the channel, whatever the number of faults"
    assert [host for host in lines.logins if store.leases.holder(login(host), now)] == []

    kinds = Counter(post.kind for down in answered for post in store.log.posts(down["incident"]["id"]))
    assert (kinds["parent"], kinds["reply"]) == (ANSWERED, ANSWERED)
    waiting = store.posts.listed(10 * ANSWERED)
    urgent = [post.kind for post in waiting if post.priority <= FIRST]
    assert len(urgent) > ANSWERED / 2, "Slack's pace is one a second"
    assert {post.kind for post in waiting[: len(urgent)]} <= {"parent", "note"}, "first posts go before everything else"
    assert {one["incident"]["id"] for one in store.unfinished()} == {down["incident"]["id"] for down in rest}
    store.close()
