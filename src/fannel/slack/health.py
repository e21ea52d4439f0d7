"""How Slack is, in one line of the health page: what waits for how long, and what would help. Pure.

Never a reason to be not ready: a load balancer that took the receiver away because Slack is down would lose traps, too.
Whoever watches FANNEL watches `fannel_outbox_oldest_seconds`, or reads "degraded" here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.intake.vital import Vital
from fannel.slack import text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fannel.incidents.store.channels import Backlog
    from fannel.slack.sending import Sending

# Shorter troubles pass by themselves, and nobody's night should hang on them.
TROUBLE_AFTER_S = 120.0
WAITS_TOO_LONG_S = 300.0
_DETAIL = 400


def oldest_s(backlog: Backlog, now: datetime) -> float:
    """Seconds that the oldest waiting post has waited; 0 when none does."""
    return 0.0 if backlog.oldest is None else max(0.0, (now - backlog.oldest).total_seconds())


def slack_vital(backlog: Backlog, states: Mapping[str, Sending], now: datetime) -> Vital:
    """Whether messages get through."""
    waits_s, posts = oldest_s(backlog, now), _posts(sum(backlog.waiting.values()))
    said = [
        f"{channel}: nothing got through for {text.duration(now.timestamp() - trouble.since)}: {trouble.said}"
        for channel, trouble in ((channel, sending.trouble) for channel, sending in sorted(states.items()))
        if trouble is not None and (trouble.lasting or now.timestamp() - trouble.since >= TROUBLE_AFTER_S)
    ]
    if said:
        said.append(f"{posts} kept for then")
    elif waits_s >= WAITS_TOO_LONG_S:
        said.append(f"{posts} wait, the oldest for {text.duration(waits_s)}: more than Slack's pace carries")
    degraded = bool(said)
    if backlog.refused:
        said.append(f"{_posts(backlog.refused)} refused for good: `fannel outbox` shows why")
    detail = "; ".join(said) or (f"{posts} wait" if backlog.waiting else "takes messages")
    return Vital("slack", ok=True, detail=text.cut(f"degraded, {detail}" if degraded else detail, _DETAIL))


def _posts(count: int) -> str:
    return f"{count:,} post{'' if count == 1 else 's'}"
