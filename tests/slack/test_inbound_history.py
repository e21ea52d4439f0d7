"""What a look into a channel finds, and how far it says it has read; at the stand-in, on a clock of its own."""

import pytest
from events import NOW
from posting import Clock

from fannel.intake.counters import Counters
from fannel.lab.slack import BOT_TOKEN, Fault, SlackStandIn, running
from fannel.slack.client import Me, SlackClient
from fannel.slack.errors import OutcomeUnknown, RateLimited
from fannel.slack.inbound.heard import from_json
from fannel.slack.inbound.history import THREADS_A_ROUND, ChannelHistory, Mark
from fannel.slack.inbound.keeping import Keeper
from fannel.slack.inbound.reading import Ears

CHANNEL = "C0ALERTS01"
EARS = Ears(Me("lab", "fannel", "U0FANNEL01", "B0FANNEL01"), frozenset({CHANNEL}))
DAY_S = 86_400


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slack(clock):
    stand_in = SlackStandIn(rate_limits=False, clock=lambda: clock.now.timestamp())  # noqa: PLW0108  (the time moves)
    with running(stand_in):
        yield stand_in


class Looker:
    """One channel's history, the threads that are open there, and what is in the inbox."""

    def __init__(self, slack, store, clock):
        self.open_threads = []
        self._slack, self._store, self._clock = slack, store, clock
        self.restart()
        self.look(gap=True)  # the first one: it hears nothing

    def restart(self):
        client = SlackClient(BOT_TOKEN, api_url=self._slack.api_url, timeout_s=10)
        keeper = Keeper(self._store.inbox, Counters(), lambda: None)
        threads = lambda _: self.open_threads  # noqa: E731
        self._history = ChannelHistory(CHANNEL, client, self._store.inbox, keeper, threads, self._clock)

    def look(self, *, gap=False):
        return self._history.look(EARS, gap=gap)

    def heard(self):
        """What is in the inbox and was not asked for yet."""
        found = []
        while (entry := self._store.inbox.take(self._clock(), self._clock.now.replace(year=2030))) is not None:
            found.append(from_json(entry.kind, entry.facts))
            self._store.inbox.done(entry)
        return found

    def texts(self):
        return [heard.text for heard in self.heard()]

    def calls(self, method):
        return sum(name == method for name, _ in self._slack.workspace.calls)

    @property
    def mark(self):
        return Mark.from_text(self._store.inbox.mark(CHANNEL))


@pytest.fixture
def looker(slack, store, clock):
    slack.people.say(CHANNEL, "before FANNEL came")
    return Looker(slack, store, clock)


def test_what_is_older_than_the_first_look_is_never_heard(slack, looker):
    slack.people.say(CHANNEL, "new")
    assert looker.look(gap=True) == 1
    assert looker.look(gap=True) == 0
    assert looker.texts() == ["new"]


def test_an_empty_channel_is_read_from_now_on(slack, store, clock):
    looker = Looker(slack, store, clock)
    assert looker.mark.read == f"{NOW.timestamp():.6f}"
    clock.forward(1)
    slack.people.say(CHANNEL, "new")
    looker.look()
    assert looker.texts() == ["new"]


def test_many_pages_are_heard_in_the_order_they_were_written(slack, looker):
    said = [slack.people.say(CHANNEL, f"message {number}")["ts"] for number in range(450)]
    assert looker.look() == 450
    assert [heard.ts for heard in looker.heard()] == said


def test_when_a_page_does_not_come_nothing_is_said_to_be_read(slack, looker):
    before = looker.mark
    for number in range(250):
        slack.people.say(CHANNEL, f"message {number}")
    slack.faults.add(Fault("delay_after", method="conversations.history"))
    slack.faults.add(Fault("http_before", method="conversations.history", status=503))
    with pytest.raises(OutcomeUnknown):
        looker.look()
    assert looker.mark == before
    assert looker.look() == 250


def test_a_rate_limit_is_the_callers_to_wait_for(slack, looker):
    slack.faults.add(Fault("ratelimited", method="conversations.history", retry_after_s=7))
    with pytest.raises(RateLimited) as raised:
        looker.look()
    assert raised.value.retry_after_s == 7


def test_what_was_deleted_while_nobody_listened_is_found_after_a_gap(slack, looker, clock):
    gone = slack.people.say(CHANNEL, "silence rt1 2h")["ts"]
    slack.people.say(CHANNEL, "stays")
    looker.look()
    looker.heard()
    clock.forward(3600)
    slack.people.delete(CHANNEL, gone)
    assert looker.look() == 0
    assert looker.look(gap=True) == 1
    assert [(heard.ts, heard.text, heard.deleted) for heard in looker.heard()] == [(gone, "silence rt1 2h", True)]
    assert looker.look(gap=True) == 0


def test_what_was_heard_a_moment_ago_and_is_not_shown_yet_is_not_taken_for_deleted(slack, looker, clock):
    ts = slack.people.say(CHANNEL, "silence rt1 2h")["ts"]
    looker.look()
    looker.heard()
    clock.forward(5)
    del slack.workspace.messages[CHANNEL][ts]
    assert looker.look(gap=True) == 0


def test_a_reply_in_a_new_thread_is_found_at_once(slack, looker):
    parent = slack.people.say(CHANNEL, "down", user="U0FANNEL01", bot_id="B0FANNEL01")["ts"]
    looker.look()
    slack.people.say(CHANNEL, "silence 2h", thread_ts=parent)
    looker.look()
    (heard,) = looker.heard()
    assert (heard.text, heard.thread_ts) == ("silence 2h", parent)
    # Nobody writes there any more: the thread is not read again.
    before = looker.calls("conversations.replies")
    looker.look()
    assert looker.calls("conversations.replies") == before


def test_a_reply_in_an_old_thread_is_found_while_that_is_open(slack, looker, clock):
    parent = slack.people.say(CHANNEL, "down", user="U0FANNEL01", bot_id="B0FANNEL01")["ts"]
    looker.open_threads = [parent]
    looker.look()
    clock.forward(3 * DAY_S)
    slack.people.say(CHANNEL, "today")
    looker.look(gap=True)
    slack.people.say(CHANNEL, "silence 2h", thread_ts=parent)
    clock.forward(601)
    looker.look()
    assert sorted(looker.texts()) == ["silence 2h", "today"]


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_a_reply_that_was_changed_while_nobody_listened_is_found_after_a_gap(slack, looker, clock, change):
    parent = slack.people.say(CHANNEL, "down", user="U0FANNEL01", bot_id="B0FANNEL01")["ts"]
    reply = slack.people.say(CHANNEL, "silence 2h", thread_ts=parent)["ts"]
    looker.look()
    looker.heard()
    clock.forward(60)
    if change == "edit":
        slack.people.edit(CHANNEL, reply, "silence 3h")
    else:
        slack.people.delete(CHANNEL, reply)
    looker.look(gap=True)
    (heard,) = looker.heard()
    assert (heard.ts, heard.deleted) == (reply, change == "delete")


def test_many_open_threads_are_read_in_turn_and_a_restart_forgets_none(slack, looker, clock):
    parents = [slack.people.say(CHANNEL, "down", user="U0FANNEL01", bot_id="B0FANNEL01")["ts"] for _ in range(50)]
    looker.open_threads = parents
    looker.look(gap=True)
    clock.forward(2 * DAY_S)
    slack.people.say(CHANNEL, "today")
    for parent in parents:
        slack.people.say(CHANNEL, "silence 2h", thread_ts=parent)
    before = looker.mark.threads
    assert looker.look(gap=True) == 1 + THREADS_A_ROUND
    assert looker.mark.threads == before
    looker.restart()
    looker.look(gap=True)
    looker.look()
    assert looker.mark.threads == before
    looker.look()
    assert looker.mark.threads > before
    assert len(looker.texts()) == 51


def test_a_thread_that_is_gone_keeps_nobody_from_the_others(slack, looker, clock):
    there = slack.people.say(CHANNEL, "down", user="U0FANNEL01", bot_id="B0FANNEL01")["ts"]
    clock.forward(2 * DAY_S)
    slack.people.say(CHANNEL, "silence 2h", thread_ts=there)
    looker.open_threads = ["1700000000.000100", there]
    looker.look(gap=True)
    assert looker.texts() == ["silence 2h"]
