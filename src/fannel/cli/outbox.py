"""`fannel outbox`: what waits to be posted to Slack, and why."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from fannel.incidents.store import Post
    from fannel.slack.sending import Sending

_ERROR = 160


def outbox(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """What waits to be posted to Slack, the most urgent first, and why it waits."""
    from fannel.incidents.store import Store, StoreError  # noqa: PLC0415  (SQLAlchemy: 0.2 s that others need not wait)
    from fannel.slack.sending import Sending  # noqa: PLC0415

    settings = config.load()
    now = datetime.now(UTC)
    try:
        store = Store.open(settings.database.url)
        try:
            posts, backlog = store.posts.listed(limit), store.channels.backlog()
            kept = store.channels.states()
            holders = {channel: store.leases.holder(f"channel/{channel}", now) for channel in kept}
        finally:
            store.close()
    except StoreError as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(1) from None
    waiting = sum(backlog.waiting.values())
    states = {channel: Sending.from_json(state) for channel, state in kept.items()}
    shown = [
        {**_channel(channel, sending, now), "sender": holder.owner if (holder := holders[channel]) else None}
        for channel, sending in sorted(states.items())
    ]
    if as_json:
        rows = [_row(post, states) for post in posts]
        value = {"waiting": waiting, "refused": backlog.refused, "channels": shown, "posts": rows}
        sys.stdout.write(json_text(value, indent=2) + "\n")
        return
    for channel in shown:
        if said := _said(channel):
            typer.echo(printable(said))
    if posts:
        _table(posts, states)
    rest = waiting + backlog.refused - len(posts)
    more = f", {rest} more not shown (--limit)" if rest > 0 else ""
    typer.echo(f"{waiting} waiting, {backlog.refused} refused for good{more}")
    if settings.slack.bot_token is None and waiting:
        typer.echo("SLACK_BOT_TOKEN is not set here: a process without it sends nothing")


def _row(post: Post, states: dict[str, Sending]) -> dict[str, Any]:
    return {
        "key": post.key,
        "incident": post.incident_id,
        "kind": post.kind,
        "priority": post.priority,
        "channel": post.channel,
        "state": post.state,
        "since": post.wanted_at.isoformat(),
        "attempts": post.attempts,
        "next_try": post.not_before.isoformat() if post.not_before and post.state != "refused" else None,
        "why": _why(post, states.get(post.channel)),
    }


def _why(post: Post, sending: Sending | None) -> str:
    """The post's own trouble, or the channel's, or its turn."""
    if post.error:
        return post.error
    if sending is not None and sending.trouble is not None:
        return sending.trouble.said
    return "outcome in doubt, is looked up" if post.state == "unknown" else "its turn has not come"


def _channel(name: str, sending: Sending, now: datetime) -> dict[str, Any]:
    quiet_until, trouble, since = sending.pace.quiet_until(now.timestamp()), sending.trouble, sending.storm.since
    return {
        "channel": name,
        "paused_until": _time(quiet_until),
        "trouble": trouble.said if trouble else None,
        "trouble_since": _time(trouble.since) if trouble else None,
        "storm_since": _time(since),
    }


def _said(channel: dict[str, Any]) -> str:
    """One line on a channel with something to say of it."""
    parts = [
        f"nothing gets through since {channel['trouble_since']}: {channel['trouble']}" if channel["trouble"] else "",
        f"paused until {channel['paused_until']}" if channel["paused_until"] else "",
        f"storm since {channel['storm_since']}" if channel["storm_since"] else "",
        f"{channel['sender']} is sending" if channel["sender"] else "",
    ]
    said = "; ".join(part for part in parts if part)
    return f"{channel['channel']}: {said}" if said else ""


def _table(posts: list[Post], states: dict[str, Sending]) -> None:
    from rich.console import Console  # noqa: PLC0415  (only where a person looks)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("prio", "kind", "incident", "since", "tries", "next try", "key", "why", box=None)
    for post in posts:
        next_try = f"{post.not_before:%H:%M:%S}" if post.not_before and post.state != "refused" else "never"
        why = _why(post, states.get(post.channel))[:_ERROR]
        since = f"{post.wanted_at:%Y-%m-%d %H:%M:%S}"
        facts = (str(post.priority), post.kind, post.incident_id or "–", since, str(post.attempts))
        table.add_row(*(escape(printable(fact)) for fact in (*facts, next_try, post.key, why)))
    Console(highlight=False).print(table, soft_wrap=not sys.stdout.isatty())


def _time(epoch_s: float | None) -> str | None:
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds")
