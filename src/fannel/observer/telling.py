"""What is said when a silence ends, and shortly before: in the thread of who asked for it, else where alerts are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fannel.incidents.store.posts import SUMMARY, VERDICT, Post
from fannel.incidents.window import is_source
from fannel.posting import reader_of
from fannel.slack.layout import endings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.config import Settings
    from fannel.incidents.store.endings import Ending
    from fannel.incidents.store.posts import Kind
    from fannel.slack.blocks import Json

# On a request: over, instead of registered.
OVER: Final = {"add": "white_check_mark", "remove": ["no_bell"]}


class Telling:
    """Makes the posts (fannel.incidents.store.endings.Tell); keyed by silence and revision, each is wanted once."""

    def __init__(self, settings: Settings) -> None:
        self._channel = settings.slack.channel
        self._to = reader_of(settings)
        self.warn_before = timedelta(seconds=settings.silences.warn_before_s)

    def ended(self, ending: Ending) -> Sequence[Post]:
        """The digest; the channel hears it where something is still there.

        Of planned work nobody waits for it: a backup every night, or a window that moved, is only told with what lasts.
        """
        silence = ending.silence
        if is_source(silence.origin) and not ending.account.lasting:
            return ()
        key = f"silence/{silence.id}/over/{silence.revision}"
        message = endings.over(silence, ending.account, key, self._to)
        priority = VERDICT if message.broadcast else SUMMARY
        posts = [self._post("note", key, ending, message.payload, priority, broadcast=message.broadcast)]
        if ending.last:
            posts.append(self._post("reaction", f"{key}/mark", ending, dict(OVER), SUMMARY))
        return posts

    def ends_soon(self, ending: Ending) -> Sequence[Post]:
        """A warning. Where nobody asked in Slack it would call everybody, so only if something is there."""
        if ending.place is None and not ending.account.lasting:
            return ()
        silence = ending.silence
        key = f"silence/{silence.id}/soon/{int(silence.ends_at.timestamp())}"
        message = endings.soon(silence, ending.account, key, self._to, ending.now)
        return (self._post("note", key, ending, message.payload, VERDICT),)

    def _post(
        self, kind: Kind, key: str, ending: Ending, payload: Json, priority: int, *, broadcast: bool = False
    ) -> Post:
        place = ending.place
        return Post(
            key=key,
            incident_id=None,
            kind=kind,
            channel=self._channel if place is None else place.channel,
            payload=payload,
            wanted_at=ending.now,
            broadcast=broadcast,
            priority=priority,
            thread_ts=None if place is None else place.ts,
        )
