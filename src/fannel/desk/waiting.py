"""What waits for a second person, as it is kept until then: the silence that is wanted, and how to answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fannel.incidents.silence import Silence, scopes_of
from fannel.slack.words import Reader

if TYPE_CHECKING:
    from fannel.event import Json
    from fannel.incidents.store.requests import Confirmation


def kept(wanted: Silence, **more: object) -> Json:
    """For the database; `wanted.id` is that of the silence it would change, or 0."""
    return {
        "id": wanted.id,
        "what": wanted.what if wanted.id else "added",
        "scopes": [[matcher.to_json() for matcher in scope] for scope in wanted.scopes],
        "starts_at": wanted.starts_at.isoformat(),
        "ends_at": wanted.ends_at.isoformat(),
        "author": wanted.author,
        "origin": wanted.origin,
        "reason": wanted.reason,
        **more,
    }


def wanted_by(waits: Confirmation) -> Silence:
    """The silence, as `kept` took it."""
    found = waits.wanted
    return Silence(
        id=found["id"],
        scopes=scopes_of(found["scopes"]),
        starts_at=datetime.fromisoformat(found["starts_at"]),
        ends_at=datetime.fromisoformat(found["ends_at"]),
        author=found["author"],
        origin=found["origin"],
        reason=found["reason"],
        what=found["what"],
    )


def reader_of(waits: Confirmation) -> Reader:
    """Who asked for it."""
    return Reader.of("ja" if waits.wanted["language"] == "ja" else "en", ZoneInfo(waits.wanted["zone"]))
