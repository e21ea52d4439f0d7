"""What Slack sends, as records: what is for us, what is not, and that nothing it may send breaks the reading."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.slack.client import Me
from fannel.slack.inbound.entries import entry_of
from fannel.slack.inbound.heard import Click, Command, Message, from_json, to_json
from fannel.slack.inbound.reading import Ears, click, command

ME = Me(team="lab", user="fannel", user_id="U0FANNEL01", bot_id="B0FANNEL01")
EARS = Ears(ME, frozenset({"C0ALERTS01"}), frozenset({"B0FORM0001"}))
TS, LATER = "1795330807.000200", "1795330900.000000"


def event(**facts):
    said = {"type": "message", "channel": "C0ALERTS01", "user": "U0OPERATOR", "ts": TS, "text": "silence rt1 2h"}
    return EARS.event({"event": {key: value for key, value in (said | facts).items() if value is not None}})


def test_a_message_is_read_with_its_ts_as_text():
    assert event() == Message("C0ALERTS01", TS, "U0OPERATOR", "silence rt1 2h")


@pytest.mark.parametrize(
    "facts",
    [
        {"bot_id": "B0OTHER"},
        {"bot_id": "B0FANNEL01"},
        {"user": "U0FANNEL01"},
        {"user": None},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "bot_message", "user": None},
        {"channel": "C0OTHER001"},
        {"channel": None},
        {"ts": None},
        {"ts": 1795330807.0002},
        {"ts": "1795330807"},
        {"ts": "17953３0807.000200"},
        {"type": "reaction_added"},
        {"subtype": ["channel_join"]},
        {"bot_id": {"id": "B0FORM0001"}},
        {"channel": ["C0ALERTS01"]},
    ],
    ids=str,
)
def test_it_is_not_heard(facts):
    assert event(**facts) is None


def test_a_bot_that_is_named_is_heard():
    assert event(bot_id="B0FORM0001", user=None, subtype="bot_message").bot_id == "B0FORM0001"


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share", "me_message"])
def test_what_people_write_in_other_ways_is_heard(subtype):
    assert event(subtype=subtype).text == "silence rt1 2h"


def test_elsewhere_it_takes_a_mention():
    assert event(channel="C0OTHER001", text="<@U0FANNEL01> list").channel == "C0OTHER001"


def test_a_reply_names_its_thread_and_the_head_of_one_does_not():
    assert event(thread_ts=LATER).thread_ts == LATER
    assert event(thread_ts=TS).thread_ts is None


def test_an_edit_is_a_message_of_its_own_and_a_preview_is_none():
    changed = {"type": "message", "user": "U0OPERATOR", "ts": TS, "text": "silence rt1 3h"}
    edited = event(subtype="message_changed", ts=LATER, message={**changed, "edited": {"ts": LATER}}, user=None)
    assert (edited.ts, edited.edited_ts, edited.text) == (TS, LATER, "silence rt1 3h")
    # Slack showed the preview of a link: nobody changed a word.
    preview = event(subtype="message_changed", ts=LATER, message={**changed, "text": "silence rt1 2h"}, user=None)
    assert preview.key == event().key != edited.key


def test_two_edits_in_one_second_are_two():
    def edited(text):
        message = {"user": "U0OPERATOR", "ts": TS, "text": text, "edited": {"ts": LATER}}
        return event(subtype="message_changed", ts=LATER, message=message)

    assert edited("silence rt1 3h").key != edited("silence rt1 4h").key
    assert edited("silence rt1 3h").key == edited("silence rt1 3h").key


def test_a_deletion_has_the_text_that_was_there_and_the_last_word():
    before = {"user": "U0OPERATOR", "ts": TS, "text": "silence rt1 2h", "edited": {"ts": LATER}}
    deleted = event(subtype="message_deleted", ts=LATER, deleted_ts=TS, previous_message=before, user=None)
    assert (deleted.deleted, deleted.ts, deleted.text) == (True, TS, "silence rt1 2h")
    assert deleted.rank > Message("C0ALERTS01", TS, "U0OPERATOR", "", edited_ts=LATER).rank > event().rank


def test_a_message_with_replies_is_deleted_as_a_tombstone():
    before = {"user": "U0OPERATOR", "ts": TS, "text": "silence rt1 2h"}
    grave = {"user": "USLACKBOT", "ts": TS, "subtype": "tombstone", "text": "This message was deleted."}
    deleted = event(subtype="message_changed", ts=LATER, message=grave, previous_message=before)
    assert (deleted.deleted, deleted.user, deleted.text) == (True, "U0OPERATOR", "silence rt1 2h")


def test_a_button_of_ours_is_a_click_and_another_apps_is_not():
    pressed = {"action_id": "fannel.silence.1h", "value": "A-1", "action_ts": LATER, "type": "button"}
    payload = {
        "type": "block_actions",
        "user": {"id": "U0OPERATOR"},
        "channel": {"id": "C0ALERTS01"},
        "container": {"type": "message_attachment", "message_ts": TS, "channel_id": "C0ALERTS01"},
        "response_url": "https://hooks.slack.com/actions/1",
        "actions": [pressed],
    }
    expected = Click("U0OPERATOR", "C0ALERTS01", TS, "fannel.silence.1h", "A-1", LATER, payload["response_url"])
    assert click(payload) == expected
    chosen = {**pressed, "value": None, "selected_option": {"value": "A-2"}}
    del chosen["value"]
    assert click(payload | {"actions": [chosen]}).value == "A-2"
    assert click(payload | {"actions": [pressed | {"action_id": "other.app"}]}) is None
    assert click(payload | {"type": "view_submission"}) is None


@pytest.mark.parametrize(
    "heard",
    [
        Message("C0ALERTS01", TS, "U0OPERATOR", "text", thread_ts=LATER, edited_ts=LATER, deleted=True),
        Click("U0OPERATOR", "C0ALERTS01", TS, "fannel.ack", "A-1", LATER, "https://hooks.slack.com/1"),
        Command("U0OPERATOR", "C0ALERTS01", "list", "https://hooks.slack.com/2", heard_at="2026-11-26T04:30:00+00:00"),
    ],
)
def test_what_is_kept_comes_back(heard):
    assert from_json(*to_json(heard)) == heard


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([TS, LATER, "C0ALERTS01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
NAMES = ["type", "subtype", "channel", "user", "ts", "text", "message", "previous_message", "edited", "deleted_ts"]
NAMES += ["thread_ts", "bot_id", "container", "actions", "action_id", "response_url", "user_id", "channel_id", "event"]
WORDS = st.sampled_from(["message", "message_changed", "message_deleted", "tombstone", "block_actions", "U0OPERATOR"])
PAYLOAD = st.dictionaries(st.sampled_from(NAMES), JSON | WORDS | st.dictionaries(st.sampled_from(NAMES), JSON | WORDS))


@settings(max_examples=500)
@given(PAYLOAD)
def test_nothing_that_slack_may_send_breaks_the_reading(payload):
    for heard in (EARS.event(payload), EARS.event({"event": payload}), click(payload), command(payload, "")):
        if heard is not None:
            assert entry_of(heard, None, "T1").key
