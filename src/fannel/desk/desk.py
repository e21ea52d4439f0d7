"""Who deals with what was heard in Slack: each message, button and command goes to the part of the desk it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.desk.clicks import Clicks
from fannel.desk.commands import Commands
from fannel.desk.confirmations import Confirmations
from fannel.desk.giving_up import GivingUp
from fannel.desk.hearing import Hearing
from fannel.desk.hosts import Hosts
from fannel.desk.office import Office
from fannel.desk.people import People
from fannel.desk.permission import Permission
from fannel.desk.queries import Queries
from fannel.desk.requests import Requests
from fannel.desk.wishes import Wishes
from fannel.slack.layout.requests import CONFIRM

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.incidents.store import Store
    from fannel.slack.client import SlackClient
    from fannel.slack.inbound.heard import Click, Command, Heard, Message


class Desk:
    """One desk a process; its methods are called from any thread (fannel.slack.inbound.heard.Desk)."""

    def __init__(self, settings: Settings, store: Store, client: SlackClient, now: Callable[[], datetime]) -> None:
        permission = Permission(settings, client, now)
        self._hosts = hosts = Hosts(settings.pagoda.cache_file)
        office = Office(
            settings=settings,
            store=store,
            client=client,
            hearing=Hearing(store, client, permission),
            people=People(client, settings.site.zone, now),
            permission=permission,
            wishes=Wishes(settings, permission, hosts),
            queries=Queries(settings, store, hosts),
            now=now,
        )
        self._requests = Requests(office)
        self._commands = Commands(office)
        self._confirmations = Confirmations(office)
        self._clicks = Clicks(office)
        self._giving_up = GivingUp(office)

    def said(self, message: Message) -> None:
        """A message, new, edited or deleted."""
        self._hosts.look()
        self._requests.said(message)

    def clicked(self, click: Click) -> None:
        """A button."""
        self._hosts.look()
        if click.action == CONFIRM:
            self._confirmations.clicked(click)
        else:
            self._clicks.clicked(click)

    def commanded(self, command: Command) -> None:
        """A slash command."""
        self._hosts.look()
        self._commands.commanded(command)

    def gave_up(self, heard: Heard) -> None:
        """What none of these could deal with."""
        self._giving_up.say(heard)
