"""What Slack sends, as FANNEL's records; None for what is nobody's business here. Pure, and never raises.

Not heard: FANNEL itself, bots that are not allowed, joins and topics and other remarks of Slack's own, and channels
nobody named, unless FANNEL is mentioned there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fannel.slack.inbound.heard import Click, Command, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.slack.client import Me

_TS = re.compile(r"\d{1,12}\.\d{1,6}\Z", re.ASCII)
_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}\Z")
# https://docs.slack.dev/reference/events/message#subtypes: what people write; the others are Slack's own remarks.
_WRITTEN = (None, "thread_broadcast", "file_share", "bot_message", "me_message")
_LONGEST_TEXT = 40_000
_LONGEST_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Ears:
    """Where and whom to listen to."""

    me: Me
    channels: frozenset[str]
    bots: frozenset[str] = frozenset()

    def event(self, payload: Mapping[str, Any]) -> Message | None:
        """What an `event_callback` of the Events API says that somebody wrote, changed or deleted."""
        event = _object(payload, "event")
        if event.get("type") != "message":
            return None
        channel = event.get("channel")
        match event.get("subtype"):
            case "message_changed":
                return self.message(channel, _object(event, "message"), before=_object(event, "previous_message"))
            case "message_deleted":
                before = _object(event, "previous_message")
                return self.message(channel, {**before, "ts": event.get("deleted_ts")}, deleted=True)
        return self.message(channel, event)

    def message(
        self,
        channel: object,
        said: Mapping[str, Any],
        *,
        before: Mapping[str, Any] | None = None,
        deleted: bool = False,
    ) -> Message | None:
        """A message of an event or of the history, as it is now."""
        ts, user, bot_id, text = said.get("ts"), said.get("user"), said.get("bot_id"), said.get("text")
        before = before or {}
        if said.get("subtype") == "tombstone":
            # Deleted, with replies: the text is gone, and Slack's own name stands where its writer's was.
            deleted, text = True, before.get("text")
            user, bot_id = before.get("user") or said.get("user"), before.get("bot_id")
        elif said.get("subtype") not in _WRITTEN:
            return None
        if not _is_id(channel) or not is_ts(ts) or not self._listens_to(user, bot_id):
            return None
        text = text[:_LONGEST_TEXT] if isinstance(text, str) else ""
        if channel not in self.channels and not self._is_mentioned(text, before.get("text")):
            return None
        edited_ts = _object(said, "edited").get("ts")
        thread_ts = said.get("thread_ts")
        return Message(
            channel=str(channel),
            ts=str(ts),
            user=str(user) if _is_id(user) else "",
            text=text,
            thread_ts=str(thread_ts) if is_ts(thread_ts) and thread_ts != ts else None,
            edited_ts=str(edited_ts) if is_ts(edited_ts) else None,
            bot_id=bot_id if isinstance(bot_id, str) else None,
            deleted=deleted,
        )

    def _listens_to(self, user: object, bot_id: object) -> bool:
        if user == self.me.user_id or (bot_id is not None and bot_id == self.me.bot_id):
            return False
        return _is_id(user) if bot_id is None else _is_id(bot_id) and bot_id in self.bots

    def _is_mentioned(self, *texts: object) -> bool:
        mention = f"<@{self.me.user_id}"
        return any(isinstance(text, str) and mention in text for text in texts)


def click(payload: Mapping[str, Any]) -> Click | None:
    """A button that was pressed, or an option that was chosen; None where it is none of FANNEL's."""
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    container = _object(payload, "container")
    user, channel = _object(payload, "user").get("id"), _object(payload, "channel").get("id")
    channel = channel or container.get("channel_id")
    message_ts, action_ts, name = container.get("message_ts"), action.get("action_ts"), action.get("action_id")
    if payload.get("type") != "block_actions" or not isinstance(name, str) or not name.startswith("fannel."):
        return None
    if not (_is_id(user) and _is_id(channel) and is_ts(message_ts) and is_ts(action_ts)):
        return None
    value = action.get("value", _object(action, "selected_option").get("value"))
    thread_ts = container.get("thread_ts") or _object(payload, "message").get("thread_ts")
    url = payload.get("response_url")
    return Click(
        user=str(user),
        channel=str(channel),
        message_ts=str(message_ts),
        action=name[:255],
        value=value[:_LONGEST_VALUE] if isinstance(value, str) else "",
        action_ts=str(action_ts),
        response_url=url if isinstance(url, str) else "",
        thread_ts=str(thread_ts) if is_ts(thread_ts) and thread_ts != message_ts else None,
    )


def command(payload: Mapping[str, Any], heard_at: str) -> Command | None:
    """A slash command."""
    user, channel, text = payload.get("user_id"), payload.get("channel_id"), payload.get("text")
    url = payload.get("response_url")
    if not (_is_id(user) and _is_id(channel)):
        return None
    return Command(
        user=str(user),
        channel=str(channel),
        text=text[:_LONGEST_TEXT] if isinstance(text, str) else "",
        response_url=url if isinstance(url, str) else "",
        heard_at=heard_at,
    )


def _object(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def is_ts(value: object) -> bool:
    """Whether Slack could have named a message so."""
    return isinstance(value, str) and _TS.match(value) is not None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.match(value) is not None
