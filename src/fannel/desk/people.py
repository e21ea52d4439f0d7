"""Who somebody is in Slack: the name that is shown and kept, and the zone that their times are in."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from fannel import logs
from fannel.slack import text
from fannel.slack.errors import OutcomeUnknown, RateLimited, SlackError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from fannel.slack.client import SlackClient

log = logs.Logger("fannel.desk")

REMEMBERED_S: Final = 86_400.0
LONGEST_NAME: Final = 60
_MOST_REMEMBERED: Final = 5000


@dataclass(frozen=True, slots=True)
class Who:
    """A person (or a bot that may ask). `name` is outside text: harmless in a log, not yet escaped for Slack."""

    user: str
    name: str
    zone: tzinfo
    bot: bool = False

    @property
    def author(self) -> str:
        """As silences and history keep them: from chat, so nobody there can be called `cli:root` or `fannel`."""
        return f"slack:{self.name}"


class People:
    """Asks Slack (users.info), once a day for each person. For any thread."""

    def __init__(self, client: SlackClient, zone: tzinfo, now: Callable[[], datetime]) -> None:
        """`zone` is that of people of whom Slack does not tell one."""
        self._client = client
        self._zone = zone
        self._now = now
        self._known: dict[str, tuple[float, Who]] = {}
        self._lock = threading.Lock()

    def who(self, user: str, bot_id: str | None = None) -> Who:
        """The person of this id; a bot is called by its own.

        Raises:
            SlackError: Slack cannot be asked now. What it will not tell (a scope is missing, somebody is unknown there)
                raises nothing: their id is their name then, and their zone the site's.
        """
        if bot_id is not None:
            return Who(user or bot_id, f"bot {bot_id}", self._zone, bot=True)
        now = self._now().timestamp()
        with self._lock:
            known = self._known.get(user)
        if known is not None and now - known[0] < REMEMBERED_S:
            return known[1]
        try:
            found = self._who(user, self._client.call("users.info", user=user).get("user"))
        except (RateLimited, OutcomeUnknown, Unreachable):
            if known is None:
                raise
            return known[1]
        except SlackError as error:
            log.warning("slack does not tell who somebody is", user=user, reason=str(error))
            found = Who(user, user, self._zone)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[user] = (now, found)
        return found

    def _who(self, user: str, said: Any) -> Who:  # noqa: ANN401  (whatever Slack answers)
        said = said if isinstance(said, dict) else {}
        profile = said["profile"] if isinstance(said.get("profile"), dict) else {}
        names = (profile.get("display_name"), profile.get("real_name"), said.get("real_name"), said.get("name"))
        return Who(user, next((name for one in names if (name := _name(one))), user), self._zone_of(said.get("tz")))

    def _zone_of(self, name: object) -> tzinfo:
        try:
            return ZoneInfo(str(name)) if name else self._zone
        except (ValueError, OSError, KeyError):
            return self._zone


def _name(said: object) -> str:
    """A name for the record; of a mail address what stands before the @, since addresses stay in Slack."""
    name = text.one_line(said) if isinstance(said, str) else ""
    head, at, tail = name.partition("@")
    return text.cut(head if at and "." in tail and " " not in tail else name, LONGEST_NAME)
