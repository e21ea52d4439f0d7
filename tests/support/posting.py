"""An outbox on the Slack stand-in over real HTTP, and the posts to put into it."""

from __future__ import annotations

from datetime import timedelta

from events import NOW

from fannel.incidents.store import Post

CHANNEL = "C0ALERTS01"


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def post(incident_id, kind, key, text=None, **more):
    payload = more.pop("payload", None) or {
        "text": text or f"text of {key}",
        "metadata": {"event_type": "fannel_incident", "event_payload": {"v": 1, "incident": incident_id, "key": key}},
    }
    wanted = {"channel": CHANNEL, "payload": payload, "wanted_at": NOW, **more}
    return Post(key=key, incident_id=incident_id, kind=kind, **wanted)


def texts(slack):
    return [message["text"] for message in slack.workspace.messages[CHANNEL].values()]


def want(store, *posts):
    for wanted in posts:
        store.posts.want(wanted)
