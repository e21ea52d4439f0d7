"""What was heard in Slack, as FANNEL's own records: whether it came by Socket Mode or was found in the history.

Everything in them is as a person, or somebody's program, wrote it: hostile, and not yet escaped for anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is now. `ts` names it (a string, always); `edited_ts` is absent until it is edited.

    A deleted one has `deleted` and, where Slack told it, the text that it had.
    """

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    edited_ts: str | None = None
    bot_id: str | None = None
    deleted: bool = False

    @property
    def key(self) -> str:
        """The same for the same text of the same message, whichever way it came."""
        return f"{self.channel}:{self.ts}:{'deleted' if self.deleted else self.edited_ts or ''}"


@dataclass(frozen=True, slots=True)
class Click:
    """A button of a message of ours. `value` is what we put there, `action` its action_id (`fannel.…`)."""

    user: str
    channel: str
    message_ts: str
    action: str
    value: str
    action_ts: str
    response_url: str
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """`/fannel TEXT`. Heard once at most: a command that was sent while nobody listened is Slack's to refuse."""

    user: str
    channel: str
    text: str
    response_url: str


class Desk(Protocol):
    """Who deals with what was heard, in a thread of its own: it may use the database and Slack, and take its time.

    Each is heard at least once; the desk does it exactly once. What it raises is counted and logged, and the same
    message is heard again at the next look into the history.
    """

    def said(self, message: Message) -> None:
        """A message, new, edited or deleted."""

    def clicked(self, click: Click) -> None:
        """A button. It has been acknowledged."""

    def commanded(self, command: Command) -> None:
        """A slash command. It has been acknowledged, with nothing said yet."""
