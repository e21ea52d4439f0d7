"""What every part of the desk has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.config import Settings
    from fannel.desk.hearing import Hearing
    from fannel.desk.people import People
    from fannel.desk.permission import Permission
    from fannel.desk.queries import Queries
    from fannel.desk.wishes import Wishes
    from fannel.incidents.store import Store
    from fannel.slack.client import SlackClient


@dataclass(frozen=True, slots=True)
class Office:
    """One a process, for any thread."""

    settings: Settings
    store: Store
    client: SlackClient
    hearing: Hearing
    people: People
    permission: Permission
    wishes: Wishes
    queries: Queries
    now: Callable[[], datetime]
