"""What was heard in Slack, as an event that rules may react to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

from fannel.event import Event, Host, Source, Subject
from fannel.slack import text
from fannel.slack.inbound.heard import Click, Message

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Json
    from fannel.slack.inbound.heard import Heard

# Rules pay for every octet; nobody matches on the end of a longer one.
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Named:
    """How Slack shows a person and a channel, where it tells."""

    user: str | None = None
    channel: str | None = None


def chat_event(heard: Heard, heard_at: datetime, named: Named) -> Event:
    """`chat_message`, `chat_click` or `chat_command`; it is about no device, and no fault begins or ends with it."""
    kind, facts = _told(heard)
    names = {"channel_name": named.channel, "user_name": named.user}
    chat = {"channel": heard.channel, "user": heard.user, **names, **facts}
    return Event(
        id=str(ULID.from_timestamp(heard_at.timestamp())),
        received_at=heard_at,
        via="slack",
        kind=kind,
        problem=kind,
        phase="info",
        severity="info",
        host=Host(name="slack", known=False),
        subject=Subject(type="channel", name=named.channel or heard.channel),
        source=Source(address="slack"),
        slack={key: value for key, value in chat.items() if value is not None},
    )


def _told(heard: Heard) -> tuple[str, Json]:
    if isinstance(heard, Message):
        return "chat_message", {
            "text": text.cut(heard.text, LONGEST_TEXT),
            "ts": heard.ts,
            "thread_ts": heard.thread_ts,
            "bot_id": heard.bot_id,
            "edited": True if heard.edited_ts is not None else None,
            "deleted": True if heard.deleted else None,
        }
    if isinstance(heard, Click):
        return "chat_click", {
            "action": heard.action,
            "value": text.cut(heard.value, LONGEST_TEXT),
            "ts": heard.message_ts,
            "thread_ts": heard.thread_ts,
        }
    return "chat_command", {"text": text.cut(heard.text, LONGEST_TEXT)}
