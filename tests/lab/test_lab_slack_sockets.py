"""Socket Mode of the stand-in, as a plain websocket client sees it; and what people's clicks and commands become."""

import asyncio
import contextlib
import json
import time
import urllib.error
import urllib.request

import aiohttp
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from fannel.lab.slack import APP_TOKEN, BOT_TOKEN, Fault, SlackStandIn, running

CHANNEL = "C0ALERTS01"
WAIT_S = 20
BUTTONS = [
    {
        "type": "actions",
        "block_id": "acts",
        "elements": [
            {"type": "button", "action_id": "fannel.ack", "value": "A-1", "text": {"type": "plain_text", "text": "Ack"}}
        ],
    }
]


@pytest.fixture
def slack(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with contextlib.ExitStack() as stack:
        # An ack may take as long as this machine likes; who leaves one out says so.
        stand_in = SlackStandIn(rate_limits=False, ack_within_s=WAIT_S, retries_after_s=(0.0,))
        stack.enter_context(running(stand_in))
        yield stand_in


@pytest.fixture
def web(slack):
    return WebClient(BOT_TOKEN, base_url=slack.api_url, timeout=10, retry_handlers=[])


def new_url(slack):
    return WebClient(base_url=slack.api_url, timeout=10).apps_connections_open(app_token=APP_TOKEN)["url"]


@contextlib.asynccontextmanager
async def connected(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        assert (await socket.receive_json(timeout=WAIT_S))["type"] == "hello"
        yield socket


async def envelope(socket, *, ack=True, payload=None):
    heard = await socket.receive_json(timeout=WAIT_S)
    if ack:
        answer = {"envelope_id": heard["envelope_id"]}
        await socket.send_json(answer | ({"payload": payload} if payload else {}))
    return heard


async def until(condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.01)


def test_a_bot_token_opens_no_socket_and_an_app_token_no_channel(slack):
    with pytest.raises(SlackApiError) as raised:
        WebClient(base_url=slack.api_url).apps_connections_open(app_token=BOT_TOKEN)
    assert raised.value.response["error"] == "not_allowed_token_type"
    with pytest.raises(SlackApiError) as raised:
        WebClient(base_url=slack.api_url).apps_connections_open(app_token="xapp-wrong")
    assert raised.value.response["error"] == "invalid_auth"
    with pytest.raises(SlackApiError) as raised:
        WebClient(APP_TOKEN, base_url=slack.api_url).auth_test()
    assert raised.value.response["error"] == "not_allowed_token_type"


@pytest.mark.parametrize("spoil", ["use it", "let it expire"])
def test_a_ticket_is_good_once_and_not_for_long(slack, spoil):
    url = new_url(slack)

    async def go():
        if spoil == "use it":
            async with connected(url):
                pass
        else:
            slack.sockets.expire_tickets()
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            async with connected(url):
                pass
        assert raised.value.status == 408

    asyncio.run(go())


def test_what_people_write_change_and_delete_are_events(slack):
    async def go():
        async with connected(new_url(slack)) as socket:
            said = slack.people.say(CHANNEL, "silence rt1 2h")
            first = (await envelope(socket))["payload"]["event"]
            assert (first["text"], first["ts"], first["channel"]) == ("silence rt1 2h", said["ts"], CHANNEL)
            slack.people.edit(CHANNEL, said["ts"], "silence rt1 3h")
            changed = (await envelope(socket))["payload"]["event"]
            assert changed["subtype"] == "message_changed"
            assert changed["message"]["text"] == "silence rt1 3h"
            assert changed["message"]["edited"]["ts"].endswith(".000000")
            assert changed["previous_message"]["text"] == "silence rt1 2h"
            slack.people.delete(CHANNEL, said["ts"])
            deleted = (await envelope(socket))["payload"]["event"]
            assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said["ts"])
            await until(lambda: len(slack.sockets.acks) == 3)

    asyncio.run(go())


def test_a_message_with_replies_is_not_deleted_but_changed_into_a_tombstone(slack):
    async def go():
        said = slack.people.say(CHANNEL, "parent")
        slack.people.say(CHANNEL, "reply", thread_ts=said["ts"])
        async with connected(new_url(slack)) as socket:
            slack.people.delete(CHANNEL, said["ts"])
            while (event := (await envelope(socket))["payload"]["event"]).get("subtype") != "message_changed":
                pass
            assert event["message"]["subtype"] == "tombstone"

    asyncio.run(go())


def test_an_event_nobody_acknowledges_comes_again_in_a_new_envelope(slack):
    async def go():
        async with connected(new_url(slack)) as socket:
            slack.people.say(CHANNEL, "again")
            first = await envelope(socket, ack=False)
        async with connected(new_url(slack)) as socket:
            # The first retry may find no connection yet; then it is asked for.
            await until(lambda: slack.sockets.waiting or slack.sockets.lost)
            if not slack.sockets.waiting:
                slack.sockets.redeliver()
            second = await envelope(socket)
        assert second["payload"]["event_id"] == first["payload"]["event_id"]
        assert second["envelope_id"] != first["envelope_id"]
        assert second["retry_attempt"] >= 1
        assert first["retry_attempt"] == 0

    asyncio.run(go())


def test_a_command_nobody_hears_is_lost(slack):
    slack.people.slash(CHANNEL, "list")
    asyncio.run(until(lambda: [one.kind for one in slack.sockets.lost] == ["slash_commands"]))


@pytest.mark.parametrize("end", ["disconnect", "abort"])
def test_a_connection_ends_with_or_without_a_word(slack, end):
    async def go():
        async with connected(new_url(slack)) as socket:
            getattr(slack.sockets, end)()
            heard = await socket.receive(timeout=WAIT_S)
            if end == "disconnect":
                assert json.loads(heard.data)["reason"] == "refresh_requested"
                heard = await socket.receive(timeout=WAIT_S)
            assert heard.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        await until(lambda: slack.sockets.connections == 0)

    asyncio.run(go())


def test_a_frozen_connection_answers_no_ping(slack):
    async def go():
        async with aiohttp.ClientSession() as session, session.ws_connect(new_url(slack), autoping=False) as socket:
            assert (await socket.receive_json(timeout=WAIT_S))["type"] == "hello"
            await socket.ping(b"one")
            assert (await socket.receive(timeout=WAIT_S)).type == aiohttp.WSMsgType.PONG
            slack.sockets.freeze()
            await asyncio.sleep(0)
            slack.people.say(CHANNEL, "unheard")
            await until(lambda: slack.sockets.waiting == 1)
            await socket.ping(b"two")
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.3)

    asyncio.run(go())


def test_a_fault_befalls_the_websocket_itself(slack):
    slack.faults.add(Fault("http_before", method="socket", status=503))

    async def go():
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            async with connected(new_url(slack)):
                pass
        assert raised.value.status == 503

    asyncio.run(go())


def test_a_click_carries_the_value_of_the_button_and_a_way_to_answer(slack, web):
    ts = web.chat_postMessage(
        channel=CHANNEL, text="down", attachments=[{"color": "#D92D20", "blocks": BUTTONS}], blocks=[]
    )["ts"]

    async def go():
        async with connected(new_url(slack)) as socket:
            slack.people.click(CHANNEL, ts, "fannel.ack")
            return (await envelope(socket))["payload"]

    payload = asyncio.run(go())
    assert payload["actions"][0]["value"] == "A-1"
    assert payload["container"]["message_ts"] == ts
    assert payload["container"]["type"] == "message_attachment"
    assert post(payload["response_url"], {"text": "done", "response_type": "ephemeral"}) == 200
    (answer,) = slack.people.answers
    assert (answer["user"], answer["body"]["text"]) == ("U0OPERATOR", "done")
    assert slack.workspace.whispers[-1]["to"] == "U0OPERATOR"


def test_a_response_url_is_good_five_times(slack):
    url = slack.people.slash(CHANNEL, "list")["response_url"]
    assert [post(url, {"text": str(n)}) for n in range(6)] == [200] * 5 + [404]


def test_a_click_may_replace_the_message(slack, web):
    ts = web.chat_postMessage(channel=CHANNEL, text="sure?", blocks=BUTTONS)["ts"]
    url = slack.people.click(CHANNEL, ts, "fannel.ack")["response_url"]
    post(url, {"replace_original": True, "text": "confirmed", "blocks": None})
    message = slack.workspace.messages[CHANNEL][ts]
    assert (message["text"], "blocks" in message) == ("confirmed", False)


def test_a_button_that_is_not_there_is_pressed_only_as_a_stale_one(slack, web):
    ts = web.chat_postMessage(channel=CHANNEL, text="gone")["ts"]
    with pytest.raises(ValueError, match=r"no button 'fannel\.ack'"):
        slack.people.click(CHANNEL, ts, "fannel.ack")
    assert slack.people.click(CHANNEL, ts, "fannel.ack", value="A-1")["actions"][0]["value"] == "A-1"


def test_a_command_may_be_answered_in_its_ack(slack):
    async def go():
        async with connected(new_url(slack)) as socket:
            slack.people.slash(CHANNEL, "list")
            heard = await envelope(socket, payload={"text": "no silences"})
            assert heard["accepts_response_payload"]
            await until(lambda: slack.people.answers)

    asyncio.run(go())
    assert slack.people.answers[0]["body"] == {"text": "no silences"}


def test_whoever_directs_does_it_over_http(slack, web):
    def lab(what, /, **given):
        request = urllib.request.Request(
            f"{slack.workspace.base_url}/_lab/{what}",
            data=json.dumps(given).encode(),
            headers={"Content-Type": "application/json"},
        )
        return json.load(urllib.request.urlopen(request, timeout=WAIT_S))

    ts = lab("say", channel="alerts", text="silence rt1 2h")["ts"]
    lab("say", channel="alerts", text="in the thread", thread_ts=ts, bot_id="B0OTHER")
    lab("edit", channel="alerts", ts=ts, text="silence rt1 3h")
    assert lab("click", channel="alerts", ts=ts, action="fannel.ack", value="A-1")["type"] == "block_actions"
    assert lab("slash", channel="alerts", text="list")["command"] == "/fannel"
    for bad_day in ("disconnect", "abort", "freeze", "expire_tickets", "redeliver"):
        lab(bad_day)
    thread = web.conversations_replies(channel=CHANNEL, ts=ts)["messages"]
    assert [one["text"] for one in thread] == ["silence rt1 3h", "in the thread"]
    state = json.load(urllib.request.urlopen(f"{slack.workspace.base_url}/_lab/state", timeout=WAIT_S))
    assert state["socket"]["connections"] == 0
    with pytest.raises(urllib.error.HTTPError):
        lab("dance")


def test_a_group_lists_its_people(slack, web):
    slack.workspace.groups["S0NOC"] = {"id": "S0NOC", "handle": "noc", "users": ["U0OPERATOR"]}
    assert web.usergroups_users_list(usergroup="S0NOC")["users"] == ["U0OPERATOR"]
    assert [group["handle"] for group in web.usergroups_list()["usergroups"]] == ["noc"]


def post(url, body):
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    try:
        return urllib.request.urlopen(request, timeout=WAIT_S).status
    except urllib.error.HTTPError as error:
        return error.code
