"""What was asked for, or why it cannot be done: the records that the grammar returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

Action = Literal["silence", "resume", "extend", "list", "help"]
Language = Literal["en", "ja"]

GLOB_MARKS: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Target:
    """What is meant, all of it at once: a host (a name, or a glob), or a site's or role's hosts; of them all, or one
    interface, problem or subject (a neighbour's address). `None` means any.
    """

    host: str | None = None
    site: str | None = None
    role: str | None = None
    interface: str | None = None
    problem: str | None = None
    subject: str | None = None

    def __str__(self) -> str:
        """As it may be written in a request."""
        where = [f"{name} {value}" for name, value in (("site", self.site), ("role", self.role)) if value]
        if self.host:
            where.append(self.host)
        what = " ".join(part for part in (self.problem_word, self.subject) if part)
        named = " ".join(where) + (f":{self.interface}" if self.interface else "")
        return f"{what} on {named}" if what else named

    @property
    def problem_word(self) -> str | None:
        """The problem as people say it: `bgp` for `bgp_*`."""
        return self.problem.removesuffix("_*") if self.problem else None

    @property
    def host_is_glob(self) -> bool:
        """Whether the host stands for all that are named so."""
        return self.host is not None and not GLOB_MARKS.isdisjoint(self.host)

    def to_json(self) -> dict[str, str]:
        """Only what is said."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may ask for at most. Beyond `targets` it is refused; what is broad is its reader's to judge."""

    longest: timedelta = timedelta(days=7)
    furthest: timedelta = timedelta(days=366)
    targets: int = 250


@dataclass(frozen=True, slots=True)
class Request:
    """One request, understood whole. Times are aware; `hosts` are the known devices that it means now.

    A request to extend has either `ends_at` or `by`; it and a request to resume may name silences by `ids`.
    """

    action: Action
    line: str
    language: Language
    targets: tuple[Target, ...] = ()
    hosts: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    by: timedelta | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """For machines; absent facts are absent keys."""
        out: dict[str, Any] = {"outcome": "request", "action": self.action}
        if self.targets:
            out["targets"] = [target.to_json() for target in self.targets]
            out["hosts"] = list(self.hosts)
        if self.ids:
            out["ids"] = list(self.ids)
        for name in ("starts_at", "ends_at"):
            if (moment := getattr(self, name)) is not None:
                out[name] = moment.isoformat()
        if self.by is not None:
            out["by_s"] = int(self.by.total_seconds())
        if self.reason:
            out["reason"] = self.reason
        return out


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was changed: `code` for machines, `why` and the `closest` valid form for who wrote the line."""

    code: str
    line: str
    language: Language
    why: str
    closest: str
    near: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {"outcome": "refusal", "code": self.code, "why": self.why, "closest": self.closest, "near": [*self.near]}


Outcome: TypeAlias = Request | Refusal


@dataclass(frozen=True, slots=True)
class Misfit(Exception):  # noqa: N818  (it says what does not fit; who catches it makes a Refusal of it)
    """Why a line cannot be understood: a code of `sentences`, and what fills its text."""

    code: str
    named: dict[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()
