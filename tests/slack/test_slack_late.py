"""What a message that waited says of itself."""

from datetime import timedelta

from events import NOW
from slack_cases import ENGLISH, JAPANESE

from fannel.slack.layout.late import dated, repeated

# NOW is 16:00:07 where they read.
PAYLOAD = {"text": "🟢 RECOVERED rt1", "blocks": [{"type": "section"}], "metadata": {"event_payload": {"key": "k"}}}


def test_two_minutes_are_not_late():
    assert dated(PAYLOAD, NOW, NOW + timedelta(minutes=2), ENGLISH) == PAYLOAD


def test_later_the_phone_and_the_message_say_when_it_was():
    late = dated(PAYLOAD, NOW, NOW + timedelta(minutes=31), ENGLISH)
    assert late["text"] == "16:00 🟢 RECOVERED rt1"
    assert "2026-11-22 16:00:07 JST" in str(late["blocks"][-1])
    assert "waited 31m00s" in str(late["blocks"][-1])
    assert late["blocks"][:-1] == PAYLOAD["blocks"]


def test_the_day_is_said_when_it_is_another():
    assert dated(PAYLOAD, NOW, NOW + timedelta(hours=9), ENGLISH)["text"].startswith("2026-11-22 16:00 ")


def test_a_plain_text_stays_plain():
    assert "blocks" not in dated({"text": "x"}, NOW, NOW + timedelta(hours=1), ENGLISH)


def test_no_message_gets_more_blocks_than_slack_takes():
    full = {"text": "x", "blocks": [{}] * 50}
    assert len(dated(full, NOW, NOW + timedelta(hours=1), ENGLISH)["blocks"]) == 50


def test_one_that_stands_for_several_says_how_many_and_keeps_its_key():
    once = repeated(PAYLOAD, 3, NOW, ENGLISH)
    assert "said 3 times" in str(once["blocks"][-1])
    assert once["metadata"]["event_payload"] == {"key": "k", "repeats": 3}


def test_the_same_is_said_in_japanese():
    late = dated(PAYLOAD, NOW, NOW + timedelta(minutes=31), JAPANESE)
    assert late["text"] == "16:00 🟢 RECOVERED rt1"
    assert "送信待ち 31分00秒" in str(late["blocks"][-1])
