"""The `syslog` entries of the kinds files, compiled: patterns, groups and kinds are checked before any line comes.

A pattern that RE2 refuses, a group that is no fact, an entry that can never be reached: each is an error with its line.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from fannel.kinds.document import suggestion
from fannel.kinds.facts import FACTS
from fannel.kinds.kind import kind_of
from fannel.kinds.pattern import Pattern, PatternError
from fannel.kinds.syslog import (
    NODE,
    Bucket,
    SyslogEntry,
    SyslogIndex,
    groups_in,
    program_key,
    tag_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fannel.kinds.document import Document, Location
    from fannel.kinds.kind import Kind

_Collected = defaultdict[str, defaultdict[str, list[SyslogEntry]]]
_KEYS: Mapping[str, Callable[[str], str]] = {"tag": tag_key, "program": program_key}


def compile_syslog(documents: Iterable[Document], kinds: Mapping[str, Kind]) -> SyslogIndex:
    """The index of the entries of all files, in the order they are tried.

    Raises:
        KindsError: An entry cannot be used.
    """
    found: dict[str, _Collected] = {by: defaultdict(lambda: defaultdict(list)) for by in _KEYS}
    for document in documents:
        reached = _Reached(document)
        for position, raw in enumerate(document.data.get("syslog", ())):
            path: Location = ("syslog", position)
            entry = _entry(document, path, raw, kinds)
            systems = _listed(raw.get("os", document.data.get("os", [])))
            if not systems:
                raise document.error(path, "'os' is missing: say it here, or once at the top of the file")
            for by, key_of in _KEYS.items():
                for spelled in _listed(raw.get(by, [])):
                    for os in systems:
                        reached.add(path, (os, by, key_of(spelled)), entry)
                        found[by][key_of(spelled)][os].append(entry)
    return SyslogIndex(*(_frozen(found[by]) for by in ("tag", "program")))


def _frozen(found: _Collected) -> dict[str, dict[str, Bucket]]:
    return {key: {os: Bucket(entries) for os, entries in by_os.items()} for key, by_os in found.items()}


class _Reached:
    """Which entries of one file can be reached: none after one that takes all, and no pattern twice."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._all: dict[tuple[str, str, str], int] = {}
        self._patterns: dict[tuple[str, str, str, str], int] = {}

    def add(self, path: Location, key: tuple[str, str, str], entry: SyslogEntry) -> None:
        line = self._document.line(path)
        taken = self._all.get(key)
        if taken is not None:
            raise self._document.error(path, f"never reached: line {taken} takes every {key[2]} of {key[0]} before it")
        if not entry.patterns:
            self._all[key] = line
        for pattern in entry.patterns:
            earlier = self._patterns.setdefault((*key, pattern.text), line)
            if earlier != line:
                raise self._document.error(path, f"never reached: line {earlier} has the same pattern")


def _entry(document: Document, path: Location, raw: Mapping[str, Any], kinds: Mapping[str, Kind]) -> SyslogEntry:
    kind = kind_of(document, path, raw, kinds)
    subject_type, facts = _subject(document, path, raw, kind)
    patterns = tuple(pattern_of(document, (*path, "pattern"), text) for text in _listed(raw.get("pattern", [])))
    used = {group for template in facts.values() for group in groups_in(template)}
    held = {group for pattern in patterns for group in pattern.groups}
    for group in sorted(used - held - {NODE}):
        message = f"no pattern has a group {group!r}{suggestion(group, held)}"
        raise document.error((*path, "subject"), f"subject: {message}")
    only_facts(document, (*path, "pattern"), held - used)
    return SyslogEntry(kind, subject_type, patterns, facts)


def _subject(document: Document, path: Location, raw: Mapping[str, Any], kind: Kind) -> tuple[str, dict[str, str]]:
    said = raw.get("subject", {})
    facts = {"type": said} if isinstance(said, str) else dict(said)
    subject_type = facts.pop("type", kind.subject)
    if subject_type is None:
        raise document.error(path, f"'subject' is missing: nothing says what a {kind.name} is about")
    if kind.subject not in (None, subject_type):
        message = f"subject: a {kind.name} is about a subject of type {kind.subject!r}, not {subject_type!r}"
        raise document.error((*path, "subject"), message)
    return subject_type, facts


def only_facts(document: Document, path: Location, groups: Iterable[str]) -> None:
    """Refuse a group that is no fact of a subject. Raises KindsError."""
    for group in sorted(set(groups).difference(FACTS)):
        remedy = suggestion(group, FACTS) or f"; facts are {', '.join(FACTS)}"
        raise document.error(path, f"pattern: {group!r} is no fact of a subject{remedy}")


def pattern_of(document: Document, path: Location, text: str) -> Pattern:
    """A pattern of a kinds file, compiled. Raises KindsError."""
    try:
        return Pattern(text)
    except PatternError as error:
        message = f"pattern: RE2 refuses it: {error} (it has no look-around and no back-references)"
        raise document.error(path, message) from None


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  (a value of YAML, or a list of such)
    return value if isinstance(value, list) else [value]
