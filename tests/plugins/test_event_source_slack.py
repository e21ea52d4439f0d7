"""The Slack source as ansible-rulebook drives it: main() in a task, a real listener, a queue of one place."""

from __future__ import annotations

import asyncio
import contextlib
import os
import runpy
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from jsonschema import Draft202012Validator
from listening_desk import CHANNEL, WAIT_S

from fannel import collection, config
from fannel.event import schema
from fannel.lab.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn, running

PLUGIN = collection.root() / "plugins" / "event_source" / "slack.py"
VALID = Draft202012Validator(schema())


@pytest.fixture
def slack(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    for name in [name for name in os.environ if name.startswith(("FANNEL_", "PAGODA_", "SLACK_")) or name in proxies]:
        monkeypatch.delenv(name)
    stand_in = SlackStandIn(rate_limits=False, ack_within_s=WAIT_S)
    with running(stand_in):
        monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
        monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
        monkeypatch.setenv("FANNEL_SLACK__API_URL", stand_in.api_url)
        monkeypatch.setenv("FANNEL_DATABASE__URL", f"sqlite:///{tmp_path}/fannel.sqlite3")
        yield stand_in


@contextlib.asynccontextmanager
async def source(args=None):
    """The plugin's main() in a task."""
    queue = asyncio.Queue(1)
    task = asyncio.create_task(runpy.run_path(str(PLUGIN))["main"](queue, args or {}))
    try:
        yield queue, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.05)


def next_event(queue):
    return asyncio.wait_for(queue.get(), WAIT_S)


def test_what_is_said_clicked_and_typed_comes_as_events(slack):
    async def go():
        async with source() as (queue, _):
            await until(lambda: slack.sockets.connections == 1)
            said = slack.people.say(CHANNEL, "who has rt1?")
            message = await next_event(queue)
            slack.people.say(CHANNEL, "me", thread_ts=said["ts"])
            reply = await next_event(queue)
            slack.people.click(CHANNEL, said["ts"], "fannel.other", value="A-1")
            click = await next_event(queue)
            slack.people.slash(CHANNEL, "report {{ lookup('pipe', 'id') }} <!channel>")
            return said, message, reply, click, await next_event(queue)

    said, message, reply, click, command = asyncio.run(go())
    for event in (message, reply, click, command):
        VALID.validate(event)
        assert (event["via"], event["phase"], event["meta"]) == ("slack", "info", {"hosts": "localhost"})
    assert message["kind"] == "chat_message"
    assert message["slack"] == {
        "channel": CHANNEL,
        "channel_name": "alerts",
        "user": "U0OPERATOR",
        "user_name": "On Call",
        "text": "who has rt1?",
        "ts": said["ts"],
    }
    assert reply["slack"]["thread_ts"] == said["ts"]
    assert (click["kind"], click["slack"]["action"], click["slack"]["value"]) == ("chat_click", "fannel.other", "A-1")
    assert command["kind"] == "chat_command"
    assert "{" not in command["slack"]["text"], "a template could begin in it"


def test_a_listener_that_is_killed_comes_again_and_what_was_said_meanwhile_is_told(slack):
    async def go():
        async with source() as (queue, _):
            await until(lambda: slack.sockets.connections == 1)
            slack.people.say(CHANNEL, "before")
            first = await next_event(queue)
            (pid,) = children()
            os.kill(pid, signal.SIGKILL)
            slack.people.say(CHANNEL, "meanwhile")
            return first, await next_event(queue), children()

    first, second, after = asyncio.run(go())
    assert [first["slack"]["text"], second["slack"]["text"]] == ["before", "meanwhile"]
    assert len(after) == 1


def test_while_the_rules_are_busy_everything_is_acknowledged(slack):
    async def go():
        async with source() as (queue, _):
            await until(lambda: slack.sockets.connections == 1)
            for number in range(50):
                slack.people.say(CHANNEL, f"message {number}")
            await until(lambda: len(slack.sockets.acks) == 50)
            return [(await next_event(queue))["slack"]["text"] for _ in range(50)]

    assert sorted(asyncio.run(go())) == sorted(f"message {number}" for number in range(50))


def test_without_an_app_token_it_says_so_once_and_stays(slack, monkeypatch, capsys):
    monkeypatch.delenv("SLACK_APP_TOKEN")

    async def go():
        async with source() as (queue, task):
            await asyncio.sleep(0.5)
            return task.done(), queue.empty(), children()

    assert asyncio.run(go()) == (False, True, [])
    out = "".join(capsys.readouterr())
    assert out.count("SLACK_APP_TOKEN") == 1


def test_a_listener_that_cannot_start_does_not_end_the_source(slack, monkeypatch):
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    said = []
    monkeypatch.setattr("fannel.source.chat.log", SimpleNamespace(error=lambda _, **what: said.append(what["reason"])))

    async def go():
        async with source() as (_, task):
            await until(lambda: said)
            await asyncio.sleep(0)
            return task.done()

    assert asyncio.run(go()) is False
    assert said[0].startswith("slack.bot_token: missing")


def test_options_are_refused(slack):
    async def go():
        async with source({"app_token": "xapp-1"}) as (_, task):
            await task

    with pytest.raises(config.ConfigError, match=r"fannel\.network\.slack: app_token"):
        asyncio.run(go())


def test_nothing_is_left_when_it_ends(slack):
    async def go():
        async with source():
            await until(lambda: slack.sockets.connections == 1)
            assert len(children()) == 1
        assert children() == []
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())


def children():
    """The listeners that we started and that are alive."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if b"listen" in words:
                    found.append(int(pid))
    return found
