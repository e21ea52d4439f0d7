"""What the desk stumbles over is tried again, later and later; what waits for Slack is never given up."""

from datetime import timedelta

import pytest
from events import NOW
from posting import Clock

from fannel.incidents.store import StoreError
from fannel.intake.counters import Counters
from fannel.slack.errors import ChannelNotFound, FatalAuth, OutcomeUnknown, RateLimited, Unreachable
from fannel.slack.inbound.entries import entry_of
from fannel.slack.inbound.hand import MOST_ATTEMPTS, Hand
from fannel.slack.inbound.heard import Message


class Desk:
    def __init__(self):
        self.heard, self.given_up, self.raises = [], [], None

    def said(self, message):
        if self.raises is not None:
            raise self.raises
        self.heard.append(message)

    def gave_up(self, heard):
        self.given_up.append(heard.text)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hand(store, desk, counters, clock):
    store.inbox.put([entry_of(Message("C0ALERTS01", "1795330807.000200", "U0OPERATOR", "silence rt1 2h"), NOW)])
    return Hand(store.inbox, desk, counters, lambda *_: None, clock)


def attempts(hand, clock, count):
    """Let so many attempts happen, each when it is due."""
    for _ in range(count):
        while not hand.deal():
            clock.now += timedelta(seconds=30)


def test_what_it_does_is_done_once(hand, desk, counters):
    assert hand.deal()
    assert not hand.deal()
    assert len(desk.heard) == 1
    assert counters.get("handled", "message") == 1


def test_after_a_failure_the_next_attempt_waits(hand, desk, clock):
    desk.raises = KeyError("stumbles")
    assert hand.deal()
    assert not hand.deal()
    clock.now += timedelta(seconds=3)
    desk.raises = None
    assert hand.deal()
    assert len(desk.heard) == 1


@pytest.mark.parametrize("error", [KeyError("stumbles"), ChannelNotFound("channel_not_found")], ids=type)
def test_it_is_given_up_in_the_end(hand, desk, clock, store, counters, error):
    desk.raises = error
    attempts(hand, clock, MOST_ATTEMPTS)
    assert store.inbox.waiting()[0] == 0
    assert counters.get("given_up", "message") == 1
    assert counters.get("desk_failures") == MOST_ATTEMPTS
    assert desk.given_up == ["silence rt1 2h"]


@pytest.mark.parametrize(
    "error",
    [Unreachable("unreachable"), OutcomeUnknown("no_answer"), FatalAuth("invalid_auth"), StoreError("it is away")],
    ids=type,
)
def test_what_passes_is_waited_for(hand, desk, clock, counters, error):
    desk.raises = error
    attempts(hand, clock, MOST_ATTEMPTS + 5)
    desk.raises = None
    attempts(hand, clock, 1)
    assert len(desk.heard) == 1
    assert counters.get("given_up") == 0


def test_slack_says_how_long_to_wait(hand, desk, clock):
    desk.raises = RateLimited("ratelimited", retry_after_s=90)
    assert hand.deal()
    desk.raises = None
    clock.now += timedelta(seconds=89)
    assert not hand.deal()
    clock.now += timedelta(seconds=2)
    assert hand.deal()
