"""What a message that waited says of itself: when that was which it tells. Pure.

An outage of Slack ends with everything that happened meanwhile, in order; without its time, a recovery of an hour ago
would read as news.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.slack import blocks, text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from fannel.slack.blocks import Json

LATE_AFTER = timedelta(minutes=2)
_MOST_BLOCKS = 50


def dated(payload: Json, wanted_at: datetime, now: datetime, zone: tzinfo) -> Json:
    """`payload` with its time, on the phone and in the message, when it is posted more than two minutes late."""
    if now - wanted_at <= LATE_AFTER:
        return payload
    then, today = wanted_at.astimezone(zone), now.astimezone(zone)
    moment = f"{then:%H:%M}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"
    late = {**payload, "text": f"{moment} {payload.get('text', '')}"}
    shown = payload.get("blocks")
    if shown and len(shown) < _MOST_BLOCKS:
        waited = text.duration((now - wanted_at).total_seconds())
        late["blocks"] = [*shown, blocks.context(f"🕒 *Late:* of {text.when(wanted_at, zone)}", f"waited {waited}")]
    return late


def repeated(payload: Json, times: int, since: datetime, zone: tzinfo) -> Json:
    """`payload` that stands for `times` equal ones, the first of which was wanted at `since`."""
    metadata = payload.get("metadata") or {}
    event_payload = {**(metadata.get("event_payload") or {}), "repeats": times}
    once = {**payload, "metadata": {**metadata, "event_payload": event_payload}}
    shown = payload.get("blocks")
    if shown and len(shown) < _MOST_BLOCKS:
        once["blocks"] = [*shown, blocks.context(f"said {times} times since {text.clock(since, zone)}")]
    return once
