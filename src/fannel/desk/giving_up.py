"""What people are told when the desk itself fails on what they asked for: nobody is left believing that it was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.desk.answering import channel_reader, respond
from fannel.incidents.store.posts import URGENT, Post
from fannel.slack.inbound.heard import Message
from fannel.slack.layout import requests as layout

if TYPE_CHECKING:
    from fannel.desk.office import Office
    from fannel.incidents.store.posts import Kind
    from fannel.slack.blocks import Json
    from fannel.slack.inbound.heard import Heard


class GivingUp:
    """For any thread."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def say(self, heard: Heard) -> None:
        """Say that nothing more is done about it: in its thread, or to whoever clicked or typed.

        Raises:
            SlackError, StoreError: it cannot be said now.
        """
        to = channel_reader(self._office.settings)
        part = layout.refused(to.words.silencing.stumbled, to)
        if not isinstance(heard, Message):
            respond(self._office.client, heard.response_url, [part], to)
        elif self._office.hearing.of(heard) is not None:
            key = f"{heard.key}/given-up"
            self._want(heard, "note", key, layout.message([part], key, to).payload)
            self._want(heard, "reaction", f"{key}/mark", {"add": "x", "remove": []})

    def _want(self, heard: Message, kind: Kind, key: str, payload: Json) -> None:
        self._office.store.posts.want(
            Post(
                key=key,
                incident_id=None,
                kind=kind,
                channel=heard.channel,
                payload=payload,
                wanted_at=self._office.now(),
                priority=URGENT,
                thread_ts=heard.ts,
            )
        )
