"""The incident record: one fault, from the first raise to the clear, and what changed it.

Immutable; the store hands out a fresh one after every change. `opened_by` is the id of the event that opened it, or
reopened it last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fannel.event import Event

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Host, Severity, Source, Subject

State = Literal["new", "open", "acknowledged", "resolved", "closed"]
What = Literal["opened", "answered", "judged", "acknowledged", "resolved", "reopened", "closed", "attached", "detached"]


@dataclass(frozen=True, slots=True)
class Incident:
    """One fault and what is known of it. Times are aware; `verdict` is the last judgement as JSON, if any.

    `new`: nobody has answered yet; `open`: a thread exists or is wanted; `acknowledged`: a person has it;
    `resolved`: it is over, and a raise within the reopening time reopens it; `closed`: it is over for good.
    `notification` names what reported it first (`IF-MIB::linkDown`). One that was reopened had been over from
    `recovered_at` to `reopened_at`. `recheck_id` is the event that asks whether it is still true, until that is known,
    and `recheck_for` the person who wants to know.
    """

    id: str
    fingerprint: str
    problem: str
    severity: Severity
    state: State
    host: Host
    subject: Subject
    notification: str | None
    opened_by: str
    opened_at: datetime
    last_raise_at: datetime
    raises: int = 1
    resolved_at: datetime | None = None
    verdict: dict[str, Any] | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    reopened_at: datetime | None = None
    recovered_at: datetime | None = None
    cause_id: str | None = None
    cause: dict[str, Any] | None = None
    recheck_id: str | None = None
    recheck_for: str | None = None

    @property
    def over(self) -> bool:
        """Whether the fault has ended, as far as anybody knows."""
        return self.state in ("resolved", "closed")

    def own_event(self, kind: str, source: Source, *, event_id: str, now: datetime, **more: Any) -> Event:  # noqa: ANN401
        """An event of FANNEL's own about it. It only informs, so recording it changes no incident."""
        return Event(
            id=event_id,
            received_at=now,
            via="check",
            kind=kind,
            problem=self.problem,
            phase="info",
            severity=self.severity,
            host=self.host,
            subject=self.subject,
            source=source,
            **more,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an incident's history: `who` ("event 01J…", "check", "cli:user", "slack:U123") did what, and why."""

    incident_id: str
    at: datetime
    who: str
    what: What
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Something that follows from an incident, why that is believed, and whether it is over."""

    problem: str
    host: Host
    subject: Subject
    why: str
    over: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of what flaps: when, and whether the fault was there from then on."""

    at: datetime
    there: bool


@dataclass(frozen=True, slots=True)
class Hush:
    """The silence that keeps an incident quiet: its number, its end, and who asked for it."""

    number: int
    ends_at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Aside:
    """What else an incident's thread tells. `flapping` is how many changes there were, 0 while it does not flap.

    `there` says whether the fault is there at the moment, while it flaps, and `flapping_since` when that began.
    `outlived` says what it was attached to, if that ended and it did not, and `hush` what keeps it quiet now.
    """

    flapping: int = 0
    related: tuple[Related, ...] = ()
    outlived: str = ""
    flapping_since: datetime | None = None
    there: bool = True
    hush: Hush | None = None
