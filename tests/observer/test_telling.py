"""What people read when a silence ends, and shortly before: in the thread they asked in, from the observer's look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from events import NOW, event
from posting import CHANNEL, Clock

from fannel import config
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.silences import Silences
from fannel.incidents.store import Store
from fannel.incidents.window import Window
from fannel.intake.counters import Counters
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.observer.silencing import Silencing
from fannel.observer.telling import Telling
from fannel.slack.choice import Longer
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REQUEST = "silence rt-tyo-01 1h card swap"


@pytest.fixture(scope="module")
def shared_slack():
    stand_in = SlackStandIn(rate_limits=False, clock=NOW.timestamp)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def slack(shared_slack):
    yield shared_slack
    for messages in shared_slack.workspace.messages.values():
        messages.clear()


class Quiet:
    """An observer's look for silences, and what it has posted, at a time that a test sets."""

    def __init__(self, folder, slack, environ):
        self.clock = Clock()
        self.slack = slack
        self.store = Store.open(f"sqlite:///{folder}/fannel.sqlite3")
        settings = config.load(environ, cwd=Path("/nonexistent"))
        self.asked = []
        self.look = Silencing(self.store, self.asked.extend, Counters(), self.clock, Telling(settings))
        self.outbox = Outbox(self.store, SlackClient(BOT_TOKEN, api_url=slack.api_url), now=self.clock)

    def request(self):
        said = self.slack.workspace.say(self.slack.workspace.channel(CHANNEL), REQUEST)["ts"]
        with self.store.requests.asked(CHANNEL, said, NOW) as it:
            it.keep("v", (), ())
        return said

    def silence(self, ts=None, lasts=HOUR):
        origin = "cli" if ts is None else f"slack:{CHANNEL}:{ts}"
        scopes = ((Matcher("host", "equal", "rt-tyo-01.example.net"),),)
        return self.store.silences.add(Silence(0, scopes, NOW, NOW + lasts, "slack:Kei", origin), NOW)

    def planned(self):
        """What a work window made; it began an hour ago."""
        scopes = ((Matcher("host", "equal", "rt-tyo-01.example.net"),),)
        window = Window("file:backup/2026-11-22", "file:core.yml", scopes, NOW, NOW + HOUR, "backup", "noc")
        self.store.windows.follow([window], {"file:"}, NOW)

    def down(self):
        happened = Silences(self.store.silences.current(self.clock.now)).marked(
            event(at=self.clock.now), self.clock.now
        )
        (recorded,) = self.store.record([(happened, b"")])
        return recorded.incident["id"]

    def at(self, moment):
        """What stands in the channel after a look at that time."""
        self.clock.now = moment
        self.look()
        self.outbox.deliver()
        return [one for one in self.slack.workspace.messages[CHANNEL].values() if one.get("bot_id")]


@pytest.fixture
def made(tmp_path, slack):
    opened = []

    def make(**environ):
        opened.append(Quiet(tmp_path, slack, {"SLACK_BOT_TOKEN": BOT_TOKEN, **environ}))
        return opened[-1]

    yield make
    for one in opened:
        one.store.close()


@pytest.fixture
def quiet(made):
    return made(SLACK_APP_TOKEN="xapp-test")


def emoji(slack, ts):
    return [one["name"] for one in slack.workspace.messages[CHANNEL][ts].get("reactions", ())]


def test_the_request_is_answered_with_what_is_still_down_and_the_channel_hears_it(quiet, slack):
    ts = quiet.request()
    quiet.silence(ts)
    down = quiet.down()
    *_, digest = quiet.at(NOW + HOUR)
    assert digest["text"] == "🔔 Silence over #1 rt-tyo-01 · 1 STILL THERE · rt-tyo-01 Gi0/1"
    assert (digest["thread_ts"], digest["subtype"]) == (ts, "thread_broadcast")
    assert "being checked; its thread follows" in str(digest["blocks"])
    assert [one["incident"]["id"] for one in quiet.asked] == [down]
    assert emoji(slack, ts) == ["white_check_mark"]
    assert quiet.at(NOW + 2 * HOUR)[-1] == digest


def test_a_warning_stands_in_the_thread_with_buttons_that_name_the_later_end(quiet):
    ts = quiet.request()
    silence = quiet.silence(ts)
    (warning,) = quiet.at(NOW + 45 * MINUTE)
    assert (warning["thread_ts"], warning.get("subtype")) == (ts, None)
    assert warning["text"].startswith("⏰ Silence ends soon #1 rt-tyo-01")
    *_, row = warning["blocks"]
    assert [(one["action_id"], Longer.read(one["value"])) for one in row["elements"]] == [
        ("fannel.extend.1h", Longer(silence.id, silence.ends_at + HOUR)),
        ("fannel.extend.4h", Longer(silence.id, silence.ends_at + 4 * HOUR)),
    ]
    assert quiet.at(NOW + 50 * MINUTE) == [warning]


def test_of_planned_work_only_what_lasts_is_told(quiet):
    quiet.planned()
    assert quiet.at(NOW + HOUR) == [], "every night the same backup"


def test_what_is_still_down_after_planned_work_is_told_where_alerts_are(quiet):
    quiet.planned()
    quiet.down()
    warning, digest = quiet.at(NOW + 50 * MINUTE) + quiet.at(NOW + HOUR)[1:]
    assert "1 STILL THERE" in warning["text"]
    assert "1 STILL THERE" in digest["text"]
    assert "thread_ts" not in digest


def test_where_nobody_hears_clicks_a_warning_says_what_to_write(made):
    quiet = made()
    quiet.silence(quiet.request())
    (warning,) = quiet.at(NOW + 45 * MINUTE)
    assert "actions" not in {block["type"] for block in warning["blocks"]}
    assert "extend #1 1h" in str(warning["blocks"])


def test_a_silence_that_was_not_used_says_so_and_calls_nobody(quiet, slack):
    ts = quiet.request()
    quiet.silence(ts)
    *_, digest = quiet.at(NOW + HOUR)
    assert "It was not used: nothing came under it." in digest["text"]
    assert (digest["thread_ts"], digest.get("subtype")) == (ts, None)
    assert emoji(slack, ts) == ["white_check_mark"]


def test_one_that_was_not_asked_for_in_slack_is_told_where_alerts_are_and_warned_of_only_if_something_is_down(quiet):
    quiet.silence()
    assert quiet.at(NOW + 45 * MINUTE) == []
    (digest,) = quiet.at(NOW + HOUR)
    assert "thread_ts" not in digest
    again = replace(quiet.store.silences.one(1), id=0, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    quiet.store.silences.add(again, NOW + HOUR)
    quiet.down()
    *_, warning = quiet.at(NOW + HOUR + 45 * MINUTE)
    assert "1 STILL THERE" in warning["text"]
    assert "thread_ts" not in warning


def test_two_observers_and_a_restart_tell_it_once(quiet, made):
    quiet.silence(quiet.request())
    quiet.down()
    other = made()
    for moment in (NOW + 45 * MINUTE, NOW + 45 * MINUTE, NOW + HOUR, NOW + HOUR):
        quiet.clock.now = other.clock.now = moment
        quiet.look()
        other.look()
    assert len(quiet.at(NOW + HOUR)) == 2
    assert len(quiet.asked) + len(other.asked) == 1


@pytest.mark.parametrize(("before_s", "said"), [("0", 0), ("600", 1)])
def test_when_people_are_warned_is_a_setting(made, before_s, said):
    quiet = made(FANNEL_SILENCES__WARN_BEFORE_S=before_s)
    quiet.silence(quiet.request())
    assert quiet.at(NOW + 49 * MINUTE) == []
    assert len(quiet.at(NOW + 51 * MINUTE)) == said
