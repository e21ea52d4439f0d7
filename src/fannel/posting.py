"""The posts of one incident's thread, wanted in the very transaction that changes the incident; and their outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.incidents.lease import utc_now
from fannel.incidents.store import Post
from fannel.incidents.store.posts import FIRST, OUTPUT
from fannel.slack import layout
from fannel.slack.client import SlackClient
from fannel.slack.outbox import Outbox
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.incidents.incident import Incident
    from fannel.incidents.store import Store
    from fannel.incidents.store.about import About
    from fannel.incidents.store.posts import Kind
    from fannel.slack.layout import Message
    from fannel.slack.layout.outputs import File


class Thread:
    """What is to be said of the incident that `it` is about. A key is wanted once, however often it is asked for."""

    def __init__(self, it: About, settings: Settings, reader: Reader, now: datetime) -> None:
        self._it = it
        self._settings = settings
        self._reader = reader
        self._now = now

    def parent(self) -> None:
        """The first message, as the incident looks now; nothing where there is one."""
        if not self._it.told:
            self._want("parent", self._parent_key, self._looks(), FIRST)

    def update(self, priority: int, key: str) -> None:
        """Bring the first message up to date."""
        self._want("update", key, self._looks(), priority)

    def reply(self, priority: int, key: str, message: Message) -> None:
        """One more message in the thread, which begins with it if there is none; what goes with it as a file after."""
        self.parent()
        self._want("reply", key, message, priority)
        if message.file is not None:
            self._it.want(self._file(f"{key}/file", message.file))

    def edit(self, priority: int, key: str, name: str, message: Message) -> None:
        """Change the reply of that key; `name` is this edit's own."""
        row = post(self._settings, self._now, self._incident.id, "edit", f"{key}/{name}", message, priority)
        self._it.edit(key, row)

    # --- inside -------------------------------------------------------------------------------------------------

    @property
    def _incident(self) -> Incident:
        return self._it.incident

    @property
    def _parent_key(self) -> str:
        return f"{self._incident.id}/parent"

    def _looks(self) -> Message:
        return layout.parent(self._incident, self._parent_key, self._reader, self._it.aside(self._now))

    def _want(self, kind: Kind, key: str, message: Message, priority: int) -> None:
        self._it.want(post(self._settings, self._now, self._incident.id, kind, key, message, priority))

    def _file(self, key: str, file: File) -> Post:
        payload = {
            "filename": file.filename,
            "title": file.title,
            "content": file.content,
            "comment": file.comment,
        }
        return Post(
            key=key,
            incident_id=self._incident.id,
            kind="file",
            channel=self._settings.slack.channel,
            payload=payload,
            wanted_at=self._now,
            priority=OUTPUT,
        )


def reader_of(settings: Settings) -> Reader:
    """Who reads the channel."""
    slack, morning = settings.slack, settings.silences.morning
    return Reader.of(slack.language, settings.readers_zone, clickable=slack.clickable, morning=morning)


def post(
    settings: Settings, now: datetime, incident_id: str | None, kind: Kind, key: str, message: Message, priority: int
) -> Post:
    """A message as a row of the outbox."""
    return Post(
        key=key,
        incident_id=incident_id,
        kind=kind,
        channel=settings.slack.channel,
        payload=message.payload,
        wanted_at=now,
        broadcast=message.broadcast,
        priority=priority,
    )


def open_outbox(settings: Settings, store: Store, now: Callable[[], datetime] = utc_now) -> Outbox | None:
    """The outbox on the configured Slack, or None while no bot token is set."""
    if settings.slack.bot_token is None:
        return None
    client = SlackClient(
        settings.slack.bot_token.get_secret_value(),
        api_url=str(settings.slack.api_url),
        timeout_s=settings.slack.timeout_s,
    )
    return Outbox(store, client, now=now, reader=reader_of(settings), storm_incidents=settings.slack.storm_incidents)
