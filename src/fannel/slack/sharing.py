"""One file in a thread: brought to Slack, asked to be shown, looked for until it is.

Slack shows a file some time after it said yes, and sometimes never. Asking twice shows it twice, so every step is
noted in the post's row before the next one: a file whose answer was lost is looked for by its id before it is asked
for again. Once Slack has said yes, a post of its own (`watching`) looks on, and the thread need not wait for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.incidents.store.posts import OUTPUT, Post
from fannel.slack.errors import MessageNotFound, MissingScope, ShareAwaited, ShareMissing, SlackError

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.incidents.store import Store
    from fannel.slack.blocks import Json
    from fannel.slack.client import SlackClient

# How often Slack is asked whether the file is there, and when that has been long enough.
LOOK_EVERY = timedelta(seconds=2)
LOOK_FOR = timedelta(seconds=12)
# How often a file whose share nobody confirmed is asked for.
MOST_ASKS = 2


class Sharing:
    """Brings files to their threads."""

    def __init__(self, store: Store, client: SlackClient) -> None:
        self._store = store
        self._client = client

    def send(self, post: Post, thread_ts: str | None, now: datetime) -> str:
        """The ts of the message that shows the file; empty while Slack said yes and a post of its own looks on.

        Raises:
            ShareAwaited: nobody knows yet whether it is shown.
            ShareMissing: it will not be.
            SlackError: what the client raises.
        """
        if "watch" in post.payload:
            return self._watch(post, now)
        upload = post.payload.get("upload")
        if upload is None:
            file_id = self._client.upload(filename=post.payload["filename"], content=post.payload["content"])
            upload = {"file": file_id, "asks": 0}
        elif post.state == "unknown":
            # Its share was asked for and the answer was lost, or whoever asked is dead.
            if (ts := self._seen(post, upload)) is not None:
                return ts
            if now.timestamp() - upload["asked_at"] < LOOK_FOR.total_seconds():
                raise ShareAwaited("not_shared", method="files.info")
            if upload["asks"] >= MOST_ASKS:
                raise ShareMissing("not_shared", method="files.info")
        return self._ask(post, upload, thread_ts, now)

    def _ask(self, post: Post, upload: Json, thread_ts: str | None, now: datetime) -> str:
        upload = {**upload, "asks": upload["asks"] + 1, "asked_at": now.timestamp()}
        self._store.posts.amend(post, {**post.payload, "upload": upload})
        title, comment = post.payload["title"], post.payload["comment"]
        try:
            self._client.share(post.channel, thread_ts, upload["file"], title=title, comment=comment)
        except MessageNotFound:
            # Slack forgot what was uploaded: from the beginning.
            self._store.posts.amend(post, {key: post.payload[key] for key in post.payload if key != "upload"})
            raise
        try:
            if (ts := self._client.shared(upload["file"], post.channel)) is not None:
                return ts
        except SlackError:
            pass  # it said yes; whoever looks on will see
        self._store.posts.want(watching(post, upload["file"], now))
        return ""

    def _seen(self, post: Post, upload: Json) -> str | None:
        try:
            return self._client.shared(upload["file"], post.channel)
        except MissingScope as error:
            # Nobody can look, and asking again could show it twice.
            raise ShareMissing(error.code, method=error.method, details=error.details) from None

    def _watch(self, post: Post, now: datetime) -> str:
        watch = post.payload["watch"]
        try:
            ts = self._client.shared(watch["file"], post.channel)
        except (MessageNotFound, MissingScope):
            return ""  # somebody saw it and deleted it; or the app may not look, and Slack did say yes
        if ts is not None:
            return ts
        if now - post.wanted_at < LOOK_FOR:
            raise ShareAwaited("not_shared", method="files.info")
        raise ShareMissing("not_shared", method="files.info")


def watching(post: Post, file_id: str, now: datetime) -> Post:
    """The post that looks on: of no incident, so that nothing in the thread waits for it."""
    watch = {"file": file_id, "incident": post.incident_id, "filename": post.payload["filename"]}
    return Post(
        key=f"{post.key}/watch",
        incident_id=None,
        kind="file",
        channel=post.channel,
        payload={"text": post.payload["title"], "watch": watch},
        wanted_at=now + LOOK_EVERY,
        priority=OUTPUT,
    )
