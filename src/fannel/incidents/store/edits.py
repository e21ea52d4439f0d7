"""Replies that change: what is not posted yet is posted as it is by now; what is there is edited, by a post of its own.

An edit tells nobody anything new, so the newest stands for those before it, and none holds up a reply.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from fannel.incidents.store.posts import Post, want
from fannel.incidents.store.tables import posts

if TYPE_CHECKING:
    from sqlalchemy import Connection


def edit(connection: Connection, key: str, edited: Post) -> bool:
    """Have the reply of that key look as `edited` says; False while nobody knows whether it is there.

    `edited.key` begins with the reply's key and a slash.
    """
    there: Any = connection.execute(select(posts).where(posts.c.key == key).with_for_update()).mappings().first()
    if there is None:
        return False
    if there["state"] == "wanted":
        connection.execute(update(posts).where(posts.c.key == key).values(payload=edited.payload))
        return True
    if there["state"] != "sent" or not there["ts"]:
        return False
    before = (posts.c.incident_id == there["incident_id"], posts.c.kind == "edit", posts.c.state == "wanted")
    mine = posts.c.key.startswith(f"{key}/", autoescape=True)
    connection.execute(update(posts).where(*before, mine).values(state="sent", ts="", error=None))
    return want(connection, replace(edited, kind="edit", thread_ts=there["ts"]))
