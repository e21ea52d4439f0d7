"""What a message that waited says of itself: when that was which it tells. Pure.

An outage of Slack ends with everything that happened meanwhile, in order; without its time, a recovery of an hour ago
would read as news.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.slack import blocks

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.slack.blocks import Json
    from fannel.slack.words import Reader

LATE_AFTER = timedelta(minutes=2)
_MOST_BLOCKS = 50


def dated(payload: Json, wanted_at: datetime, now: datetime, to: Reader) -> Json:
    """`payload` with its time, on the phone and in the message, when it is posted more than two minutes late."""
    if now - wanted_at <= LATE_AFTER:
        return payload
    then, today = wanted_at.astimezone(to.zone), now.astimezone(to.zone)
    moment = f"{then:%H:%M}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"
    late = {**payload, "text": f"{moment} {payload.get('text', '')}"}
    shown = payload.get("blocks")
    if shown and len(shown) < _MOST_BLOCKS:
        words, lasted = to.words.posting, to.duration((now - wanted_at).total_seconds())
        of = blocks.fact(to.words.labels.late, words.late.format(moment=to.when(wanted_at)))
        late["blocks"] = [*shown, blocks.context(f"🕒 {of}", words.waited.format(lasted=lasted))]
    return late


def repeated(payload: Json, times: int, since: datetime, to: Reader) -> Json:
    """`payload` that stands for `times` equal ones, the first of which was wanted at `since`."""
    metadata = payload.get("metadata") or {}
    event_payload = {**(metadata.get("event_payload") or {}), "repeats": times}
    once = {**payload, "metadata": {**metadata, "event_payload": event_payload}}
    shown = payload.get("blocks")
    if shown and len(shown) < _MOST_BLOCKS:
        said = to.words.posting.repeated.of(times, clock=to.clock(since))
        once["blocks"] = [*shown, blocks.context(said)]
    return once
