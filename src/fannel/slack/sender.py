"""One post to Slack, so that there is one message in the end: look before repeating, mend the thread that is gone.

Raises what the client raises; what to do about it is the outbox's.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from fannel import logs
from fannel.slack.errors import (
    BadMessage,
    CannotUpdate,
    DuplicateUnclear,
    MessageNotFound,
    MissingScope,
    NoEmoji,
    ThreadClosed,
)
from fannel.slack.layout.late import dated
from fannel.slack.sharing import Sharing

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.incidents.store import Post, Store
    from fannel.slack.blocks import Json
    from fannel.slack.client import Posted, SlackClient
    from fannel.slack.words import Reader

log = logs.Logger("fannel.slack")

# How far before the first try a post may already be in the history (clocks differ).
LOOK_BACK = timedelta(seconds=5)

_KEY_SPACE = uuid.UUID("6a1d6d63-7a0f-5e5e-9d0c-0a6f1f8a4c11")


class Sender:
    """Sends what somebody claimed, to `reader`."""

    def __init__(self, store: Store, client: SlackClient, *, reader: Reader) -> None:
        self._store = store
        self._client = client
        self._reader = reader
        self._sharing = Sharing(store, client)

    def send(self, post: Post, now: datetime) -> str:
        """The ts of the message that is there now.

        Raises:
            SlackError: it is not there, or (`processed` None) nobody knows.
        """
        thread_ts = self._thread_ts(post)
        if post.kind == "update":
            return self._update(post, thread_ts)
        if post.kind == "edit":
            return self._edit(post)
        if post.kind == "file":
            return self._sharing.send(post, thread_ts, now)
        if post.kind == "reaction":
            return self._react(post)
        posted = self._find(post, thread_ts) if post.state == "unknown" else None
        if posted is None:
            posted = self._post(post, dated(post.payload, post.wanted_at, now, self._reader), thread_ts)
        if post.kind == "reply" and posted.thread_ts is None:
            # The parent was deleted and Slack made this reply a message of its own: the thread goes on under it.
            self._store.posts.move_thread(post, posted.ts)
        return posted.ts

    def _post(self, post: Post, payload: Json, thread_ts: str | None) -> Posted:
        try:
            return self._try(post, payload, thread_ts)
        except BadMessage as error:
            # A plain alert beats a refused pretty one; the refusal is a defect, so it is said.
            log.error("slack refuses the layout, posting its text alone", key=post.key, reason=str(error))
            return self._try(post, {key: payload[key] for key in ("text", "metadata") if key in payload}, thread_ts)

    def _try(self, post: Post, payload: Json, thread_ts: str | None) -> Posted:
        try:
            return self._call(post, payload, thread_ts, post.key)
        except (ThreadClosed, MessageNotFound) as error:
            if thread_ts is None:
                raise
            log.warning("the thread takes no reply, it goes on in the channel", key=post.key, reason=str(error))
            return self._call(post, payload, None, post.key)
        except DuplicateUnclear:
            if post.state != "unknown":
                raise
            # Slack remembers the id of a message that, as we just saw, is not there: with that id it never will be.
            return self._call(post, payload, thread_ts, f"{post.key}#{post.attempts}")

    def _call(self, post: Post, payload: Json, thread_ts: str | None, name: str) -> Posted:
        return self._client.post(
            post.channel,
            payload,
            thread_ts=thread_ts,
            broadcast=post.broadcast,
            client_msg_id=str(uuid.uuid5(_KEY_SPACE, name)),
        )

    def _update(self, post: Post, thread_ts: str | None) -> str:
        if thread_ts is None:
            return ""
        try:
            self._client.update(post.channel, thread_ts, self._looks(post, thread_ts))
        except MessageNotFound as error:
            log.warning("the parent message is gone, it is posted anew", key=post.key, reason=str(error))
            return self._anew(post)
        except CannotUpdate as error:
            log.warning("the parent message cannot be changed any more", key=post.key, reason=str(error))
        return thread_ts

    def _edit(self, post: Post) -> str:
        """Done twice it is the same; a reply that is gone, or too old, stays as it is."""
        ts = post.thread_ts or ""
        try:
            self._client.update(post.channel, ts, post.payload)
        except (MessageNotFound, CannotUpdate) as error:
            log.warning("a reply cannot be changed any more", key=post.key, reason=str(error))
        return ts

    def _react(self, post: Post) -> str:
        """Done twice it is the same; on a message that is gone nobody misses it."""
        ts = post.thread_ts or ""
        try:
            for name in post.payload.get("remove", ()):
                self._client.unreact(post.channel, ts, name)
            if (name := post.payload.get("add")) is not None:
                self._client.react(post.channel, ts, name)
        except MissingScope as error:
            # What only emoji need must not look like a token that alerts cannot be posted with.
            raise NoEmoji(error.code, method=error.method, details=error.details) from None
        except MessageNotFound:
            return ts
        return ts

    def _looks(self, post: Post, thread_ts: str) -> Json:
        """What the head of the thread is to show: the parent, and what it says itself where a reply became the head."""
        head = self._store.posts.at(post, thread_ts)
        if head is None or head.kind != "reply":
            return post.payload
        shown = [*post.payload.get("blocks", ()), *head.payload.get("blocks", ())]
        # Its own metadata stays, by which it is found; a rich text stays one, since Slack allows no other change.
        return {key: post.payload[key] for key in ("text", "attachments") if key in post.payload} | {"blocks": shown}

    def _anew(self, post: Post) -> str:
        """The parent again, and the thread goes on under it."""
        key = post.payload["metadata"]["event_payload"]["key"]
        posted = self._find(post, None, key) if post.state == "unknown" else None
        posted = posted or self._post(post, post.payload, None)
        self._store.posts.move_thread(post, posted.ts)
        return posted.ts

    def _find(self, post: Post, thread_ts: str | None, key: str | None = None) -> Posted | None:
        since = post.wanted_at - LOOK_BACK
        return self._client.find_by_key(post.channel, key or post.key, since, thread_ts=thread_ts)

    def _thread_ts(self, post: Post) -> str | None:
        if post.incident_id is None:
            return post.thread_ts
        if post.kind == "parent":
            return None
        thread = self._store.thread(post.incident_id)
        return thread[1] if thread else None
