"""A silence (静観): what is kept quiet, from when until when, and who asked for it. Pure.

Whether it is pending, active or expired is computed from the clock and never stored. A silence never changes: a change
makes its next revision, and says who made it. Several may cover one event; it is quiet until the last of them ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import re2

from fannel.kinds.interface_name import canonical_interface_name
from fannel.kinds.pattern import SMALL, PatternError, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timedelta

    from fannel.event import Event

Field = Literal["host", "site", "role", "interface", "problem", "kind", "severity", "subject"]
Operator = Literal["equal", "glob", "regex"]
State = Literal["pending", "active", "expired"]
What = Literal["added", "extended", "narrowed", "changed", "reworded", "expired"]

FIELDS: Final[frozenset[str]] = frozenset(
    {"host", "site", "role", "interface", "problem", "kind", "severity", "subject"}
)
OPERATORS: Final[frozenset[str]] = frozenset({"equal", "glob", "regex"})
# What these say of a device is the same for all its events.
OF_THE_DEVICE: Final[frozenset[str]] = frozenset({"host", "site", "role"})
LONGEST_PATTERN: Final = 255
_GLOB_MARK: Final = re.compile(r"[*?\[]")


class SilenceError(ValueError):
    """What cannot be a silence, or not be done to one; the text is for who asked."""


class OvertakenError(SilenceError):
    """Somebody else changed it since it was read."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """`field operator value`, compared without case; a regular expression is RE2's and must match all of the value."""

    field: Field
    operator: Operator
    value: str

    def __post_init__(self) -> None:
        if self.field not in FIELDS or self.operator not in OPERATORS:
            raise SilenceError(f"{self.field} {self.operator}: no such matcher; fields: {', '.join(sorted(FIELDS))}")
        if not 0 < len(self.value) <= LONGEST_PATTERN:
            raise SilenceError(f"{self.field}: a value has 1 to {LONGEST_PATTERN} characters")
        if self.operator == "regex":
            _compiled(self.value)
        elif self.operator == "glob" and "[" in self.value:
            _compiled(self.pattern)  # [z-a] is none

    @property
    def pattern(self) -> str:
        """The same as a regular expression that matches all of a folded value."""
        if self.operator == "regex":
            return f"(?i:{self.value})"
        if self.operator == "glob":
            return f"(?i:{_glob(self.folded)})"
        return f"(?:{re2.escape(self.folded)})"

    @property
    def folded(self) -> str:
        """The value as it is compared: without case, an interface by its full name."""
        return folded(_full_name(self.value) if self.field == "interface" else self.value)

    def test(self) -> Callable[[str], bool]:
        """Whether a folded value matches."""
        if self.operator == "equal":
            # A person writes eth1 of a port that its device calls Ethernet1, or eth1.
            return {self.folded, folded(self.value) if self.field == "interface" else self.folded}.__contains__
        plain = self._plain_test() if self.operator == "glob" else None
        return plain or _Pattern(self.pattern)

    def _plain_test(self) -> Callable[[str], bool] | None:
        """That of a glob without marks but a star at an end: a text's own methods are ten times as fast as RE2."""
        glob = self.folded
        bare = glob.strip("*")
        if _GLOB_MARK.search(bare):
            return None
        if glob.startswith("*"):
            return (lambda value: bare in value) if glob.endswith("*") else (lambda value: value.endswith(bare))
        return (lambda value: value.startswith(bare)) if glob.endswith("*") else bare.__eq__

    def to_json(self) -> list[str]:
        """As it is stored."""
        return [self.field, self.operator, self.value]

    def __str__(self) -> str:
        return f"{self.field}{_SIGNS[self.operator]}{self.value}"


_SIGNS: Final[Mapping[str, str]] = {"equal": "=", "glob": "~", "regex": "=~"}

Scope: TypeAlias = tuple[Matcher, ...]
"""Matchers that must all match."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One revision. It covers an event that matches any of its scopes. Times are aware.

    `origin` is where it was asked for (`cli`, `slack:C1:171…`); `author` asked first, `changed_by` made this revision.
    """

    id: int
    scopes: tuple[Scope, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    origin: str
    reason: str = ""
    revision: int = 1
    what: What = "added"
    changed_by: str = ""
    changed_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """Where it is in its life."""
        if now >= self.ends_at:
            return "expired"
        return "active" if now >= self.starts_at else "pending"

    def to_event(self) -> dict[str, Any]:
        """What an event says of it."""
        return {"id": self.id, "reason": self.reason, "ends_at": self.ends_at.isoformat()}

    def extended(self, ends_at: datetime, by: str, now: datetime) -> Silence:
        """The next revision, with another end.

        Raises:
            SilenceError: it has expired, or that would not be later.
        """
        if self.state(now) == "expired":
            raise SilenceError(f"silence #{self.id} has ended: add another one")
        if ends_at <= self.ends_at:
            raise SilenceError(f"silence #{self.id} lasts as long already")
        return self._next("extended", by, now, ends_at=ends_at)

    def expired(self, by: str, now: datetime) -> Silence:
        """The next revision, over now.

        Raises:
            SilenceError: it has expired before.
        """
        if self.state(now) == "expired":
            raise SilenceError(f"silence #{self.id} has ended")
        return self._next("expired", by, now, ends_at=now, starts_at=min(self.starts_at, now))

    def narrowed(self, scopes: tuple[Scope, ...], by: str, now: datetime) -> Silence:
        """The next revision, about less."""
        return self._next("narrowed", by, now, scopes=scopes) if scopes else self.expired(by, now)

    def replaced(self, other: Silence, by: str, now: datetime) -> Silence:
        """The next revision, with what the other one is about, its times and its reason."""
        return self._next(
            "changed",
            by,
            now,
            scopes=other.scopes,
            starts_at=other.starts_at,
            ends_at=other.ends_at,
            reason=other.reason,
        )

    def reworded(self, reason: str, by: str, now: datetime) -> Silence:
        """The next revision, with another reason."""
        return self._next("reworded", by, now, reason=reason)

    def _next(self, what: What, by: str, now: datetime, **changes: Any) -> Silence:  # noqa: ANN401  (own fields)
        return replace(self, revision=self.revision + 1, what=what, changed_by=by, changed_at=now, **changes)


def resumed(silences: Iterable[Silence], scopes: Sequence[Scope], by: str, now: datetime) -> list[Silence]:
    """The next revisions of those silences that cover what is resumed.

    Raises:
        SilenceError: nothing is silenced there, or only part of a scope is meant: a silence has no exceptions.
    """
    changed = []
    for silence in silences:
        if silence.state(now) == "expired":
            continue
        left = tuple(scope for scope in silence.scopes if not any(_within(scope, wider) for wider in scopes))
        if part := next((scope for scope in left if any(_may_share(wanted, scope) for wanted in scopes)), None):
            raise SilenceError(
                f"silence #{silence.id} is about more ({described((part,))}): end it as a whole by its number, "
                "and silence what is to stay quiet"
            )
        if len(left) < len(silence.scopes):
            changed.append(silence.narrowed(left, by, now))
    if not changed:
        raise SilenceError(f"nothing is silenced there: {described(scopes)}")
    return changed


def broad(silence: Silence, hosts: int, now: datetime, *, most_hosts: int, longest: timedelta) -> list[str]:
    """Why a second look is due before this is kept; `hosts` are the devices that it is about now. Empty: none is."""
    found = []
    if hosts > most_hosts:
        found.append(f"it is about {hosts} hosts, more than {most_hosts}")
    lasts = silence.ends_at - max(silence.starts_at, now)
    if lasts > longest:
        found.append(f"it lasts longer than {longest.total_seconds() / 3600:g} hours")
    if any(one.field == "severity" and one.test()("critical") for scope in silence.scopes for one in scope):
        found.append("it is about what is critical")
    return found


def quieted(said: Mapping[str, Any], author: str) -> str:
    """What is on record of an event that a silence covers; `said` is what the event says of it."""
    reason = f", {said['reason']}" if said["reason"] else ""
    until = datetime.fromisoformat(said["ends_at"]).astimezone(UTC)
    return f"silenced by #{said['id']} ({author}{reason}) until {until:%Y-%m-%d %H:%M} UTC"


def described(scopes: Iterable[Scope]) -> str:
    """Scopes for a person: `host=rt1 interface=Gi0/1, site=tyo1`."""
    return ", ".join(" ".join(map(str, scope)) for scope in scopes)


def scopes_of(stored: Iterable[Iterable[Sequence[str]]]) -> tuple[Scope, ...]:
    """The scopes of their stored form."""
    return tuple(tuple(Matcher(*parts) for parts in scope) for scope in stored)  # type: ignore[arg-type]


def values_of(event: Event) -> dict[str, str]:
    """What of an event is compared, folded. An interface is the subject itself, or where a neighbour is reached."""
    host, subject = event.host, event.subject
    interface = subject.name if subject.type == "interface" else subject.interface
    found = {
        "host": host.name,
        "site": host.site,
        "role": host.role,
        "interface": interface and _full_name(interface),
        "problem": event.problem,
        "kind": event.kind,
        "severity": event.severity,
        "subject": subject.name,
    }
    return {name: folded(value) for name, value in found.items() if value}


def folded(text: str) -> str:
    """A text as it is compared; what UTF-8 cannot hold compares as a question mark."""
    text = text.casefold()
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _within(scope: Scope, wider: Scope) -> bool:
    """Whether everything that `scope` covers, `wider` covers, as far as can be told from how they are written."""
    return all(any(_implies(one, matcher) for one in scope) for matcher in wider)


def _may_share(one: Scope, other: Scope) -> bool:
    """Whether an event may be in both. Of a host and a site nobody can tell here: taken for apart."""
    if not {matcher.field for matcher in one} & {matcher.field for matcher in other} & OF_THE_DEVICE:
        return _within(one, other)
    return all(_compatible(mine, its) for mine in one for its in other if mine.field == its.field)


def _compatible(one: Matcher, other: Matcher) -> bool:
    if one.operator == "equal":
        return other.test()(one.folded)
    if other.operator == "equal":
        return one.test()(other.folded)
    if one.operator == other.operator == "glob":
        mine, its = (_GLOB_MARK.split(matcher.folded, 1)[0] for matcher in (one, other))
        return mine.startswith(its) or its.startswith(mine)
    return True


def _implies(one: Matcher, wider: Matcher) -> bool:
    if one.field != wider.field:
        return False
    if one.operator == wider.operator and one.folded == wider.folded:
        return True
    return one.operator == "equal" and wider.test()(one.folded)


def _full_name(interface: str) -> str:
    """An interface as its vendor writes it, of whatever a person or a device wrote; the same for a pattern of one."""
    kind = interface.rstrip("0123456789/.:*?[]")
    number = interface[len(kind) :]
    for spelling in (kind, kind.capitalize(), kind.upper()):
        full = canonical_interface_name(spelling + "1")
        if full != spelling + "1":
            return full[:-1] + number
    return interface


def _glob(glob: str) -> str:
    """A glob as an RE2 pattern."""
    # Not by fnmatch: it writes look-aheads where there are several stars, which RE2 does not need and does not know.
    out: list[str] = []
    at = 0
    while at < len(glob):
        char = glob[at]
        end = glob.find("]", at + 2) if char == "[" else -1
        if char == "*":
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif end > 0:
            inside = glob[at + 1 : end]
            negated = inside[0] in "!^"
            out.append(f"[{'^' if negated else ''}{re2.escape(inside[negated:]).replace(chr(92) + '-', '-')}]")
            at = end
        else:
            out.append(re2.escape(char))
        at += 1
    return "(?s:" + "".join(out) + ")"


class _Pattern:
    """A test that is compiled when it is first needed: most of a thousand silences are about other devices."""

    __slots__ = ("_compiled", "_pattern")

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._compiled: Any = None

    def __call__(self, value: str) -> bool:
        if self._compiled is None:
            self._compiled = _compiled(self._pattern)
        return self._compiled.fullmatch(value) is not None


def _compiled(pattern: str) -> Any:  # noqa: ANN401  (re2 has no types)
    try:
        return compiled(pattern, SMALL)
    except PatternError as error:
        raise SilenceError(f"{pattern}: no regular expression (RE2): {error}") from None
