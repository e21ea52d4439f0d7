"""How Slack is, in a line: degraded when nothing gets through for minutes, and what would help."""

from datetime import timedelta

from events import NOW

from fannel.incidents.store.channels import Backlog
from fannel.slack.errors import SlackError, Unreachable
from fannel.slack.health import oldest_s, slack_vital
from fannel.slack.sending import Sending

NOTHING = Backlog({}, None, 0)
AWAY = Sending().failed(Unreachable("unreachable", method="chat.postMessage"), NOW.timestamp())


def vital(backlog=NOTHING, sending=None, after_s=0):
    return slack_vital(backlog, {"C0": sending or Sending()}, NOW + timedelta(seconds=after_s))


def test_it_is_well_while_messages_get_through():
    assert vital().detail == "takes messages"


def test_a_short_trouble_is_none():
    assert "degraded" not in vital(sending=AWAY, after_s=119).detail


def test_after_minutes_it_is_degraded_with_what_would_help_and_what_waits():
    detail = vital(Backlog({10: 3}, NOW, 0), AWAY, after_s=125).detail
    assert detail.startswith("degraded, C0: nothing got through for 2m05s")
    assert "outbound 443" in detail
    assert "3 posts kept" in detail


def test_what_only_a_person_mends_is_said_at_once():
    wrong = Sending().failed(SlackError.of("channel_not_found"), NOW.timestamp())
    assert "/invite" in vital(sending=wrong).detail


def test_a_backlog_that_the_pace_does_not_carry_is_degraded_too():
    backlog = Backlog({10: 700}, NOW, 0)
    assert vital(backlog, after_s=299).detail == "700 posts wait"
    assert vital(backlog, after_s=300).detail.startswith("degraded, 700 posts wait, the oldest for 5m00s")


def test_it_never_takes_the_receiver_away_from_a_load_balancer():
    assert vital(Backlog({10: 3}, NOW, 2), AWAY, after_s=9999).ok


def test_what_slack_refused_for_good_is_said():
    assert "2 posts refused for good" in vital(Backlog({}, None, 2)).detail


def test_the_oldest_is_measured_from_when_it_was_wanted():
    assert oldest_s(Backlog({10: 1}, NOW, 0), NOW + timedelta(seconds=7)) == 7
    assert oldest_s(NOTHING, NOW) == 0
