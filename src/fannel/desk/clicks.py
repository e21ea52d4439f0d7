"""Buttons of alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel import logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.desk.people import People
    from fannel.desk.permission import Permission
    from fannel.incidents.store import Store
    from fannel.slack.client import SlackClient
    from fannel.slack.inbound.heard import Click

log = logs.Logger("fannel.desk")


class Clicks:
    """Does what a button says. Each click is done once, though it may be heard more often."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        client: SlackClient,
        people: People,
        permission: Permission,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._store = store
        self._client = client
        self._people = people
        self._permission = permission
        self._now = now

    def clicked(self, click: Click) -> None:
        """A button that no other part of the desk knows."""
        log.warning("a button that is not known", action=click.action)
