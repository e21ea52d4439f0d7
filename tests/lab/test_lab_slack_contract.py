"""What the stand-in promises, asked through Slack's own client.

The list is meant to be run by hand against a real workspace, too, when somebody has one; until then each line has its
source in Slack's documentation or an issue thread.
"""

import contextlib
import json
import urllib.error
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from fannel.lab.slack import BOT_TOKEN, Fault, SlackStandIn, running

# The client warns of missing text; two tests leave it out on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")

CHANNEL = "C0ALERTS01"
START = 1_795_330_807.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slack(clock, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with contextlib.ExitStack() as stack:
        stand_in = SlackStandIn(clock=clock)
        stack.enter_context(running(stand_in))
        yield stand_in


@pytest.fixture
def web(slack):
    return WebClient(BOT_TOKEN, base_url=slack.api_url, timeout=2, retry_handlers=[])


def refused(call, *args, **kwargs):
    """The code of a call Slack refuses."""
    with pytest.raises(SlackApiError) as raised:
        call(*args, **kwargs)
    return raised.value.response["error"]


def say(web, text="hello", **arguments):
    return web.chat_postMessage(channel=CHANNEL, text=text, **arguments)


def section(text="hello"):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


# --- tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "code"), [(None, "not_authed"), ("xoxb-bogus", "invalid_auth"), ("xapp-lab", "not_allowed_token_type")]
)
def test_a_token_that_will_not_do(slack, token, code):
    assert refused(WebClient(token, base_url=slack.api_url, retry_handlers=[]).auth_test) == code


def test_an_unknown_method_is_refused(web):
    assert refused(web.api_call, "chat.shout") == "unknown_method"


# --- posting ------------------------------------------------------------------------------------------------------


def test_ts_are_strings_that_strictly_increase_while_the_clock_stands(web):
    stamps = [say(web)["ts"] for _ in range(3)]
    assert stamps == ["1795330807.000000", "1795330807.000001", "1795330807.000002"]


def test_a_channel_may_be_named_in_a_post(web):
    assert web.chat_postMessage(channel="#alerts", text="x")["channel"] == CHANNEL


@pytest.mark.parametrize(
    ("channel", "code"),
    [("C0NOWHERE1", "channel_not_found"), ("C0OTHER001", "not_in_channel"), ("C0OLD00001", "is_archived")],
)
def test_a_channel_that_takes_no_post(web, channel, code):
    assert refused(web.chat_postMessage, channel=channel, text="x") == code


def test_nothing_to_say_is_refused(web):
    assert refused(say, web, text=" ") == "no_text"


def test_too_long_a_text_is_cut_with_a_warning(web):
    answer = say(web, text="a" * 45_000)
    assert len(answer["message"]["text"]) == 40_000
    assert answer["warning"] == "message_truncated"


def test_a_known_client_msg_id_posts_nothing_new(web):
    first = say(web, client_msg_id="one")
    second = say(web, text="again", client_msg_id="one")
    assert second["is_duplicate"]
    assert second["ts"] == first["ts"]
    assert len(web.conversations_history(channel=CHANNEL)["messages"]) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "x"},
        {"event_type": "x", "event_payload": "text"},
        {"event_type": "x", "event_payload": {}, "y": 1},
    ],
)
def test_metadata_of_the_wrong_shape_is_refused(web, metadata):
    assert refused(say, web, metadata=metadata) == "invalid_metadata_format"


# --- threads ------------------------------------------------------------------------------------------------------


def test_a_reply_counts_at_its_parent(web):
    parent = say(web)["ts"]
    reply = say(web, thread_ts=parent)
    head = web.conversations_replies(channel=CHANNEL, ts=parent)["messages"][0]
    assert (head["reply_count"], head["latest_reply"]) == (1, reply["ts"])
    assert reply["message"]["thread_ts"] == parent


def test_a_reply_to_a_reply_goes_to_the_root(web):
    parent = say(web)["ts"]
    reply = say(web, thread_ts=parent)["ts"]
    assert say(web, thread_ts=reply)["message"]["thread_ts"] == parent


def test_a_reply_to_nothing_stands_alone_and_answers_ok(web):
    answer = say(web, thread_ts="1111111111.000001")
    assert answer["ok"]
    assert "thread_ts" not in answer["message"]


def test_history_shows_parents_and_broadcasts_newest_first(web):
    parent = say(web, text="parent")["ts"]
    say(web, text="reply", thread_ts=parent)
    say(web, text="broadcast", thread_ts=parent, reply_broadcast=True)
    found = web.conversations_history(channel=CHANNEL)["messages"]
    assert [message["text"] for message in found] == ["broadcast", "parent"]
    assert found[0]["subtype"] == "thread_broadcast"


def test_replies_start_with_the_parent_oldest_first(web):
    parent = say(web, text="parent")["ts"]
    for text in ("one", "two"):
        say(web, text=text, thread_ts=parent)
    found = web.conversations_replies(channel=CHANNEL, ts=parent)["messages"]
    assert [message["text"] for message in found] == ["parent", "one", "two"]


def test_replies_of_nothing_are_refused(web):
    assert refused(web.conversations_replies, channel=CHANNEL, ts="1.000001") == "thread_not_found"


# --- reading ------------------------------------------------------------------------------------------------------


def test_metadata_is_shown_on_request_only(web):
    say(web, metadata={"event_type": "t", "event_payload": {"key": "k"}})
    assert "metadata" not in web.conversations_history(channel=CHANNEL)["messages"][0]
    asked = web.conversations_history(channel=CHANNEL, include_all_metadata=True)
    assert asked["messages"][0]["metadata"]["event_payload"] == {"key": "k"}


def test_history_comes_in_pages(web, clock):
    for number in range(5):
        say(web, text=str(number))
        clock.now += 1
    pages = [[one["text"] for one in page["messages"]] for page in web.conversations_history(channel=CHANNEL, limit=2)]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


def test_a_window_excludes_its_edges_unless_asked(web):
    stamps = [say(web)["ts"] for _ in range(3)]
    window = {"channel": CHANNEL, "oldest": stamps[0], "latest": stamps[2]}
    assert len(web.conversations_history(**window)["messages"]) == 1
    assert len(web.conversations_history(**window, inclusive=True)["messages"]) == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"cursor": "nonsense"}, "invalid_cursor"), ({"oldest": "yesterday"}, "invalid_ts_oldest")],
)
def test_arguments_that_make_no_sense_are_refused(web, arguments, code):
    assert refused(web.conversations_history, channel=CHANNEL, **arguments) == code


# --- editing ------------------------------------------------------------------------------------------------------


def test_an_edit_keeps_metadata_and_drops_blocks_that_were_left_out(web):
    ts = say(web, blocks=[section()], metadata={"event_type": "t", "event_payload": {"key": "k"}})["ts"]
    message = web.chat_update(channel=CHANNEL, ts=ts, text="new")["message"]
    assert message["metadata"]["event_payload"] == {"key": "k"}
    assert "blocks" not in message
    assert message["edited"]["user"] == "U0FANNEL01"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"ts": "1.000001", "text": "x"}, "message_not_found"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"channel": "alerts", "text": "x"}, "channel_not_found"),
        ({"text": ""}, "no_text"),
    ],
)
def test_an_edit_that_is_refused(web, arguments, code):
    ts = say(web)["ts"]
    assert refused(web.chat_update, **{"channel": CHANNEL, "ts": ts, **arguments}) == code


def test_other_peoples_words_cannot_be_edited(web, slack):
    ts = slack.workspace.say(slack.workspace.channels[CHANNEL], "mine")["ts"]
    assert refused(web.chat_update, channel=CHANNEL, ts=ts, text="x") == "cant_update_message"


def test_rich_text_cannot_become_something_else(web):
    element = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
    ts = say(web, blocks=[{"type": "rich_text", "elements": [element]}])["ts"]
    assert refused(web.chat_update, channel=CHANNEL, ts=ts, text="x", blocks=[section()]) == "block_mismatch"


def test_a_deleted_parent_leaves_a_tombstone(web):
    parent = say(web)["ts"]
    say(web, thread_ts=parent)
    web.chat_delete(channel=CHANNEL, ts=parent)
    head = web.conversations_replies(channel=CHANNEL, ts=parent)["messages"][0]
    assert head["subtype"] == "tombstone"
    assert refused(web.chat_update, channel=CHANNEL, ts=parent, text="x") == "message_not_found"


# --- channels, people, reactions ----------------------------------------------------------------------------------


def test_joining_twice_is_a_warning(web):
    assert "warning" not in web.conversations_join(channel="C0OTHER001").data
    assert web.conversations_join(channel="C0OTHER001")["warning"] == "already_in_channel"


def test_reactions_are_added_once(web):
    ts = say(web)["ts"]
    web.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    assert refused(web.reactions_add, channel=CHANNEL, timestamp=ts, name="eyes") == "already_reacted"
    assert refused(web.reactions_add, channel=CHANNEL, timestamp=ts, name="no such") == "invalid_name"
    web.reactions_remove(channel=CHANNEL, timestamp=ts, name="eyes")
    assert refused(web.reactions_remove, channel=CHANNEL, timestamp=ts, name="eyes") == "no_reaction"


def test_people_have_a_time_zone(web):
    assert web.users_info(user="U0OPERATOR")["user"]["tz"] == "Asia/Tokyo"
    assert refused(web.users_info, user="U0NOBODY01") == "user_not_found"


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_is_uploaded_in_three_steps_and_shared_in_the_thread(web):
    parent = say(web)["ts"]
    web.files_upload_v2(channel=CHANNEL, thread_ts=parent, filename="show.txt", content="line\n", title="show")
    share = web.conversations_replies(channel=CHANNEL, ts=parent)["messages"][1]
    assert share["files"][0]["name"] == "show.txt"
    shares = web.files_info(file=share["files"][0]["id"])["file"]["shares"]
    assert shares["public"][CHANNEL][0]["ts"] == share["ts"]


def test_a_share_may_come_late(web, slack, clock):
    slack.workspace.file_share_delay_s = 5.0
    web.files_upload_v2(channel=CHANNEL, filename="show.txt", content="x")
    assert web.conversations_history(channel=CHANNEL)["messages"] == []
    clock.now += 5
    assert len(web.conversations_history(channel=CHANNEL)["messages"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"filename": "a.txt", "length": 0}, "missing_argument"),
        ({"filename": "a.txt", "length": 2_000_000, "snippet_type": "text"}, "snippet_too_large"),
    ],
)
def test_a_file_slack_does_not_take(web, arguments, code):
    assert refused(web.files_getUploadURLExternal, **arguments) == code


def test_a_file_that_was_never_sent_cannot_be_shared(web):
    file_id = web.files_getUploadURLExternal(filename="a.txt", length=3)["file_id"]
    assert refused(web.files_completeUploadExternal, files=[{"id": file_id}], channel_id=CHANNEL) == "file_not_found"


# --- limits -------------------------------------------------------------------------------------------------------


def test_posts_are_limited_to_one_a_second_after_a_burst(web, clock):
    for _ in range(5):
        say(web)
    with pytest.raises(SlackApiError) as raised:
        say(web)
    assert raised.value.response.status_code == 429
    assert raised.value.response["error"] == "ratelimited"
    assert raised.value.response.headers["Retry-After"] == "1"
    clock.now += 1
    say(web)


def test_each_channel_has_its_own_limit(web):
    for _ in range(5):
        say(web)
    web.conversations_join(channel="C0OTHER001")
    assert web.chat_postMessage(channel="C0OTHER001", text="x")["ok"]


def test_methods_have_a_limit_by_tier(web):
    for _ in range(50):
        web.conversations_history(channel=CHANNEL)
    assert refused(web.conversations_history, channel=CHANNEL) == "ratelimited"


# --- faults and the director --------------------------------------------------------------------------------------


def test_a_fault_happens_as_often_as_asked_to_the_method_named(web, slack):
    slack.faults.add(Fault("error", method="chat.update", error="fatal_error", times=2))
    ts = say(web)["ts"]
    for _ in range(2):
        assert refused(web.chat_update, channel=CHANNEL, ts=ts, text="x") == "fatal_error"
    assert web.chat_update(channel=CHANNEL, ts=ts, text="x")["ok"]


@pytest.mark.parametrize(
    ("kind", "posts"), [("drop_before", 0), ("drop_after", 1), ("http_before", 0), ("http_after", 1)]
)
def test_an_answer_may_be_lost_before_or_after_the_work(web, slack, kind, posts):
    slack.faults.add(Fault(kind))
    with pytest.raises((SlackApiError, OSError)):
        say(web)
    assert len(slack.workspace.messages[CHANNEL]) == posts


@pytest.mark.parametrize(("kind", "waited"), [("delay_before", 0), ("delay_after", 1)])
def test_a_delay_comes_before_or_after_the_work(clock, kind, waited):
    seen = []

    async def sleep(seconds):
        seen.append((seconds, len(stand_in.workspace.messages[CHANNEL])))

    stand_in = SlackStandIn(clock=clock, sleep=sleep)
    stand_in.faults.add(Fault(kind, seconds=9.0))
    with running(stand_in):
        say(WebClient(BOT_TOKEN, base_url=stand_in.api_url, retry_handlers=[]))
    assert seen == [(9.0, waited)]


def direct(slack, action, **given):
    request = urllib.request.Request(
        f"{slack.workspace.base_url}/_lab/{action}", json.dumps(given).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def test_a_person_may_speak_and_delete_and_the_state_be_read(web, slack):
    parent = say(web)["ts"]
    said = direct(slack, "say", channel="alerts", text="on it", thread_ts=parent)
    direct(slack, "delete", channel=CHANNEL, ts=said["ts"])
    with urllib.request.urlopen(f"{slack.workspace.base_url}/_lab/state", timeout=5) as answer:
        state = json.load(answer)
    assert [message["text"] for message in state["messages"][CHANNEL]] == ["hello"]
    assert state["calls"][0]["method"] == "chat.postMessage"


def test_a_fault_may_be_asked_for_over_http(web, slack):
    direct(slack, "fault", kind="error", error="is_archived")
    assert refused(say, web) == "is_archived"


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("fault", {"kind": "explode"}, "unknown kind"),
        ("fault", {"kind": "error", "tims": 2}, "unknown key 'tims'"),
        ("say", {"channel": "alerts"}, "missing text"),
        ("dance", {}, "unknown action"),
    ],
)
def test_a_wrong_direction_is_explained(slack, action, given, said):
    with pytest.raises(urllib.error.HTTPError) as raised:
        direct(slack, action, **given)
    assert said in json.load(raised.value)["error"]


def test_tokens_are_not_in_the_state(web, slack):
    say(web)
    assert BOT_TOKEN not in json.dumps(slack.workspace.to_json())


@pytest.mark.parametrize(("body", "code"), [(b"{", "invalid_json"), (b"[1]", "json_not_object")])
def test_a_body_that_is_no_object_is_refused(slack, body, code):
    headers = {"Authorization": f"Bearer {BOT_TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{slack.api_url}chat.postMessage", body, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert json.load(answer) == {"ok": False, "error": code}
