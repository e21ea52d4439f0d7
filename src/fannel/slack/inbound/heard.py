"""What was heard in Slack, as FANNEL's own records: whether it came by Socket Mode or was found in the history.

Everything in them is as a person, or somebody's program, wrote it: hostile, and not yet escaped for anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        return f"{self.about}:{'deleted' if self.deleted else self._edit}"

    @property
    def about(self) -> str:
        """The message itself, whatever it says by now."""
        return f"{self.channel}:{self.ts}"

    @property
    def rank(self) -> str:
        """The later the higher, among what is heard of one message (in the order of any database)."""
        return "z" if self.deleted else self.edited_ts or ""

    @property
    def _edit(self) -> str:
        if self.edited_ts is None:
            return ""
        # Slack tells edits to the second, and one person makes two of them in one.
        return f"{self.edited_ts}:{hashlib.sha256(self.text.encode('utf-8', 'replace')).hexdigest()[:8]}"


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
    """`/fannel TEXT`. Heard once at most: a command that was sent while nobody listened is Slack's to refuse.

    `heard_at` is when, in ISO 8601: after an outage of ours that may be a while ago. No two have one `response_url`.
    """

    user: str
    channel: str
    text: str
    response_url: str
    heard_at: str | None = None


Heard = Message | Click | Command
_KINDS: Mapping[str, type[Heard]] = {"message": Message, "click": Click, "command": Command}


def to_json(heard: Heard) -> tuple[str, dict[str, Any]]:
    """Its kind and its facts, to be kept."""
    kind = next(kind for kind, type_ in _KINDS.items() if isinstance(heard, type_))
    return kind, {key: value for key, value in asdict(heard).items() if value is not None}


def from_json(kind: str, facts: Mapping[str, Any]) -> Heard:
    """What `to_json` was given."""
    return _KINDS[kind](**facts)


class Desk(Protocol):
    """Who deals with what was heard, in a thread of its own: it may use the database and Slack, and take its time.

    Each is heard at least once; the desk does it exactly once. What it raises is counted and logged, and the same is
    heard again a little later: five times at most or, while the database or Slack is away, until that is over. Of a
    message that was edited meanwhile only the newest text is heard.
    """

    def said(self, message: Message) -> None:
        """A message, new, edited or deleted."""

    def clicked(self, click: Click) -> None:
        """A button. It has been acknowledged."""

    def commanded(self, command: Command) -> None:
        """A slash command. It has been acknowledged, with nothing said yet."""

    def gave_up(self, heard: Heard) -> None:
        """What was tried often enough; its maker is to know."""
