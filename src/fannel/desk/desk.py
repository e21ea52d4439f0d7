"""Who deals with what was heard in Slack: each message, button and command goes to the part of the desk it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.desk.clicks import Clicks
from fannel.desk.people import People
from fannel.desk.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.incidents.store import Store
    from fannel.slack.client import SlackClient
    from fannel.slack.inbound.heard import Click, Command, Message


class Desk:
    """One desk a process; its methods are called from any thread (fannel.slack.inbound.heard.Desk)."""

    def __init__(self, settings: Settings, store: Store, client: SlackClient, now: Callable[[], datetime]) -> None:
        self._permission = Permission(settings, client, now)
        self._people = People(client, settings.site.zone, now)
        self._clicks = Clicks(settings, store, client, self._people, self._permission, now)

    def said(self, message: Message) -> None:
        """A message, new, edited or deleted."""

    def clicked(self, click: Click) -> None:
        """A button."""
        self._clicks.clicked(click)

    def commanded(self, command: Command) -> None:
        """A slash command."""
