"""A kinds file to begin with, out of one trap or line that nobody knows. Pure.

It is whole: it loads, and what it was made from is of the new kind. `TODO` stands where a person has to decide; what
somebody decided already (`Wanted`) has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.kinds.interface_name import canonical_interface_name, spellings
from fannel.kinds.syslog import card_key, text_of
from fannel.wire.ber import encode, read_header

if TYPE_CHECKING:
    from fannel.event import Phase, Severity
    from fannel.kinds.classify import Kinds
    from fannel.kinds.kind import Kind
    from fannel.naming.catalogue import Notification
    from fannel.wire.syslog import SyslogMessage

WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")

_SEQUENCE, _OCTETS = 0x30, 0x04
_NAMING = re.compile(r"name|descr|label|id\Z", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z][A-Za-z-]*[ ]?\d[\d/.:]*|\b(?:\d{1,3}\.){3}\d{1,3}\b|\S*\d\S*")
_NUMBERED = re.compile(r"\S*\d\S*")
_SPECIAL = re.compile(r"[\\.+*?()\[\]{}|^$]")
_AFTER, _SHOWN = 60, 40


class ScaffoldError(ValueError):
    """Nothing can be made of it. One line that says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody has decided. `name` is what names the part it is about: a varbind, or a word of the line."""

    kind: str
    os: str
    problem: str | None = None
    phase: Phase = "raise"
    severity: Severity | None = None
    subject: str | None = None
    name: str | None = None

    def clearing(self, kinds: Kinds, raised: str) -> Wanted:
        """The same for a kind that clears what `raised` raises. Raises ScaffoldError."""
        kind = _kind(kinds, raised)
        return Wanted(self.kind, self.os, kind.problem, "clear", self.severity, self.subject or kind.subject, self.name)


def of_trap(wanted: Wanted, notification: Notification) -> str:
    """The file for a trap. Raises ScaffoldError."""
    name, others = _varbind(wanted, notification)
    index = notification.get("ifIndex") is not None or notification.index("ifIndex") is not None
    if index and wanted.name is None and wanted.subject in (None, "interface"):
        kind = _kind_lines(wanted, "interface")
        return "\n".join((*kind, *_trap_lines(wanted, notification, "interface"), ""))
    subject = wanted.subject or (_first_word(wanted.kind) if name else "device")
    lines = [*_kind_lines(wanted, subject), "subjects:", f"  {wanted.kind}:", f"    type: {subject}"]
    if name:
        if wanted.name is None:
            lines.append("    # TODO which part of the device it is about; it sent " + ", ".join(others))
        lines.append(f"    name: {_plain(name)}")
    return "\n".join((*lines, *_trap_lines(wanted, notification, wanted.kind), ""))


def of_line(wanted: Wanted, message: SyslogMessage) -> str:
    """The file for a syslog line. Raises ScaffoldError."""
    # What patterns are searched for in: of a Junos line without a text its data.
    text = text_of(message).decode("utf-8", "replace").split("\n")[0]
    if not text.strip():
        raise ScaffoldError("the line has no text after its header")
    found = _name_in(wanted, text)
    spelled = text[found[0] : found[1]] if found else ""
    is_port = len(spellings(spelled)) > 1 or canonical_interface_name(spelled) != spelled
    subject = wanted.subject or ("interface" if is_port else _first_word(wanted.kind) if found else "device")
    if message.tag is not None:
        says = f"tag: {_quoted(message.tag)}"
    elif message.app_name is not None:
        says = f"program: {_quoted(message.app_name)}"
    elif message.node is not None:
        says = f"program: {_quoted(card_key(message.node))}"
    else:
        raise ScaffoldError("the line has neither a tag nor a program: nothing tells it from other lines")
    pattern = f"    pattern: {_quoted(_pattern(text, found))}"
    ask = ["    # TODO what is the same in every such line; docs/kinds.md"] if wanted.name is None else []
    entry = (f"  - {says}", *ask, pattern, f"    kind: {wanted.kind}")
    return "\n".join((*_kind_lines(wanted, subject, os=True), "syslog:", *entry, ""))


def without_community(octets: bytes) -> bytes:
    """The datagram of an SNMP v1 or v2c trap with `public` as its community: a case is for others to read.

    Raises:
        ScaffoldError: the community stands in it once more.
    """
    _, start, stop = read_header(octets, 0, len(octets))
    _, _, version = read_header(octets, start, stop)
    _, begin, end = read_header(octets, version, stop)
    community = octets[begin:end]
    shown = octets[start:version] + encode(_OCTETS, b"public") + octets[end:stop]
    if community not in (b"", b"public") and community in octets[end:stop]:
        raise ScaffoldError("the community stands among the varbinds, too (a proxy's snmpTrapCommunity?)")
    return encode(_SEQUENCE, shown)


# --- lines of the file --------------------------------------------------------------------------------------------


def _kind_lines(wanted: Wanted, subject: str, *, os: bool = False) -> list[str]:
    severity = wanted.severity or ("major" if wanted.phase == "raise" else "info")
    of = f"problem: {wanted.problem or wanted.kind}, phase: {wanted.phase}, severity: {severity}, subject: {subject}"
    ask = wanted.severity is None and wanted.phase == "raise"
    return [
        "---",
        *([f"os: [{wanted.os}]"] if os else []),
        "kinds:",
        *(["  # TODO severity: critical, major, minor, warning or info"] if ask else []),
        f"  {wanted.kind}: {{{of}}}",
    ]


def _trap_lines(wanted: Wanted, notification: Notification, subject: str) -> list[str]:
    named = _plain(notification.name)
    return ["traps:", f"  - notification: {named}", f"    kind: {wanted.kind}", f"    subject: {subject}"]


def _varbind(wanted: Wanted, notification: Notification) -> tuple[str | None, list[str]]:
    """The varbind that names the part, and all of them with what they say."""
    said = notification.values()
    shown = [f"{name} ({str(value)[:_SHOWN]})".replace("\n", " ") for name, value in said.items()]
    if wanted.name is not None:
        by_value = next((name for name, value in said.items() if str(value) == wanted.name), None)
        name = wanted.name if wanted.name in said else by_value
        if name is None:
            raise ScaffoldError(
                f"--name {wanted.name!r:.80}: no varbind has this name or value; there are {', '.join(shown)}"
            )
        return name, shown
    texts = [name for name, value in said.items() if isinstance(value, str)]
    naming = [name for name in texts if _NAMING.search(name)]
    return next(iter((*naming, *texts, *said)), None), shown


def _name_in(wanted: Wanted, text: str) -> tuple[int, int] | None:
    if wanted.name is not None:
        at = text.find(wanted.name)
        if at < 0 or not wanted.name:
            raise ScaffoldError(f"--name {wanted.name!r:.80} does not stand in the line's text: {text[:120]!r}")
        return at, at + len(wanted.name)
    found = _TOKEN.search(text)
    if found is None:
        return None
    token = found[0].rstrip(".,;:)]'\"")
    return found.start(), found.start() + len(token)


def _pattern(text: str, name: tuple[int, int] | None) -> str:
    if name is None:
        return f"^{_general(text[:_AFTER].rstrip())}"
    before, after = text[: name[0]], text[name[1] : name[1] + _AFTER]
    if name[1] + _AFTER < len(text):
        after = after.rpartition(" ")[0]
    group = r"(?P<name>.+?)" if " " in text[name[0] : name[1]] and after else r"(?P<name>\S+)"
    return f"^{_general(before)}{group}{_general(after.rstrip())}"


def _general(text: str) -> str:
    """What holds a digit differs from one line to the next; the rest is taken literally."""
    parts, at = [], 0
    for found in _NUMBERED.finditer(text):
        parts += [_SPECIAL.sub(r"\\\g<0>", text[at : found.start()]), r"\S+"]
        at = found.end()
    return "".join((*parts, _SPECIAL.sub(r"\\\g<0>", text[at:])))


def _kind(kinds: Kinds, name: str) -> Kind:
    kind = kinds.compiled.kinds.get(name)
    if kind is None or kind.phase != "raise":
        raise ScaffoldError(f"--clears {name}: no such kind raises anything; see `fannel kinds list`")
    return kind


def _first_word(kind: str) -> str:
    return kind.partition("_")[0]


def _plain(name: str) -> str:
    """A name as YAML; what is a number to YAML is quoted."""
    return name if re.fullmatch(r"[A-Za-z][\w:.-]*", name) else _quoted(name)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
