"""A work window: what somebody planned, in a file or a calendar; and what follows for silences when plans change. Pure.

Its `origin` names it for ever, whatever else of it changes: a window that moves is the next revision of its silence.
What a person changed of that silence holds until its plan changes, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from fannel.incidents.silence import Silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from fannel.incidents.silence import Scope

FILE: Final = "file:"
CALENDAR: Final = "ics:"


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when is worked on what. Times are aware.

    `origin` is `file:NAME` or `ics:CALENDAR/UID` (with the day or the time it was planned for, of one that recurs);
    `source` says which file or calendar: `file:core.yml`, `ics:provider-x`.
    """

    origin: str
    source: str
    scopes: tuple[Scope, ...]
    starts_at: datetime
    ends_at: datetime
    reason: str
    author: str

    def silence(self) -> Silence:
        """The silence that it wants, new."""
        times = (self.starts_at, self.ends_at)
        wanted = Silence(0, self.scopes, *times, author=self.author, origin=self.origin, reason=self.reason)
        return replace(wanted, changed_by=self.source)

    def is_said_by(self, silence: Silence) -> bool:
        """Whether this revision says the same."""
        return (self.scopes, self.starts_at, self.ends_at, self.reason) == (
            silence.scopes,
            silence.starts_at,
            silence.ends_at,
            silence.reason,
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """The newest silence of an origin: as it is, and the last revision that was its source's."""

    silence: Silence
    said: Silence


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be kept: windows that become silences, and revisions of those there are."""

    added: tuple[Window, ...]
    changed: tuple[Silence, ...]


def is_source(who: str) -> bool:
    """Whether a file or a calendar made a revision, and no person."""
    return who.startswith((FILE, CALENDAR))


def family(origin: str) -> str:
    """Who says whether it is still planned: `file:` for all files together, `ics:NAME` for each calendar."""
    return FILE if origin.startswith(FILE) else origin.partition("/")[0]


def changes(
    wanted: Iterable[Window], known: Mapping[str, Followed], families: AbstractSet[str], now: datetime
) -> Changes:
    """What is planned now against what is known by origin. Nothing changes of families that could not be read."""
    added: list[Window] = []
    changed: list[Silence] = []
    origins: set[str] = set()
    for window in wanted:
        if window.origin in origins or window.ends_at <= now:
            continue
        origins.add(window.origin)
        there = known.get(window.origin)
        if there is None:
            added.append(window)
        elif window.is_said_by(there.said):
            continue
        elif there.silence.state(now) == "expired":
            added.append(window)
        else:
            changed.append(there.silence.replaced(window.silence(), window.source, now))
    changed += [
        there.silence.expired(there.said.changed_by, now)
        for origin, there in known.items()
        if origin not in origins and family(origin) in families and there.silence.state(now) != "expired"
    ]
    return Changes(tuple(added), tuple(changed))
