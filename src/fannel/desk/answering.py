"""How an answer gets to Slack: a note in the thread of who asked, emoji on the message, word where else it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fannel import logs
from fannel.desk.doing import MARKS
from fannel.desk.waiting import reader_of, wanted_by
from fannel.incidents.store.posts import URGENT, Post
from fannel.slack.errors import SlackError
from fannel.slack.layout import requests as layout
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fannel.config import Settings
    from fannel.desk.doing import Done, Mark
    from fannel.incidents.store.posts import Kind
    from fannel.incidents.store.requests import Acting, Confirmation, Place
    from fannel.slack.blocks import Json
    from fannel.slack.client import SlackClient
    from fannel.slack.layout.requests import Part

log = logs.Logger("fannel.desk")

# Slack takes five for one click or command.
_MOST_RESPONSES: Final = 4


class Answering:
    """Wants posts in the transaction of `acting`, under keys that begin with `key`."""

    def __init__(self, acting: Acting, key: str, now: datetime, to: Reader) -> None:
        """`to` is whoever reads the channel."""
        self._acting = acting
        self._key = key
        self._now = now
        self._to = to

    def say(self, place: Place, parts: Sequence[Part], to: Reader, *small: str) -> None:
        """The answer itself."""
        for message in layout.messages(parts, self._key, to, *small):
            key = message.payload["metadata"]["event_payload"]["key"]
            self._post("note", key, place, message.payload)

    def mark(self, place: Place, marks: Sequence[Mark]) -> None:
        """These emoji on the message, and no other of ours; none at all where there are no marks."""
        shown = [mark for mark in MARKS if mark in marks]
        gone = [mark for mark in MARKS if mark not in marks]
        if not shown:
            self._post("reaction", f"{self._key}/mark/none", place, {"remove": gone})
        for number, mark in enumerate(shown):
            payload: Json = {"add": mark, "remove": [] if number else gone}
            self._post("reaction", f"{self._key}/mark/{mark}", place, payload)

    def remark(self, place: Place, mark: Mark, instead_of: Mark) -> None:
        """One emoji for another; those that other requests of the message have stay."""
        self._post("reaction", f"{self._key}/mark/{mark}", place, {"add": mark, "remove": [instead_of]})

    def close(self, waits: Confirmation, head: str) -> None:
        """The answer with the button of what waited has none any more: `head` says what became of it."""
        note = waits.wanted.get("note")
        if note is not None and (there := self._acting.posted(note)) is not None:
            to = reader_of(waits)
            part = layout.silenced(wanted_by(waits), waits.wanted["hosts"], to, head, "⚪")
            self._post("edit", f"{self._key}/closed/{waits.id}", there, layout.message([part], note, to).payload)

    def echo(self, asked_in: Place, dones: Sequence[Done]) -> None:
        """What became of silences that were asked for elsewhere is said there, too."""
        for before, after in (pair for done in dones for pair in done.changed):
            home = self._acting.home(after)
            # What is over is told there by whoever settles it (endings), with what came under it.
            if home is None or home == asked_in or after.what == "expired":
                continue
            key = f"{self._key}/echo/{after.id}"
            if after.what == "narrowed":
                part = layout.ended(after, before, after.changed_by, self._to)
            else:
                words = self._to.words.silencing
                part = layout.lasting(after, words.extended, self._to)
            self._post("note", key, home, layout.message([part], key, self._to).payload)

    def _post(self, kind: Kind, key: str, place: Place, payload: Json) -> None:
        if kind == "reaction" and place.ts is None:
            return
        self._acting.want(
            Post(
                key=key,
                incident_id=None,
                kind=kind,
                channel=place.channel,
                payload=payload,
                wanted_at=self._now,
                priority=URGENT,
                thread_ts=place.ts,
            )
        )


def channel_reader(settings: Settings) -> Reader:
    """Who reads the channels."""
    return Reader.of(settings.slack.language, settings.readers_zone)


def respond(client: SlackClient, url: str, parts: Sequence[Part], to: Reader, *, replace: bool = False) -> None:
    """Tell whoever clicked or commanded, and nobody else; or `replace` the message that was clicked.

    What was done is done and on record: where Slack does not take this, it is logged.
    """
    try:
        for message in layout.messages(parts, "", to)[:_MOST_RESPONSES]:
            shown = {"text": message.payload["text"], "blocks": message.payload["blocks"], "replace_original": replace}
            client.respond(url, shown if replace else {**shown, "response_type": "ephemeral"})
    except SlackError as error:
        log.warning("an answer did not reach whoever asked", reason=str(error))
