"""English: how requests are answered."""

from __future__ import annotations

from fannel.slack.words.silencing import Silencing

SILENCING = Silencing(
    may_not="that is for others here: `{setting}` names who may",
    not_here="not in this channel: ask in {channels}",
    cannot_tell="Slack does not tell who is in the user group {group} ({code})",
)
