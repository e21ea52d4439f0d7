"""conversations.*: channels, their history, threads."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from fannel.lab.slack.methods.registry import Json, flag, method
from fannel.lab.slack.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.lab.slack.workspace import Workspace

_TS = re.compile(r"\d{1,12}(\.\d{1,6})?\Z")
_CURSOR = "next:"


@method("conversations.info")
def info(workspace: Workspace, arguments: Json) -> Json:
    """One channel, whether or not the bot is in it."""
    return {"channel": workspace.channel(arguments.get("channel"), member=False, living=False).to_json()}


@method("conversations.list")
def list_(workspace: Workspace, arguments: Json) -> Json:
    """All channels, in pages."""
    found = [channel.to_json() for channel in workspace.channels.values()]
    page, cursor = _page(found, arguments, 100)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join")
def join(workspace: Workspace, arguments: Json) -> Json:
    """Join a public channel; twice is a warning."""
    channel = workspace.channel(arguments.get("channel"), member=False)
    already, channel.is_member = channel.is_member, True
    warned = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"channel": channel.to_json(), **(warned if already else {})}


@method("conversations.history")
def history(workspace: Workspace, arguments: Json) -> Json:
    """Newest first; of threads only the parents and what was broadcast."""
    channel = workspace.channel(arguments.get("channel"), living=False)
    shown = [
        message
        for message in workspace.listed(channel)
        if message.get("thread_ts") in (None, message["ts"]) or message.get("subtype") == "thread_broadcast"
    ]
    shown.sort(key=lambda message: message["ts"], reverse=True)
    page, cursor = _page(_window(shown, arguments), arguments, 999)
    return _answer(page, cursor, arguments)


@method("conversations.replies")
def replies(workspace: Workspace, arguments: Json) -> Json:
    """The parent, then its replies, oldest first."""
    channel = workspace.channel(arguments.get("channel"), living=False)
    message = workspace.message(channel, arguments.get("ts"), "thread_not_found")
    root = message.get("thread_ts", message["ts"])
    thread = [one for one in workspace.listed(channel) if one.get("thread_ts") == root != one["ts"]]
    thread.sort(key=lambda one: one["ts"])
    head = workspace.message(channel, root, "thread_not_found")
    page, cursor = _page([head, *_window(thread, arguments)], arguments, 1000)
    return _answer(page, cursor, arguments)


def _answer(page: list[Json], cursor: str, arguments: Json) -> Json:
    metadata = flag(arguments, "include_all_metadata")
    shown = [{key: value for key, value in one.items() if metadata or key != "metadata"} for one in page]
    return {"messages": shown, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _window(messages: Iterable[Json], arguments: Json) -> list[Json]:
    oldest, latest = _bound(arguments, "oldest"), _bound(arguments, "latest")
    inclusive = flag(arguments, "inclusive")

    def inside(message: Json) -> bool:
        ts = float(message["ts"])
        after = oldest is None or ts > oldest or (inclusive and ts == oldest)
        return after and (latest is None or ts < latest or (inclusive and ts == latest))

    return [message for message in messages if inside(message)]


def _bound(arguments: Json, name: str) -> float | None:
    given = arguments.get(name)
    if given in (None, "", 0, "0"):
        return None
    if not _TS.match(str(given)):
        raise Refusal(f"invalid_ts_{name}")
    return float(given)


def _page(items: list[Json], arguments: Json, most: int) -> tuple[list[Json], str]:
    """One page and the cursor of the next (empty: none). Cursors are opaque, so they are not plain numbers."""
    try:
        limit = min(max(int(arguments.get("limit") or 100), 1), most)
    except ValueError:
        raise Refusal("invalid_limit") from None
    start = 0
    if cursor := arguments.get("cursor"):
        try:
            start = int(base64.b64decode(str(cursor), validate=True).decode().removeprefix(_CURSOR))
        except ValueError:  # also binascii.Error and UnicodeDecodeError
            raise Refusal("invalid_cursor") from None
    end = start + limit
    following = base64.b64encode(f"{_CURSOR}{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], following
