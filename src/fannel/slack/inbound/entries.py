"""What was heard, as an entry of the inbox: under a key that it has whichever way and however often it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.incidents.store.inbox import Entry
from fannel.slack.inbound.heard import Click, Heard, Message, to_json

if TYPE_CHECKING:
    from datetime import datetime


def entry_of(heard: Heard, at: datetime, name: str = "") -> Entry:
    """`name` tells a command from the same one typed again: Slack's id of it."""
    kind, facts = to_json(heard)
    about = rank = ""
    if isinstance(heard, Message):
        key, about, rank = heard.key, heard.about, heard.rank
    elif isinstance(heard, Click):
        key = f"{heard.channel}:{heard.message_ts}:{heard.action}:{heard.user}:{heard.action_ts}"
    else:
        key = name
    return Entry(f"{kind}:{key}", kind, facts, at, about, rank)
