"""What people are told when the desk itself fails on what they asked for: nobody is left believing that it was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.desk.answering import channel_reader, respond
from fannel.incidents.store.posts import URGENT, Post
from fannel.slack.inbound.heard import Message
from fannel.slack.layout import requests as layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.desk.hearing import Hearing
    from fannel.incidents.store import Store
    from fannel.incidents.store.posts import Kind
    from fannel.slack.blocks import Json
    from fannel.slack.client import SlackClient
    from fannel.slack.inbound.heard import Heard


class GivingUp:
    """For any thread."""

    def __init__(
        self, settings: Settings, store: Store, client: SlackClient, hearing: Hearing, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._store = store
        self._client = client
        self._hearing = hearing
        self._now = now

    def say(self, heard: Heard) -> None:
        """Say that nothing more is done about it: in its thread, or to whoever clicked or typed.

        Raises:
            SlackError, StoreError: it cannot be said now.
        """
        to = channel_reader(self._settings)
        part = layout.refused(to.words.silencing.stumbled, to)
        if not isinstance(heard, Message):
            respond(self._client, heard.response_url, [part], to)
        elif self._hearing.of(heard) is not None:
            key = f"{heard.key}/given-up"
            self._want(heard, "note", key, layout.message([part], key, to).payload)
            self._want(heard, "reaction", f"{key}/mark", {"add": "x", "remove": []})

    def _want(self, heard: Message, kind: Kind, key: str, payload: Json) -> None:
        self._store.posts.want(
            Post(
                key=key,
                incident_id=None,
                kind=kind,
                channel=heard.channel,
                payload=payload,
                wanted_at=self._now(),
                priority=URGENT,
                thread_ts=heard.ts,
            )
        )
