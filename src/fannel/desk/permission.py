"""Who may: nobody named in the settings is everybody, in the channels of silences and alerts; else whoever is named.

Members of a user group are asked for and remembered for some minutes. Where Slack does not tell, nobody may.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Literal

from fannel import logs
from fannel.slack.errors import SlackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.slack.client import SlackClient
    from fannel.slack.words import Words

Action = Literal["silence", "resume", "extend", "ack", "recheck", "confirm"]

log = logs.Logger("fannel.desk")

REMEMBERED_S: Final = 300.0


class Permission:
    """The rules of `[permissions]`. For any thread."""

    def __init__(self, settings: Settings, client: SlackClient, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._client = client
        self._now = now
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    @property
    def silence_channels(self) -> tuple[str, ...]:
        """Where every request is heard."""
        return self._settings.silences.channels or (self._settings.slack.channel,)

    @property
    def channels(self) -> tuple[str, ...]:
        """Where everybody may, unless somebody is named."""
        own = (*self.silence_channels, self._settings.slack.channel, self._settings.slack.escalate_to)
        return tuple(dict.fromkeys(channel for channel in own if channel))

    def bot_may(self, bot_id: str) -> bool:
        """Whether what this bot writes is a request."""
        return bot_id in self._settings.permissions.bots

    def why_not(self, action: Action, user: str, channel: str, words: Words, *, bot: bool = False) -> str | None:
        """Why this person may not do that there, for whoever reads `words`; None if they may.

        A bot that may ask at all may wherever everybody could.
        """
        named = () if bot else self._named(action)
        if not named:
            if channel in self.channels:
                return None
            there = ", ".join(f"<#{one}>" for one in self.silence_channels)
            return words.silencing.not_here.format(channels=there)
        if user in named:
            return None
        for group in (one for one in named if one.startswith("S")):
            try:
                if user in self._members(group):
                    return None
            except SlackError as error:
                log.warning("slack does not tell who is in a user group", group=group, reason=str(error))
                return words.silencing.cannot_tell.format(group=group, code=error.code)
        return words.silencing.may_not.format(setting=f"permissions.{action}")

    def _named(self, action: Action) -> tuple[str, ...]:
        permissions = self._settings.permissions
        if action == "confirm":
            return permissions.confirm or permissions.silence
        named: tuple[str, ...] = getattr(permissions, action)
        return named

    def _members(self, group: str) -> frozenset[str]:
        now = self._now().timestamp()
        with self._lock:
            known = self._groups.get(group)
        if known is not None and now - known[0] < REMEMBERED_S:
            return known[1]
        users = self._client.call("usergroups.users.list", usergroup=group).get("users")
        members = frozenset(one for one in users if isinstance(one, str)) if isinstance(users, list) else frozenset()
        with self._lock:
            self._groups[group] = (now, members)
        return members
