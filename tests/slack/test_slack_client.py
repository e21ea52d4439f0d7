"""The client against the stand-in and its faults, and against servers that are no Slack at all."""

import contextlib
import logging
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from fannel.lab.slack import BOT_TOKEN, Fault, SlackStandIn, running
from fannel.slack import errors
from fannel.slack.client import Posted, SlackClient

CHANNEL = "C0ALERTS01"
START = datetime(2026, 11, 22, 7, 0, 0, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = START.timestamp()

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def server():
    with contextlib.ExitStack() as stack:
        stand_in = SlackStandIn(clock=Clock(), rate_limits=False)
        stack.enter_context(running(stand_in))
        yield stand_in


@pytest.fixture
def slack(server):
    for messages in server.workspace.messages.values():
        messages.clear()
    server.faults.clear()
    return server


@pytest.fixture
def client(slack):
    return SlackClient(BOT_TOKEN, api_url=slack.api_url, timeout_s=0.3)


def payload(text="hello", key="k1"):
    return {
        "text": text,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
        "metadata": {"event_type": "fannel_incident", "event_payload": {"v": 1, "incident": "A-1", "key": key}},
    }


def post(client, key="k1", **arguments):
    return client.post(CHANNEL, payload(key=key), client_msg_id=f"id-of-{key}", **arguments)


def stored(slack):
    return list(slack.workspace.messages[CHANNEL].values())


# --- what works ---------------------------------------------------------------------------------------------------


def test_auth_test_says_who_the_token_is(client):
    me = client.auth_test()
    assert {"chat:write", "files:read"} < me.scopes
    assert (me.user, me.team) == ("fannel", "FANNEL lab")
    assert me.bot_id == "B0FANNEL01"


def test_channel_info_says_whether_posting_can_work(client):
    assert client.channel_info(CHANNEL).is_member
    assert not client.channel_info("C0OTHER001").is_member
    assert client.channel_info("C0OLD00001").is_archived


def test_a_post_carries_blocks_metadata_and_no_unfurling(client, slack):
    posted = post(client)
    assert posted == Posted(stored(slack)[0]["ts"], None)
    arguments = slack.workspace.calls[-1][1]
    assert arguments["unfurl_links"] is False
    assert arguments["client_msg_id"] == "id-of-k1"
    assert stored(slack)[0]["metadata"]["event_payload"]["key"] == "k1"


def test_a_reply_says_its_thread(client, slack):
    parent = post(client)
    reply = post(client, "k2", thread_ts=parent.ts, broadcast=True)
    assert reply.thread_ts == parent.ts
    assert stored(slack)[1]["subtype"] == "thread_broadcast"


def test_when_the_parent_was_deleted_the_reply_says_it_has_no_thread(client, slack):
    parent = post(client)
    slack.workspace.delete(slack.workspace.channels[CHANNEL], parent.ts)
    assert post(client, "k2", thread_ts=parent.ts).thread_ts is None


def test_an_update_replaces_the_message(client, slack):
    parent = post(client)
    client.update(CHANNEL, parent.ts, payload("changed"))
    assert [message["text"] for message in stored(slack)] == ["changed"]
    assert "edited" in stored(slack)[0]


def test_a_file_lands_in_the_thread(client, slack):
    parent = post(client)
    file_id = client.upload(filename="a.txt", content="one\ntwo")
    assert stored(slack)[1:] == [], "nobody sees it before it is shared"
    client.share(CHANNEL, parent.ts, file_id, title="A", comment="all of it")
    share = stored(slack)[1]
    assert share["thread_ts"] == parent.ts
    assert share["text"] == "all of it"
    assert slack.workspace.files[file_id].content == b"one\ntwo"
    assert client.shared(file_id, CHANNEL) == share["ts"]


def test_a_file_that_is_never_shared_is_noticed(client, slack, monkeypatch):
    monkeypatch.setattr(slack.workspace, "file_share_delay_s", None)
    parent = post(client)
    file_id = client.upload(filename="a.txt", content="x")
    client.share(CHANNEL, parent.ts, file_id, title="A", comment="c")
    assert client.shared(file_id, CHANNEL) is None


# --- finding again ------------------------------------------------------------------------------------------------


def test_a_parent_is_found_by_its_key(client):
    posted = post(client)
    post(client, "other")
    assert client.find_by_key(CHANNEL, "k1", START).ts == posted.ts


def test_a_reply_is_found_in_its_thread(client):
    parent = post(client)
    reply = post(client, "k2", thread_ts=parent.ts)
    assert client.find_by_key(CHANNEL, "k2", START, thread_ts=parent.ts).ts == reply.ts


def test_a_reply_whose_parent_is_gone_is_found_in_the_channel(client, slack):
    parent = post(client)
    slack.workspace.delete(slack.workspace.channels[CHANNEL], parent.ts)
    reply = post(client, "k2", thread_ts=parent.ts)
    assert client.find_by_key(CHANNEL, "k2", START, thread_ts=parent.ts).ts == reply.ts


def test_what_was_never_posted_is_not_found(client):
    post(client)
    assert client.find_by_key(CHANNEL, "nothing", START) is None


def test_what_is_older_than_asked_is_not_found(client):
    post(client)
    assert client.find_by_key(CHANNEL, "k1", START + timedelta(hours=1)) is None


def test_the_search_goes_through_pages(client, slack):
    first = post(client)
    for number in range(450):
        slack.workspace.say(slack.workspace.channels[CHANNEL], f"chatter {number}")
    assert client.find_by_key(CHANNEL, "k1", START).ts == first.ts


# --- what does not work -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "cls", "posts"),
    [
        (Fault("drop_before"), errors.OutcomeUnknown, 0),
        (Fault("drop_after"), errors.OutcomeUnknown, 1),
        (Fault("delay_after", seconds=1.0), errors.OutcomeUnknown, 1),
        (Fault("http_before", status=502), errors.OutcomeUnknown, 0),
        (Fault("http_after", status=500), errors.OutcomeUnknown, 1),
        (Fault("error", error="internal_error"), errors.OutcomeUnknown, 0),
        (Fault("garbage"), errors.OutcomeUnknown, 0),
        (Fault("http_before", status=403), errors.Unreachable, 0),
        (Fault("ratelimited", retry_after_s=7), errors.RateLimited, 0),
        (Fault("error", error="rate_limited"), errors.RateLimited, 0),
        (Fault("error", error="token_revoked"), errors.FatalAuth, 0),
        (Fault("error", error="is_archived"), errors.ChannelProblem, 0),
        (Fault("error", error="who_knows"), errors.SlackError, 0),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_trouble_is_typed_and_never_repeated(client, slack, fault, cls, posts):
    slack.faults.add(fault)
    with pytest.raises(cls):
        post(client)
    assert len(stored(slack)) == posts


def test_a_rate_limit_says_how_long_to_wait(client, slack):
    slack.faults.add(Fault("ratelimited", retry_after_s=7))
    with pytest.raises(errors.RateLimited) as raised:
        post(client)
    assert raised.value.retry_after_s == 7.0


def test_bad_blocks_come_back_with_their_place(client):
    bad = payload() | {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}
    with pytest.raises(errors.BadMessage) as raised:
        client.post(CHANNEL, bad, client_msg_id="i")
    assert raised.value.details == ("must be less than 3001 characters [json-pointer:/blocks/0/text/text]",)


@pytest.mark.parametrize(
    ("channel", "cls"),
    [
        ("C0NOWHERE1", errors.ChannelNotFound),
        ("C0OTHER001", errors.NotInChannel),
        ("C0OLD00001", errors.ChannelArchived),
    ],
)
def test_a_channel_that_cannot_be_posted_to(client, channel, cls):
    with pytest.raises(cls):
        client.post(channel, payload(), client_msg_id="i")


def test_updating_what_is_gone(client):
    with pytest.raises(errors.MessageNotFound):
        client.update(CHANNEL, "1.000001", payload())


def test_a_failed_upload_step_leaves_the_outcome_open(client, slack):
    slack.faults.add(Fault("http_before", method="upload", status=503))
    with pytest.raises(errors.OutcomeUnknown):
        client.upload(filename="a.txt", content="x")


def test_a_wrong_token_is_fatal_and_stays_secret(slack):
    with pytest.raises(errors.FatalAuth) as raised:
        SlackClient("xoxb-very-secret", api_url=slack.api_url).auth_test()
    assert "very-secret" not in f"{raised.value} {raised.value!r} {raised.value.__context__!r}"


def test_nothing_said_or_sent_reaches_the_log(client, slack, caplog):
    slack.faults.add(Fault("garbage"))
    with caplog.at_level(logging.DEBUG):
        with contextlib.suppress(errors.OutcomeUnknown):
            client.post(CHANNEL, payload("private words"), client_msg_id="i")
        client.post(CHANNEL, payload("private words"), client_msg_id="i")
    assert "private words" not in caplog.text
    assert BOT_TOKEN not in caplog.text


# --- what is no Slack ---------------------------------------------------------------------------------------------


def test_when_nobody_listens_it_is_known_that_nothing_was_done():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        client = SlackClient(BOT_TOKEN, api_url=f"http://127.0.0.1:{taken.getsockname()[1]}/api/")
        with pytest.raises(errors.Unreachable, match="refused"):
            post(client)


def test_a_name_that_does_not_resolve_is_unreachable():
    client = SlackClient(BOT_TOKEN, api_url="http://slack.invalid/api/")
    with pytest.raises(errors.Unreachable):
        post(client)


def test_a_proxy_from_the_environment_is_used_and_no_proxy_respected(slack, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    proxied = SlackClient(BOT_TOKEN, api_url=slack.api_url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert proxied.auth_test().user == "fannel"
    monkeypatch.delenv("no_proxy")
    with pytest.raises(errors.Unreachable):
        proxied.auth_test()


@pytest.mark.parametrize(
    "body",
    [b"[1]", b'"text"', b"null", b"{", b"\xff\xfe", b'{"ok": true}', b'{"ok": true, "ts": 1.5}', b'{"ok": false}'],
)
def test_an_answer_that_makes_no_sense_leaves_the_outcome_open(body):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with answering(head % len(body) + body) as url, pytest.raises(errors.OutcomeUnknown):
        post(SlackClient(BOT_TOKEN, api_url=url, timeout_s=2))


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
def test_an_answer_that_is_no_http_leaves_the_outcome_open(raw):
    with answering(raw) as url, pytest.raises(errors.OutcomeUnknown):
        post(SlackClient(BOT_TOKEN, api_url=url, timeout_s=2))


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("soon", 60.0), ("nan", 60.0), ("-3", 0.0), ("99999999", 3600.0), (None, 60.0)]
)
def test_any_retry_after_becomes_a_sensible_wait(header, seconds):
    retry = f"Retry-After: {header}\r\n" if header is not None else ""
    raw = f"HTTP/1.1 429 Too Many Requests\r\n{retry}Connection: close\r\nContent-Length: 0\r\n\r\n".encode()
    with answering(raw) as url, pytest.raises(errors.RateLimited) as raised:
        post(SlackClient(BOT_TOKEN, api_url=url, timeout_s=2))
    assert raised.value.retry_after_s == seconds


@contextlib.contextmanager
def answering(raw):
    """A server that reads one request and answers with `raw`, whatever that is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                head, _, body = request.partition(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"content-length" in line.lower()
                )
                while len(body) < length:
                    body += connection.recv(65536)
                connection.sendall(raw)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/"
        thread.join(timeout=5)
