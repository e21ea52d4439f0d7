"""Syslog entries of the kinds catalogue, compiled, and the index that finds the few that can apply to a message.

A message is looked up by its tag, or by the program that wrote it; only the patterns found there are tried, on RE2,
whose time is linear in the text whatever the pattern. Pure.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import re2

from fannel.kinds.facts import subject_of
from fannel.kinds.interface_name import canonical_interface_name
from fannel.kinds.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fannel.event import Subject
    from fannel.kinds.kind import Kind
    from fannel.wire.syslog import SyslogMessage

# What RFC 5424 §6.1 asks every receiver to take; nothing that names a fault comes later in a line.
_MAX_TEXT: Final = 2048
_GROUP_IN_TEMPLATE: Final = re.compile(r"\{([a-z_]+)\}")

NODE: Final = "node"
"""The card that speaks: to templates it is like a group."""

# `LINK-3-UPDOWN`, `IFNET/4/IF_STATE`: the digit is a severity, and software versions differ in it.
_SEVERITY: Final = re.compile(r"[-/][0-7](?=[-/])", re.ASCII)
# The part of a Cisco device that speaks: `LINK-SP-3-UPDOWN`, `PM-SW2_STBY-4-ERR_DISABLE`, `ETHPORT-SLOT2-5-IF_UP`.
_PLACE: Final = re.compile(
    r"-(?:SP|RP|STDBY|STANDBY|SPSTBY|SLOT\d{1,2}|SW\d{1,2}(?:_[A-Z]{2,6})?|DFC\d{1,2}|SIP\d{1,2})(?=-)", re.ASCII
)


@functools.lru_cache(maxsize=4096)
def tag_key(tag: str) -> str:
    """What a tag is looked up by: without the severity, and without the card or stack member that sent it.

    >>> tag_key("LINK-SP-3-UPDOWN"), tag_key("IFNET/4/IF_STATE"), tag_key("SNMP_TRAP_LINK_DOWN")
    ('LINK-UPDOWN', 'IFNET/IF_STATE', 'SNMP_TRAP_LINK_DOWN')
    """
    return _PLACE.sub("", _SEVERITY.sub("", tag, count=1), count=1)


def program_key(program: str) -> str:
    """What a program is looked up by: its name without the directory (`/kernel` of Junos)."""
    return program.rpartition("/")[2] or program


def card_key(node: str) -> str:
    """What a card that speaks for itself is looked up by, as if it were a program: `fpc` for `fpc0` (Junos)."""
    return node.rstrip("0123456789")


_ANY: Final = Pattern("")
"""Matches every text: what an entry without patterns has."""

# Bytes that the automaton of all patterns of one tag may grow to, as it meets new texts; it takes only what it needs.
_MAX_AUTOMATON: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class SyslogEntry:
    """One mapping of a message to its kind. Without patterns it takes every message of its tag.

    `facts` are those that are not simply the group of the same name: texts in which `{group}` stands for a group.
    """

    kind: Kind
    subject_type: str
    patterns: tuple[Pattern, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def subject(self, groups: Mapping[str, str], node: str | None) -> Subject:
        """What a message is about in which a pattern held these groups; `node` is the card that sent it."""
        facts: dict[str, Any] = dict(groups)
        if self.facts:
            known = groups if node is None else {NODE: node, **groups}
            for fact, template in self.facts.items():
                facts[fact] = _filled(template, known)
        return subject_of(self.subject_type, facts)


def groups_in(template: str) -> list[str]:
    """The groups that a fact's template speaks of."""
    return _GROUP_IN_TEMPLATE.findall(template)


def _filled(template: str, groups: Mapping[str, str]) -> str | None:
    """The template with its groups; None if one that it needs is not there."""
    if any(name not in groups for name in groups_in(template)):
        return None
    return _GROUP_IN_TEMPLATE.sub(lambda found: _spelled(found[1], groups[found[1]]), template)


def _spelled(group: str, value: str) -> str:
    return canonical_interface_name(value) if group == "interface" else value


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that applies to a message, the OS it is of, and what the message is about."""

    entry: SyslogEntry
    os: str
    subject: Subject


class Bucket:
    """The entries of one tag or program on one OS, in the order they are tried.

    One pass of RE2 over the text says which of their patterns match, however many there are; only the first of those
    is then asked for its groups.
    """

    __slots__ = ("_set", "_tried", "entries")

    def __init__(self, entries: Iterable[SyslogEntry]) -> None:
        """Compile the patterns of all entries into one."""
        self.entries = tuple(entries)
        self._tried = [(pattern, entry) for entry in self.entries for pattern in entry.patterns or (_ANY,)]
        options = re2.Options()
        options.max_mem = _MAX_AUTOMATON  # a set that runs out of it would match nothing
        self._set = re2.Set.SearchSet(options)
        for pattern, _ in self._tried:
            self._set.Add(pattern.text)
        self._set.Compile()

    def find(self, text: bytes, node: str | None) -> tuple[SyslogEntry, Subject] | None:
        """The entry for a message with this text, and what the message is about; None if it is for none of them."""
        first = 0
        if len(self._tried) > 1:
            matched = self._set.Match(text)
            if not matched:
                return None
            first = min(matched)
        pattern, entry = self._tried[first]
        groups = pattern.search(text)
        return None if groups is None else (entry, entry.subject(groups, node))


class SyslogIndex:
    """All syslog entries, by tag or program and then by OS, each in the order they are tried. Immutable."""

    def __init__(self, tags: Mapping[str, Mapping[str, Bucket]], programs: Mapping[str, Mapping[str, Bucket]]) -> None:
        """`tags` by tag_key(), `programs` by program_key()."""
        self._tags = tags
        self._programs = programs
        self.systems = frozenset(os for index in (tags, programs) for by_os in index.values() for os in by_os)

    def __iter__(self) -> Iterator[tuple[str, SyslogEntry]]:
        """Every (OS, entry)."""
        for index in (self._tags, self._programs):
            for by_os in index.values():
                for os, bucket in by_os.items():
                    for entry in bucket.entries:
                        yield os, entry

    def find(self, message: SyslogMessage, os: str | None) -> Found | None:
        """What the catalogue has for this message of a device with this OS.

        An OS that no entry speaks of is like an unknown one: then every OS is tried, and what they find counts where
        they agree, or where the form of the line says which of them it is.
        """
        buckets = [bucket for bucket in self._buckets(message) if bucket]
        if not buckets:
            return None
        text = text_of(message)
        if os is not None and os in self.systems:
            return _first(buckets, os, text, message.node)
        systems = {system for bucket in buckets for system in bucket}
        found = [_first(buckets, system, text, message.node) for system in sorted(systems)]
        return _agreed([one for one in found if one is not None], message.format)

    def _buckets(self, message: SyslogMessage) -> Iterator[Mapping[str, Bucket] | None]:
        """What there is for its tag, its program and its card, by OS: nearest first."""
        if message.tag is not None:
            yield self._tags.get(tag_key(message.tag))
        if message.app_name is not None:
            yield self._programs.get(program_key(message.app_name))
        if message.node is not None:
            yield self._programs.get(card_key(message.node))


def text_of(message: SyslogMessage) -> bytes:
    """What patterns are searched in: the message, or where it has none (Junos, brief) its structured data."""
    text = message.message
    if not text and message.structured_data:
        text = " ".join(f'{name}="{value}"' for element in message.structured_data for name, value in element.params)
    return text[:_MAX_TEXT].encode("utf-8", "replace")


def _first(buckets: Iterable[Mapping[str, Bucket]], os: str, text: bytes, node: str | None) -> Found | None:
    for by_os in buckets:
        bucket = by_os.get(os)
        if bucket is not None and (found := bucket.find(text, node)) is not None:
            return Found(found[0], os, found[1])
    return None


def _agreed(found: list[Found], form: str) -> Found | None:
    """The one answer of several systems; where they differ, that of the system whose form the line has."""
    if not found:
        return None
    meanings = {(one.entry.kind, one.subject) for one in found}
    if len(meanings) == 1:
        return found[0]
    return next((one for one in found if one.os == form), None)
