"""The verdict: what a check concluded, why, and the lines that show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fannel.event import Severity

Outcome = Literal["confirmed", "cleared", "expected", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Output:
    """What one command of a check printed (empty when it never ran) and how long it took."""

    command: str
    text: str
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement: never without reasons; `evidence` are lines of the outputs, verbatim.

    `subject_name` is the interface name when the device had to be asked for it; `waited` says what was in the way of
    the login, when it took long. `summary` is the reason in a few words and `severity` what the fault weighs, where the
    check says so.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    took_s: float = 0.0
    subject_name: str | None = None
    waited: str = ""
    summary: str = ""
    severity: Severity | None = None

    @property
    def reason(self) -> str:
        """The reasons in one line."""
        return "; ".join(self.reasons)

    def to_json(self) -> dict[str, Any]:
        """The judgement without the outputs: what rules see and what the incident keeps."""
        found: dict[str, Any] = {
            "outcome": self.outcome,
            "reason": self.reason,
            "reasons": list(self.reasons),
            "evidence": list(self.evidence),
            "facts": self.facts,
        }
        said = {"summary": self.summary, "severity": self.severity}
        return found | {key: value for key, value in said.items() if value}
