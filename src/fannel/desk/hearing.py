"""Whether a message is for the desk, and what it is about by where it was said.

In the channels of silences every request is heard; elsewhere where FANNEL is mentioned, and in the thread of an alert,
of a silence, or of a message that asked for something before.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.slack.grammar import Target

if TYPE_CHECKING:
    from fannel.desk.permission import Permission
    from fannel.incidents.incident import Incident
    from fannel.incidents.store import Store
    from fannel.slack.client import Me, SlackClient
    from fannel.slack.inbound.heard import Message


@dataclass(frozen=True, slots=True)
class Heard:
    """A message for the desk. `about` and `under`: what its thread is of. `mentioned`: it names FANNEL."""

    about: Target | None = None
    under: tuple[int, ...] = ()
    mentioned: bool = False


class Hearing:
    """For any thread."""

    def __init__(self, store: Store, client: SlackClient, permission: Permission) -> None:
        self._store = store
        self._client = client
        self._permission = permission
        self._me: Me | None = None
        self._lock = threading.Lock()

    def of(self, message: Message) -> Heard | None:
        """What a message is to the desk; None: nothing.

        Raises:
            SlackError: Slack does not tell now who FANNEL is there.
            StoreError: the database cannot be used.
        """
        if message.bot_id is not None and message.bot_id == self.me().bot_id:
            return None
        about: Target | None = None
        silences: tuple[int, ...] = ()
        here = message.channel in self._permission.silence_channels
        if message.thread_ts is not None and message.thread_ts != message.ts:
            under = self._store.requests.under(message.channel, message.thread_ts)
            if under is not None:
                here, silences = True, under.silences
                incident = self._store.incident(under.incident_id) if under.incident_id else None
                about = about_incident(incident) if incident is not None else None
        mentioned = "<@" in message.text and f"<@{self.me().user_id}" in message.text
        if here or mentioned or self._store.requests.known(message.channel, message.ts):
            return Heard(about, silences, mentioned)
        return None

    def me(self) -> Me:
        """Who FANNEL is in Slack, asked once.

        Raises:
            SlackError: Slack cannot be asked now.
        """
        with self._lock:
            if self._me is None:
                self._me = self._client.auth_test()
            return self._me


def about_incident(incident: Incident) -> Target | None:
    """What a request means in whose thread nothing is named; None where the fault's part of the device has no name."""
    host, subject = incident.host.name, incident.subject
    if subject.type == "interface":
        return Target(host=host, interface=subject.name) if subject.name else None
    if subject.name and subject.name != host:
        return Target(host=host, problem=incident.problem, subject=subject.name)
    return Target(host=host, problem=incident.problem) if subject.type == "device" else None
