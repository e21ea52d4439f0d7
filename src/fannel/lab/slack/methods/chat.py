"""chat.*: posting, editing, deleting."""

from __future__ import annotations

from fannel.lab.slack import blocks
from fannel.lab.slack.methods.registry import Json, flag, method
from fannel.lab.slack.refusal import Refusal
from fannel.lab.slack.workspace import APP_ID, BOT_ID, BOT_USER, Workspace

POST_TEXT, UPDATE_TEXT = 40_000, 4_000


@method("chat.postMessage")
def post_message(workspace: Workspace, arguments: Json) -> Json:
    """Post; too long a text is cut with a warning, a known client_msg_id answers with the first message."""
    channel = workspace.channel(arguments.get("channel"), by_name=True)
    workspace.limits.post(channel.id)
    blocks.check_message(arguments)
    text = str(arguments.get("text") or "")
    if not text.strip() and not arguments.get("blocks") and not arguments.get("attachments"):
        raise Refusal("no_text")
    client_msg_id = arguments.get("client_msg_id")
    if client_msg_id and (earlier := workspace.repeated(channel, client_msg_id)):
        return {"channel": channel.id, "ts": earlier["ts"], "message": earlier, "is_duplicate": True}
    warned: Json = {}
    if len(text) > POST_TEXT:
        text = text[:POST_TEXT]
        warned = {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    message: Json = {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "text": text}
    message |= {key: arguments[key] for key in ("blocks", "attachments", "metadata") if arguments.get(key)}
    _number_attachments(message)
    stored = workspace.add(
        channel,
        message,
        thread_ts=arguments.get("thread_ts"),
        broadcast=flag(arguments, "reply_broadcast"),
        client_msg_id=client_msg_id,
    )
    return {"channel": channel.id, "ts": stored["ts"], "message": stored, **warned}


@method("chat.update")
def update(workspace: Workspace, arguments: Json) -> Json:
    """Edit an own message. A channel's name will not do; metadata left out stays, blocks left out go."""
    channel = workspace.channel(arguments.get("channel"))
    message = workspace.message(channel, arguments.get("ts"))
    if message.get("subtype") == "tombstone":
        raise Refusal("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise Refusal("cant_update_message")
    blocks.check_message(arguments)
    text = str(arguments.get("text") or "")
    if len(text) > UPDATE_TEXT:
        raise Refusal("msg_too_long")
    if not text and not arguments.get("blocks") and not arguments.get("attachments"):
        raise Refusal("no_text")
    if _is_rich(message) and arguments.get("blocks") and not _is_rich(arguments):
        raise Refusal("block_mismatch")
    changed = {key: arguments.get(key) or None for key in ("blocks", "attachments")}
    if arguments.get("metadata") is not None:
        changed["metadata"] = arguments["metadata"]
    _number_attachments(changed)
    workspace.edit(channel, message, {"text": text, **changed}, user=BOT_USER)
    return {"channel": channel.id, "ts": message["ts"], "text": text, "message": message}


@method("chat.postEphemeral")
def post_ephemeral(workspace: Workspace, arguments: Json) -> Json:
    """Show a message to one person."""
    channel = workspace.channel(arguments.get("channel"), by_name=True)
    if str(arguments.get("user")) not in workspace.users:
        raise Refusal("user_not_in_channel")
    blocks.check_message(arguments)
    if not str(arguments.get("text") or "").strip() and not arguments.get("blocks"):
        raise Refusal("no_text")
    shown = {key: arguments[key] for key in ("text", "blocks", "attachments", "thread_ts") if arguments.get(key)}
    return {"message_ts": workspace.whisper(channel, str(arguments["user"]), shown)}


@method("chat.delete")
def delete(workspace: Workspace, arguments: Json) -> Json:
    """Delete an own message."""
    channel = workspace.channel(arguments.get("channel"))
    message = workspace.message(channel, arguments.get("ts"))
    if message.get("bot_id") != BOT_ID:
        raise Refusal("cant_delete_message")
    workspace.delete(channel, message["ts"])
    return {"channel": channel.id, "ts": message["ts"]}


@method("chat.getPermalink")
def permalink(workspace: Workspace, arguments: Json) -> Json:
    """Where a message can be read."""
    channel = workspace.channel(arguments.get("channel"), member=False, living=False)
    message = workspace.message(channel, arguments.get("message_ts"))
    digits = message["ts"].replace(".", "")
    return {"channel": channel.id, "permalink": f"{workspace.base_url}/archives/{channel.id}/p{digits}"}


def _is_rich(message: Json) -> bool:
    return any(block.get("type") == "rich_text" for block in message.get("blocks") or ())


def _number_attachments(message: Json) -> None:
    for index, attachment in enumerate(message.get("attachments") or (), 1):
        attachment.setdefault("id", index)
        attachment.setdefault("fallback", "[no preview available]")
