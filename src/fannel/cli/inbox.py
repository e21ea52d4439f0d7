"""`fannel inbox`: what people asked for in Slack that is not done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli.terminal import json_text, printable

if TYPE_CHECKING:
    from fannel.incidents.store.inbox import Listed

_TEXT, _ERROR = 60, 160


def inbox(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """What was heard in Slack and waits to be dealt with, and what could not be; the newest first."""
    from fannel.incidents.store import Store, StoreError  # noqa: PLC0415  (SQLAlchemy: 0.2 s that others need not wait)

    settings = config.load()
    try:
        store = Store.open(settings.database.url)
        try:
            found, (waiting, _) = store.inbox.listed(limit), store.inbox.waiting()
        finally:
            store.close()
    except StoreError as error:
        typer.echo(f"fannel: {printable(str(error))}", err=True)
        raise typer.Exit(1) from None
    rows = [_row(one) for one in found]
    if as_json:
        sys.stdout.write(json_text({"waiting": waiting, "entries": rows}, indent=2) + "\n")
        return
    if rows:
        _table(rows)
    typer.echo(f"{waiting} waiting")


def _row(one: Listed) -> dict[str, Any]:
    facts = one.entry.facts
    return {
        "heard_at": one.entry.heard_at.isoformat(timespec="seconds"),
        "kind": one.entry.kind,
        "user": facts.get("user"),
        "channel": facts.get("channel"),
        "what": facts.get("text") or " ".join(str(facts.get(key) or "") for key in ("action", "value")).strip(),
        "state": one.state,
        "attempts": one.entry.attempts,
        "next_try": None if one.state == "failed" else one.due_at.isoformat(timespec="seconds"),
        "why": one.error,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415  (only where a person looks)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("heard", "kind", "who", "what", "state", "tries", "why", box=None)
    for row in rows:
        what, why = str(row["what"])[:_TEXT], str(row["why"] or "")[:_ERROR]
        facts = (row["heard_at"], row["kind"], row["user"] or "a bot", what, row["state"], str(row["attempts"]), why)
        table.add_row(*(escape(printable(fact)) for fact in facts))
    Console(highlight=False).print(table, soft_wrap=not sys.stdout.isatty())
