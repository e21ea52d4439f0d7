"""The names a request may use: hosts with their short names, sites and roles, as pagoda has them.

An index made once for each list of devices, so that a glob or a mistyped name costs no walk through ten thousand.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fannel.slack.grammar.request import Target

FEWEST_LITERALS: Final = 3
_GRAM: Final = 3
# What a mistyped name may be compared with: the commonest parts of names say nothing.
_MOST_POSTINGS: Final = 4000
_MOST_COMPARED: Final = 10
_ALIKE: Final = 0.7
_LITERALS = re.compile(r"[^*?\[\]]+")


class Device(Protocol):
    """What is needed of a device (fannel.directory's has more)."""

    @property
    def name(self) -> str:
        """Its full name."""

    @property
    def site(self) -> str | None:
        """Where it stands."""

    @property
    def role(self) -> str | None:
        """What it is for."""


class Known:
    """All names, compared without case."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self._names: list[str] = []
        self._folded: list[tuple[str, str]] = []  # full and short
        self._exact: dict[str, str] = {}
        self._short: dict[str, list[str]] = {}
        self.sites: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self._members: dict[str, tuple[str | None, str | None]] = {}
        self._postings: dict[str, list[int]] = {}
        for device in devices:
            self._add(device.name, device.site, device.role)

    def _add(self, name: str, site: str | None, role: str | None) -> None:
        folded = name.casefold()
        if folded in self._exact or not name:
            return
        number = len(self._names)
        short = folded.partition(".")[0]
        self._names.append(name)
        self._folded.append((folded, short))
        self._exact[folded] = name
        self._short.setdefault(short, []).append(name)
        self._members[name] = (site and site.casefold(), role and role.casefold())
        for group, names in ((site, self.sites), (role, self.roles)):
            if group:
                names.setdefault(group.casefold(), group)
        for gram in set(_grams(folded)):
            self._postings.setdefault(gram, []).append(number)

    def __len__(self) -> int:
        return len(self._names)

    def called(self, text: str) -> Sequence[str]:
        """The hosts of that full or short name: one, none, or the several that share it."""
        folded = text.casefold()
        exact = self._exact.get(folded)
        return [exact] if exact is not None else self._short.get(folded, ())

    def like(self, glob: str) -> list[str]:
        """The hosts whose full or short name a glob matches, in the order of the list."""
        folded = glob.casefold()
        matches = re.compile(fnmatch.translate(folded)).match
        return [
            self._names[number]
            for number in self._candidates(folded)
            if matches(self._folded[number][0]) or matches(self._folded[number][1])
        ]

    def costs(self, glob: str) -> int:
        """How many names `like()` has to look at."""
        return len(self._candidates(glob.casefold()))

    def near(self, text: str) -> tuple[str, ...]:
        """At most three names that somebody may have meant, the likeliest first."""
        text = text.casefold()[:64]
        counted: Counter[int] = Counter()
        room = _MOST_POSTINGS
        for posting in sorted((self._postings.get(gram, []) for gram in set(_grams(text))), key=len):
            if (room := room - len(posting)) < 0:
                break
            counted.update(posting)
        alike = [(self._alike(text, number), self._names[number]) for number, _ in counted.most_common(_MOST_COMPARED)]
        return tuple(name for ratio, name in sorted(alike, key=lambda one: (-one[0], one[1])) if ratio >= _ALIKE)[:3]

    def meant(self, target: Target) -> list[str]:
        """The known hosts that a target means now."""
        if target.host is not None:
            return self.like(target.host) if target.host_is_glob else list(self.called(target.host))
        site, role = target.site and target.site.casefold(), target.role and target.role.casefold()
        return [
            name
            for name, (its_site, its_role) in self._members.items()
            if site in (None, its_site) and role in (None, its_role)
        ]

    def devices(self) -> Iterator[tuple[str, dict[str, str | None]]]:
        """All of them: the name, and host, site and role as matchers compare them."""
        for name, (site, role) in self._members.items():
            yield name, {"host": name.casefold(), "site": site, "role": role}

    def role_of(self, name: str) -> str | None:
        """What the host of that full name is for, without case."""
        return self._members.get(name, (None, None))[1]

    def _alike(self, text: str, number: int) -> float:
        name, short = self._folded[number]
        return difflib.SequenceMatcher(None, text, name if "." in text else short, autojunk=False).ratio()

    def _candidates(self, glob: str) -> Sequence[int]:
        grams = [gram for literal in _LITERALS.findall(glob) for gram in _grams(literal)]
        if "[" in glob or not grams:
            return range(len(self._names))
        return min((self._postings.get(gram, []) for gram in grams), key=len)


def literals(glob: str) -> int:
    """How many characters of a glob stand for themselves."""
    return sum(map(len, _LITERALS.findall(re.sub(r"\[[^\]]{0,64}\]", "*", glob))))


def _grams(text: str) -> list[str]:
    return [text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)]


def names_of(rows: Iterable[Mapping[str, str]]) -> list[Named]:
    """Devices of rows with `name` and perhaps `site` and `role`."""
    return [Named(row["name"], row.get("site"), row.get("role")) for row in rows]


class Named:
    """A device of which no more is known than what a request needs."""

    __slots__ = ("name", "role", "site")

    def __init__(self, name: str, site: str | None = None, role: str | None = None) -> None:
        self.name, self.site, self.role = name, site, role
