"""The workspace: channels, messages, threads, files and people, as Slack keeps them.

Messages are the JSON objects of the wire. A ts is `seconds.microseconds` as a string, strictly increasing over the
whole workspace, so it is unique and sorts as text. Time comes from an injected clock.
"""

from __future__ import annotations

import copy
import itertools
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from fannel.lab.slack.limits import Limits
from fannel.lab.slack.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = dict[str, Any]

TEAM_ID, APP_ID = "T0FANNEL01", "A0FANNEL01"
BOT_USER, BOT_ID = "U0FANNEL01", "B0FANNEL01"
OPERATOR = "U0OPERATOR"
_CALLS_KEPT = 5000


@dataclass(slots=True)
class Channel:
    """A conversation and what the bot may do in it."""

    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False
    is_private: bool = False

    def to_json(self) -> Json:
        """The channel object of conversations.info."""
        return {**asdict(self), "is_channel": True}


@dataclass(slots=True)
class File:
    """An uploaded file. `shares` maps channel to the messages that show it."""

    id: str
    name: str
    title: str
    content: bytes | None = None
    snippet: bool = False
    shares: dict[str, list[Json]] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The file object, without the content."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "size": len(self.content or b""),
            "mimetype": "text/plain",
            "mode": "snippet" if self.snippet else "hosted",
            "user": BOT_USER,
            "shares": {"public": self.shares} if self.shares else {},
        }


@dataclass(frozen=True, slots=True)
class _Share:
    due: float
    message: Json
    channel: Channel
    thread_ts: str | None


DEFAULT_CHANNELS = (
    Channel("C0ALERTS01", "alerts"),
    Channel("C0OTHER001", "other", is_member=False),
    Channel("C0OLD00001", "old", is_archived=True),
)


class Workspace:
    """Everything the methods read and write."""

    def __init__(
        self,
        clock: Callable[[], float],
        channels: Iterable[Channel] = DEFAULT_CHANNELS,
        *,
        rate_limits: bool = True,
        file_share_delay_s: float | None = 0.0,
    ) -> None:
        self.clock = clock
        self.limits = Limits(clock, enabled=rate_limits)
        # None: the share never happens although the upload was answered ok, as Slack sometimes does.
        self.file_share_delay_s = file_share_delay_s
        self.channels = {channel.id: Channel(**asdict(channel)) for channel in channels}
        self.messages: dict[str, dict[str, Json]] = {channel_id: {} for channel_id in self.channels}
        self.users: dict[str, Json] = {
            BOT_USER: {"id": BOT_USER, "name": "fannel", "real_name": "FANNEL", "is_bot": True, "tz": "UTC"},
            OPERATOR: {"id": OPERATOR, "name": "op", "real_name": "On Call", "is_bot": False, "tz": "Asia/Tokyo"},
        }
        self.groups: dict[str, Json] = {}
        self.files: dict[str, File] = {}
        # What one person alone was shown; no client keeps it.
        self.whispers: deque[Json] = deque(maxlen=_CALLS_KEPT)
        # Who is told of each event of a channel the bot is in (https://docs.slack.dev/reference/events/message).
        self.heard_by: list[Callable[[Json], None]] = []
        self.base_url = ""
        self.calls: deque[tuple[str, Json]] = deque(maxlen=_CALLS_KEPT)
        self._by_client_msg_id: dict[tuple[str, str], str] = {}
        self._shares: list[_Share] = []
        self._last_us = 0
        self._serial = itertools.count(1)

    def next_ts(self) -> str:
        """A fresh ts: the clock's, or one microsecond after the last when the clock stands still."""
        self._last_us = max(round(self.clock() * 1_000_000), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """A fresh object id."""
        return f"{prefix}0{next(self._serial):08d}"

    # --- looking up -----------------------------------------------------------------------------------------------

    def channel(self, reference: object, *, by_name: bool = False, member: bool = True, living: bool = True) -> Channel:
        """The channel of this ID (or name, where Slack still takes one), if the bot may use it.

        Raises:
            Refusal: channel_not_found, is_archived or not_in_channel.
        """
        found = self.channels.get(str(reference))
        if found is None and by_name:
            name = str(reference).removeprefix("#")
            found = next((channel for channel in self.channels.values() if channel.name == name), None)
        if found is None or (found.is_private and not found.is_member):
            raise Refusal("channel_not_found")
        if living and found.is_archived:
            raise Refusal("is_archived")
        if member and not found.is_member:
            raise Refusal("not_in_channel")
        return found

    def message(self, channel: Channel, ts: object, code: str = "message_not_found") -> Json:
        """The message at `ts`; a number is not a ts.

        Raises:
            Refusal: with `code`.
        """
        found = self.messages[channel.id].get(ts) if isinstance(ts, str) else None
        if found is None:
            raise Refusal(code)
        return found

    def listed(self, channel: Channel) -> list[Json]:
        """The messages of a channel, thread or not, as they are at this moment: tests add some from other threads."""
        return list(self.messages[channel.id].values())

    def repeated(self, channel: Channel, client_msg_id: object) -> Json | None:
        """The message already posted to the channel under this client_msg_id."""
        ts = self._by_client_msg_id.get((channel.id, str(client_msg_id)))
        return self.messages[channel.id].get(ts) if ts is not None else None

    # --- changing -------------------------------------------------------------------------------------------------

    def add(
        self,
        channel: Channel,
        message: Json,
        *,
        thread_ts: object = None,
        broadcast: bool = False,
        client_msg_id: object = None,
    ) -> Json:
        """Store `message`, in the thread of `thread_ts` if that message exists.

        If it does not, Slack answers ok all the same and the message stands alone: no `thread_ts`
        (slack-go/slack#1571).
        """
        message = {"type": "message", "ts": self.next_ts(), "team": TEAM_ID, **message}
        if client_msg_id is not None:
            message["client_msg_id"] = str(client_msg_id)
            self._by_client_msg_id[channel.id, str(client_msg_id)] = message["ts"]
        parent = self.messages[channel.id].get(thread_ts) if isinstance(thread_ts, str) else None
        if parent is not None:
            # A reply to a reply goes under the root.
            root = self.messages[channel.id].get(str(parent.get("thread_ts", parent["ts"])), parent)
            self._reply(root, message, broadcast=broadcast)
        self.messages[channel.id][message["ts"]] = message
        self._tell(channel, message)
        return message

    def _reply(self, root: Json, message: Json, *, broadcast: bool) -> None:
        root["thread_ts"] = root["ts"]
        root["reply_count"] = root.get("reply_count", 0) + 1
        root["latest_reply"] = message["ts"]
        repliers = root.setdefault("reply_users", [])
        if message["user"] not in repliers:
            repliers.append(message["user"])
        root["reply_users_count"] = len(repliers)
        message["thread_ts"], message["parent_user_id"] = root["ts"], root["user"]
        if broadcast:
            message["subtype"] = "thread_broadcast"
            message["root"] = {key: root[key] for key in ("ts", "text", "user")}

    def edit(self, channel: Channel, message: Json, changed: Json, *, user: str | None = None) -> Json:
        """Change a message; what is None goes. When that was is told in whole seconds."""
        before = copy.deepcopy(message)
        message.update(changed)
        for key in [key for key, value in changed.items() if value is None]:
            del message[key]
        message["edited"] = {"user": user or message.get("user"), "ts": f"{int(self.clock())}.000000"}
        self._tell_changed(channel, message, before)
        return message

    def delete(self, channel: Channel, ts: str) -> None:
        """Remove a message; one with replies leaves a tombstone, or its thread would have no head."""
        message = self.messages[channel.id][ts]
        before = copy.deepcopy(message)
        if not message.get("reply_count"):
            del self.messages[channel.id][ts]
            root = self.messages[channel.id].get(str(message.get("thread_ts")))
            if root is not None:
                root["reply_count"] -= 1
            deleted = {"subtype": "message_deleted", "hidden": True, "deleted_ts": ts, "previous_message": before}
            self._tell(channel, {"type": "message", "ts": self.next_ts(), **deleted})
            return
        for key in ("blocks", "attachments", "metadata", "files", "bot_id"):
            message.pop(key, None)
        message.update(subtype="tombstone", text="This message was deleted.", hidden=True)
        self._tell_changed(channel, message, before)

    def whisper(self, channel: Channel, user: str, message: Json) -> str:
        """Show a message to one person."""
        ts = self.next_ts()
        self.whispers.append({"channel": channel.id, "to": user, "ts": ts, **message})
        return ts

    def _tell_changed(self, channel: Channel, message: Json, before: Json) -> None:
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": self.next_ts()}
        self._tell(channel, {**event, "message": message, "previous_message": before})

    def _tell(self, channel: Channel, event: Json) -> None:
        if channel.is_member:
            kind = "group" if channel.is_private else "channel"
            about = {"channel": channel.id, "channel_type": kind, "event_ts": event["ts"]}
            told = copy.deepcopy({**event, **about})
            for listener in self.heard_by:
                listener(told)

    def say(self, channel: Channel, text: str, *, user: str = OPERATOR, thread_ts: str | None = None) -> Json:
        """A person writes."""
        return self.add(channel, {"user": user, "text": text}, thread_ts=thread_ts)

    def share(self, channel: Channel, files: list[File], comment: str, thread_ts: str | None) -> None:
        """Show files in the channel, now or when the delay is over, or never."""
        if self.file_share_delay_s is None:
            return
        message = {"subtype": "file_share", "user": BOT_USER, "bot_id": BOT_ID, "text": comment, "upload": True}
        message["files"] = [file.id for file in files]
        self._shares.append(_Share(self.clock() + self.file_share_delay_s, message, channel, thread_ts))
        self.settle()

    def settle(self) -> None:
        """Let happen what was due by now: shares are asynchronous."""
        now = self.clock()
        for share in [share for share in self._shares if share.due <= now]:
            self._shares.remove(share)
            files = [self.files[file_id] for file_id in share.message["files"]]
            message = self.add(
                share.channel, {**share.message, "files": [f.to_json() for f in files]}, thread_ts=share.thread_ts
            )
            seen = {"ts": message["ts"], "thread_ts": message.get("thread_ts")}
            for file in files:
                file.shares.setdefault(share.channel.id, []).append(seen)

    def to_json(self) -> Json:
        """The state, for tests and for people."""
        return {
            "channels": [channel.to_json() for channel in self.channels.values()],
            "messages": {channel_id: list(messages.values()) for channel_id, messages in self.messages.items()},
            "files": [
                {**file.to_json(), "content": (file.content or b"").decode(errors="replace")}
                for file in self.files.values()
            ],
            "whispers": list(self.whispers),
            "calls": [{"method": method, "arguments": arguments} for method, arguments in self.calls],
        }
