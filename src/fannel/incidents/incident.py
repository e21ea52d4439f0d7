"""The incident record: one fault, from the first raise to the clear.

Immutable; the store hands out a fresh one after every change. `opened_by` is the id of the event that opened it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.event import Host, Severity, Subject

State = Literal["new", "open", "resolved"]


@dataclass(frozen=True, slots=True)
class Incident:
    """One fault and what is known of it. Times are aware; `verdict` is the last judgement as JSON, if any.

    `new`: nobody has answered yet; `open`: a thread exists or is wanted; `resolved`: the clear was verified.
    `notification` names what reported it first (`IF-MIB::linkDown`).
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
