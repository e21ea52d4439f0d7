"""The outbox: what is wanted in Slack gets there, once and in order, whoever happens to deliver it.

A post is wanted in the database first and sent afterwards, by the playbook that wanted it or later by the event
source, which tries again until it is there. Within one incident nothing overtakes: a reply waits for its parent.
An outcome in doubt (time-out, dropped connection, 5xx) is looked up in the channel's history by the post's key
before anything is posted again (facts: even Slack's own client can post twice).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from fannel import logs
from fannel.slack.errors import BadMessage, CannotUpdate, MessageNotFound, SlackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.incidents.store import Post, Store
    from fannel.incidents.store.posts import PostState
    from fannel.slack.client import Posted, SlackClient

Outcome = Literal["sent", "waiting", "refused"]

log = logs.Logger("fannel.slack")

# How long one attempt may take before somebody else may look what became of it.
CLAIM = timedelta(seconds=60)
# How far before the first try a post may already be in the history (clocks differ).
LOOK_BACK = timedelta(seconds=5)
FIRST_RETRY_S = 5.0
LAST_RETRY_S = 300.0

_KEY_SPACE = uuid.UUID("6a1d6d63-7a0f-5e5e-9d0c-0a6f1f8a4c11")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one round of delivering did."""

    sent: int = 0
    waiting: int = 0
    refused: int = 0


class Outbox:
    """Delivers wanted posts. Several processes may deliver from one database at the same time."""

    def __init__(self, store: Store, client: SlackClient, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._client = client
        self._now = now

    def deliver(self, incident_id: str | None = None) -> Delivery:
        """Send what is due, of one incident or of all, oldest first. Slack's troubles end in the table, not here.

        Raises:
            StoreError: the database cannot be used.
        """
        sent = waiting = refused = 0
        blocked: set[str] = set()
        unsent = self._store.posts.unsent(incident_id)
        newest_update = {post.incident_id: post.key for post in unsent if post.kind == "update"}
        for post in unsent:
            # An incident's posts keep their order; a note belongs to no incident and waits for nobody.
            lane = post.incident_id or post.key
            if lane in blocked:
                outcome = "waiting"
            elif post.kind == "update" and newest_update[post.incident_id] != post.key:
                # A newer state of the same parent is wanted: this one would only flicker by.
                self._store.posts.sent(post, "")
                continue
            else:
                outcome = self._try(post)
            sent += outcome == "sent"
            refused += outcome == "refused"
            if outcome == "waiting":
                waiting += 1
                blocked.add(lane)
        return Delivery(sent, waiting, refused)

    def _try(self, post: Post) -> Outcome:
        now = self._now()
        if not self._store.posts.claim(post, now, now + CLAIM):
            return "waiting"
        try:
            ts = self._send(post)
        except BadMessage as error:
            log.error("slack refuses a post for good", key=post.key, reason=str(error))
            self._store.posts.failed(post, "refused", str(error), now)
            return "refused"
        except SlackError as error:
            # A wrong token or channel, too: a person mends it, and the alert is still there.
            state: PostState = "unknown" if error.processed is None else "wanted"
            delay_s = error.retry_after_s if error.retry_after_s is not None else _back_off_s(post.attempts)
            log.warning("slack post waits", key=post.key, reason=str(error), retry_in_s=delay_s)
            self._store.posts.failed(post, state, str(error), self._now() + timedelta(seconds=delay_s))
            return "waiting"
        self._store.posts.sent(post, ts)
        return "sent"

    def _send(self, post: Post) -> str:
        thread_ts = self._thread_ts(post)
        if post.kind == "update":
            return self._update(post, thread_ts)
        if post.state == "unknown" and (found := self._find(post, thread_ts)):
            return found
        if post.kind == "file":
            return self._client.upload(post.channel, thread_ts, **post.payload)
        posted = self._post(post, thread_ts)
        if thread_ts is not None and posted.thread_ts is None:
            # The parent was deleted and Slack made this reply a message of its own: the thread goes on under it.
            self._store.posts.move_thread(post, posted.ts)
        return posted.ts

    def _post(self, post: Post, thread_ts: str | None) -> Posted:
        client_msg_id = str(uuid.uuid5(_KEY_SPACE, post.key))
        try:
            return self._client.post(
                post.channel, post.payload, thread_ts=thread_ts, broadcast=post.broadcast, client_msg_id=client_msg_id
            )
        except BadMessage as error:
            # A plain alert beats a refused pretty one; the refusal is a defect, so it is said.
            log.error("slack refuses the layout, posting its text alone", key=post.key, reason=str(error))
            plain = {key: value for key, value in post.payload.items() if key in ("text", "metadata")}
            return self._client.post(
                post.channel, plain, thread_ts=thread_ts, broadcast=post.broadcast, client_msg_id=client_msg_id
            )

    def _update(self, post: Post, thread_ts: str | None) -> str:
        if thread_ts is None:
            return ""
        try:
            self._client.update(post.channel, thread_ts, post.payload)
        except (MessageNotFound, CannotUpdate) as error:
            log.warning("the parent message cannot be changed any more", key=post.key, reason=str(error))
        return thread_ts

    def _find(self, post: Post, thread_ts: str | None) -> str | None:
        since = post.wanted_at - LOOK_BACK
        if post.kind == "file":
            # Shared files carry no metadata; the name is made for one reply only.
            return self._client.find_file(post.channel, post.payload["filename"], since, thread_ts=thread_ts)
        return self._client.find_by_key(post.channel, post.key, since, thread_ts=thread_ts)

    def _thread_ts(self, post: Post) -> str | None:
        if post.incident_id is None or post.kind == "parent":
            return None
        thread = self._store.thread(post.incident_id)
        return thread[1] if thread else None


def _back_off_s(attempts: int) -> float:
    return min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts, 10))
