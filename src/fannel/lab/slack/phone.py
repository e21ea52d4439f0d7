"""What a person can do on the page: write, press a button, choose from a menu. Plain forms, without any script."""

from __future__ import annotations

import html
from importlib import resources
from typing import TYPE_CHECKING, Any

from fannel.lab.slack.mrkdwn import plain
from fannel.lab.slack.people import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.lab.slack.people import People
    from fannel.lab.slack.workspace import Workspace

Json = dict[str, Any]

COMMAND = "/fannel"


def form(channel: str, ts: str, inner: str) -> str:
    """Around a message, so that its buttons say which message they are of."""
    return f'<form method="post" action="/act">{_hidden(channel=channel, ts=ts)}{inner}</form>'


def write_link(channel: str, thread_ts: str = "") -> str:
    """Where to write into a channel or a thread."""
    where = f"channel={html.escape(channel)}" + (f"&amp;thread_ts={html.escape(thread_ts)}" if thread_ts else "")
    return f'<a class="write" href="/write?{where}">{"Reply" if thread_ts else "Write a message"}</a>'


def writing(workspace: Workspace, given: Mapping[str, str]) -> str:
    """The page to write on. What begins with /fannel is a command.

    Raises:
        Refusal: there is no such channel.
    """
    channel = workspace.channel(given.get("channel"), by_name=True, member=False)
    hidden = _hidden(channel=channel.id, thread_ts=given.get("thread_ts", ""))
    where = f"in a thread of # {plain(channel.name)}" if given.get("thread_ts") else f"# {plain(channel.name)}"
    box = f'<textarea name="text" rows="4" autofocus placeholder="silence rt-tyo-01 2h card swap, or {COMMAND} help">'
    return _page(where, f'{hidden}{box}</textarea><div class="actions"><button>Send</button></div>')


def choosing(workspace: Workspace, given: Mapping[str, str]) -> str:
    """The page to choose from a message's menu on.

    Raises:
        Refusal: there is no such channel, or message.
    """
    channel = workspace.channel(given.get("channel"), member=False)
    message = workspace.message(channel, given.get("ts"))
    action = given.get("press", "")
    hidden = _hidden(channel=channel.id, ts=str(message["ts"]), press=action)
    choices = "".join(
        f'<button name="value" value="{html.escape(value)}">{plain(label)}</button>'
        for value, label in options(message, action)
    )
    return _page("Choose", f'{hidden}<div class="actions">{choices}</div>')


def act(people: People, given: Mapping[str, str]) -> None:
    """Do what was sent.

    Raises:
        KeyError, ValueError, Refusal: what is missing or wrong.
    """
    channel = given["channel"]
    if "press" in given:
        action, _, value = given["press"].partition(" ")
        people.click(channel, given["ts"], action, value=given.get("value") or value or None)
        return
    text, thread_ts = given["text"].strip(), given.get("thread_ts") or None
    if text.startswith(COMMAND) and thread_ts is None:
        people.slash(channel, text.removeprefix(COMMAND).strip())
    elif text:
        people.say(channel, text, thread_ts=thread_ts)


def _page(title: str, inner: str) -> str:
    style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Slack stand-in</title>'
        f'<style>{style}</style></head><body><main><header><a class="back" href="/">‹</a><div><b>{title}</b>'
        "<small>FANNEL lab · stand-in for Slack</small></div></header>"
        f'<section><form class="sheet" method="post" action="/act">{inner}</form></section></main></body></html>'
    )


def _hidden(**values: str) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in values.items()
    )
