"""The workspace as a phone shows it: one column, every thread open beneath its parent.

Rendered on the server and refreshed by the browser; no script, no asset from elsewhere. The style sheet stands beside
this file.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

from fannel.lab.slack.elements import body, file_card
from fannel.lab.slack.mrkdwn import Reader, plain
from fannel.lab.slack.phone import form, write_link
from fannel.lab.slack.workspace import BOT_ID, BOT_USER, Channel, Workspace

if TYPE_CHECKING:
    from datetime import tzinfo

Json = dict[str, Any]

# A funnel, drawn so that the page needs no image from anywhere.
_BOT_FACE = (
    '<svg viewBox="0 0 36 36"><path d="M8 11h20M12 18h12M16 25h4" stroke="#fff" stroke-width="3.2" '
    'stroke-linecap="round" fill="none"/></svg>'
)

# Reactions by the names Slack gives them; one without a picture here is shown by its name.
_PICTURES = {
    "no_bell": "🔕",
    "bell": "🔔",
    "x": "❌",
    "eyes": "👀",
    "white_check_mark": "✅",
    "hourglass_flowing_sand": "⏳",
}


def render(workspace: Workspace, *, zone: tzinfo, channel: str | None = None, refresh_s: int = 2) -> str:
    """The page as HTML. `channel` (id or name) shows that one alone; `refresh_s` 0 leaves the page still."""
    names = {user_id: str(user.get("real_name", user_id)) for user_id, user in workspace.users.items()}
    names |= {one.id: one.name for one in workspace.channels.values()}
    reader = Reader(zone, workspace.clock(), names)
    wanted = [one for one in workspace.channels.values() if channel in (None, one.id, one.name)]
    spoken = [one for one in wanted if workspace.messages[one.id]] or wanted[:1]
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s > 0 else ""
    style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{refresh}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>Slack stand-in</title>'
        f"<style>{style}</style></head><body><main>"
        f"{''.join(_channel(workspace, one, reader) for one in spoken)}</main></body></html>"
    )


def _channel(workspace: Workspace, channel: Channel, reader: Reader) -> str:
    whispers = [one for one in list(workspace.whispers) if one["channel"] == channel.id]
    shown = [*workspace.listed(channel), *({"user": BOT_USER, "bot_id": BOT_ID, **one} for one in whispers)]
    messages = sorted(shown, key=lambda message: str(message["ts"]))
    out, day = [], ""
    for message in messages:
        if message.get("thread_ts") not in (None, message["ts"]):
            continue
        if (this_day := _day(message, reader)) != day:
            day = this_day
            out.append(f'<div class="day"><span>{day}</span></div>')
        out.append(_message(workspace, channel, message, reader))
        thread = [one for one in messages if one.get("thread_ts") == message["ts"] != one["ts"]]
        if thread:
            count = f"{len(thread)} {'reply' if len(thread) == 1 else 'replies'}"
            replies = "".join(_message(workspace, channel, one, reader) for one in thread)
            reply = write_link(channel.id, str(message["ts"]))
            out.append(f'<div class="thread"><div class="count">{count} · {reply}</div>{replies}</div>')
    content = "".join(out) or '<div class="empty">Nothing was posted yet.</div>'
    return (
        f'<header><span class="back">‹</span><div><b># {html.escape(channel.name)}</b>'
        f"<small>FANNEL lab · stand-in for Slack</small></div>{write_link(channel.id)}</header>"
        f"<section>{content}</section>"
    )


def _message(workspace: Workspace, channel: Channel, message: Json, reader: Reader) -> str:
    is_bot = message.get("bot_id") == BOT_ID
    name = reader.names.get(str(message.get("user")), "Somebody")
    face = _BOT_FACE if is_bot else html.escape(name[:1])
    badge = '<span class="app">APP</span>' if is_bot else ""
    gone = message.get("subtype") == "tombstone"
    said = (
        f'<p class="gone">{plain(str(message["text"]))}</p>'
        if gone
        else form(channel.id, str(message["ts"]), body(message, reader))
    )
    marks = []
    if message.get("edited"):
        marks.append('<span class="edited">(edited)</span>')
    if "to" in message:
        marks.append(f'<span class="broadcast">Only visible to {plain(reader.names.get(message["to"], "them"))}</span>')
    if message.get("subtype") == "thread_broadcast":
        marks.append('<span class="broadcast">↑ Also sent to the channel</span>')
    files = (workspace.files.get(str(file.get("id"))) for file in message.get("files") or ())
    cards = "".join(file_card(file) for file in files if file is not None)
    reactions = "".join(
        f'<span class="reaction">{_picture(one["name"])} {one["count"]}</span>'
        for one in message.get("reactions") or ()
    )
    return (
        f'<article><div class="face{" bot" if is_bot else ""}">{face}</div><div class="said"><div class="who">'
        f"<b>{html.escape(name)}</b>{badge}<time>{_time(message, reader)}</time></div>"
        f"{said}{''.join(marks)}{cards}{reactions}</div></article>"
    )


def _moment(message: Json, reader: Reader) -> datetime:
    return datetime.fromtimestamp(float(message["ts"]), UTC).astimezone(reader.zone)


def _time(message: Json, reader: Reader) -> str:
    return f"{_moment(message, reader):%H:%M}"


def _day(message: Json, reader: Reader) -> str:
    moment = _moment(message, reader)
    return f"{moment:%A}, {moment:%B} {moment.day}"


def _picture(name: str) -> str:
    return _PICTURES.get(name) or f":{html.escape(name)}:"
