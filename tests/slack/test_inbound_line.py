"""One connection: whether it comes about, why not, and through which proxy."""

import asyncio

import pytest

from fannel.lab.slack import SlackStandIn, running
from fannel.lab.stage import free_udp_port
from fannel.slack.inbound.line import Line, LineError, proxy_for


@pytest.fixture
def slack(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    stand_in = SlackStandIn()
    with running(stand_in):
        yield stand_in


def url_of(slack):
    return f"ws{slack.workspace.base_url.removeprefix('http')}/socket?ticket={slack.sockets.ticket()}"


async def nothing(*_):
    """Whatever is heard."""


def opened(url, **more):
    async def go():
        before = asyncio.all_tasks()
        line = await Line.open(url, nothing, **more)
        await line.close()
        assert asyncio.all_tasks() == before, "something of it still runs"
        return await line.ended

    return asyncio.run(go())


def test_it_is_open_once_slack_said_hello_and_leaves_nothing_behind(slack):
    assert opened(url_of(slack)) == "closed by us"
    assert slack.sockets.connected_so_far == 1


def test_a_refused_ticket_is_said_at_once_and_not_tried_again(slack):
    with pytest.raises(LineError, match=r"^HTTP 408$"):
        opened(url_of(slack) + "x", timeout_s=60)


def test_why_it_did_not_come_about_is_said_without_the_ticket():
    port = free_udp_port()
    with pytest.raises(LineError) as raised:
        opened(f"ws://127.0.0.1:{port}/socket?ticket=s3cret")
    assert "Connect" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_who_is_turned_away_is_told_why_at_once(slack, monkeypatch):
    monkeypatch.setattr("fannel.lab.slack.sockets.MOST_CONNECTIONS", 0)
    with pytest.raises(LineError, match="too_many_websockets"):
        opened(url_of(slack), timeout_s=60)


def test_who_says_no_hello_is_left(slack, monkeypatch):
    monkeypatch.setattr(slack.sockets, "_hello", lambda: {"type": "greeting"})
    with pytest.raises(LineError, match=r"no hello within 0\.5 s"):
        opened(url_of(slack), timeout_s=0.5)


def test_one_that_answers_nothing_ends_within_a_few_pings(slack):
    async def go():
        line = await Line.open(url_of(slack), nothing, ping_every_s=0.2)
        slack.sockets.freeze()
        reason = await asyncio.wait_for(line.ended, 60)
        await line.close()
        return reason

    assert asyncio.run(go()) == "the connection broke"


def test_the_proxy_is_the_environments_and_so_are_its_exceptions(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert proxy_for("wss://wss-primary.slack.com/link") is None
    monkeypatch.setenv("https_proxy", "http://proxy.example.net:3128")
    assert proxy_for("wss://wss-primary.slack.com/link") == "http://proxy.example.net:3128"
    assert proxy_for("ws://127.0.0.1/socket") is None
    monkeypatch.setenv("no_proxy", ".slack.com")
    assert proxy_for("wss://wss-primary.slack.com/link") is None
