"""What stands before a syslog message's text: PRI, then one of the headers devices write.

    RFC 5424 §6     1 2026-11-14T08:30:56.699Z host app procid msgid [id name="value"] text
    RFC 3164 §4.1   Nov 14 08:30:56 host app[pid]: text
    IOS             521: router1: *Nov 14 08:30:56.699 JST: %TAG: text
    IOS XR          521: router1 RP/0/RP0/CPU0:Nov 14 08:30:56.699 JST: app[pid]: %TAG : text
    NX-OS           sw1: 2026 Nov 14 08:30:56 JST: %TAG: text
    Junos           Nov 14 08:30:56 host fpc0 app[pid]: TAG: text

Every part but one may be missing. Each expression is bounded and tried at one place, so a line costs the same
however it is made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal

from fannel.wire.syslog_tag import read_tag
from fannel.wire.syslog_time import Clock, Stamp, read_stamp

Layout = Literal["rfc5424", "rfc3164", "ios", "iosxr", "nxos"]

MAX_PARAMETERS = 512  # of one message; what has more is no structured data but an attack on the reader's time
MAX_PRIORITY = 191  # facility 23, severity 7 (RFC 5424 §6.2.1)

_PRIORITY = re.compile(r"<(\d{1,3})>", re.ASCII)

# RFC 5424 §6 allows 255, 48, 128 and 32 characters; a little more is borne where senders do not count.
_RFC5424 = re.compile(
    r"[1-9]\d{0,2} (-|\d{4}-\d\d-\d\dT\S{8,40}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,128})(?: |$)", re.ASCII
)
_ELEMENT = re.compile(r'\[([^\s=\]"\[]{1,128})', re.ASCII)
_PARAMETER = re.compile(r' {1,4}([^\s=\]"\[]{1,128})="((?:[^"\\]++|\\.)*+)"', re.ASCII | re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\\]])')

_HOST_WORD = r"(?:[\w.:@/+-]|%(?=[\w.-]))"
_COUNTERS = re.compile(r"(?:(\d{1,10}): {1,2})?(?:: {1,2})?(?:(\d{1,10}): {1,2})?", re.ASCII)
_NODE = re.compile(r"([A-Za-z0-9]{1,8}(?:/[A-Za-z0-9]{1,8}){1,4}):(?=[*.\dA-Z])", re.ASCII)
_ORIGIN = re.compile(rf"(\w{_HOST_WORD}{{0,254}}?|:{_HOST_WORD}{{1,254}}?)(?: ?: {{1,2}}| (?=\w{{1,8}}/\d))")
_HOST = re.compile(rf"(\w{_HOST_WORD}{{0,254}}|:{_HOST_WORD}{{1,254}}|\[[0-9A-Fa-f:.]{{2,45}}\])(?: {{1,2}}|$)")
_HOST_COLON = re.compile(r": {1,2}")
# Words that stand where a host name would and are none: syslogd's own remark, and the date of an inner header.
_NO_HOST = re.compile(
    r"last message repeated |[A-Z][a-z]{2} {1,2}\d{1,2} \d|(?:19|20)\d\d(?: [A-Z][a-z]{2} |[-/]\d)", re.ASCII
)
# Junos names the card, and sometimes names it twice, before the process on it.
_CARD = re.compile(
    r"((?:[a-z]{2,6}\d{1,2}-)?(?:afeb|c?feb|fpc|scb|sfm|sib|spmb|ssb)\d{1,2}) {1,2}(?:\1 {1,2})?", re.ASCII
)
# How a device's own header goes on after the host name; the text of a message that merely begins with a date does not.
_DEVICE_TEXT = re.compile(
    r"%{1,2}[A-Z0-9]|[^\s:\[\]]{1,64}(?:\[[^\]\s]{0,64}\]:|: {1,2}(?:\d{1,10}: )?%[A-Z])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Element:
    """One SD-ELEMENT (RFC 5424 §6.3). A name may occur several times (§6.3.3), so `params` keeps pairs in order."""

    id: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Header:
    """One header. The text, or the next header, begins at `end`.

    `certain`: nothing but a device writes this; without it, a date at the start of a text would pass for a header.
    """

    layout: Layout
    end: int
    stamp: Stamp | None = None
    hostname: str | None = None
    sequence: int | None = None
    node: str | None = None
    app_name: str | None = None
    procid: str | None = None
    msgid: str | None = None
    structured_data: tuple[Element, ...] = ()
    certain: bool = True


def is_card(word: str) -> bool:
    """Whether a word names a card of Junos."""
    return _CARD.fullmatch(f"{word} ") is not None


def is_node(word: str) -> bool:
    """Whether a word names a card of IOS XR."""
    return _NODE.match(f"{word}:0") is not None


def read_priority(text: str, start: int) -> tuple[int | None, int]:
    """PRI (RFC 5424 §6.2.1) at `start` and where the rest begins. What is no valid PRI stays part of the text."""
    if (found := _PRIORITY.match(text, start)) and (value := int(found[1])) <= MAX_PRIORITY:
        return value, found.end()
    return None, start


def read_header(text: str, start: int, clock: Clock, *, prioritised: bool) -> Header | None:
    """The header that begins at `start`, or None where there is only text.

    `prioritised`: a PRI came before it. Without one, "1 - a b c d" is a list of words and not RFC 5424's NILs.
    """
    if (found := _RFC5424.match(text, start)) and (prioritised or found[1] != "-"):
        return _rfc5424(text, found, clock)
    return _device_header(text, start, clock)


def _rfc5424(text: str, found: re.Match[str], clock: Clock) -> Header:
    stamp_text, hostname, app_name, procid, msgid = found.groups()
    structured_data, end = read_structured_data(text, found.end())
    stamp = None
    if stamp_text != "-":
        stamp = read_stamp(stamp_text, 0, clock)
        if stamp is None or stamp.end != len(stamp_text):
            stamp = Stamp(text=stamp_text, at=None, end=0)
    return Header(
        layout="rfc5424",
        end=end,
        stamp=stamp,
        hostname=_value(hostname),
        app_name=_value(app_name),
        procid=_value(procid),
        msgid=_value(msgid),
        structured_data=structured_data,
    )


def _value(field: str) -> str | None:
    return None if field == "-" else field


def read_structured_data(text: str, start: int) -> tuple[tuple[Element, ...], int]:
    """STRUCTURED-DATA (RFC 5424 §6.3) at `start` and where MSG begins.

    Accepts `]` unescaped inside quotes, as senders write it. What is broken, or left out, is taken for text.
    """
    if text.startswith("-", start) and text[start + 1 : start + 2] in ("", " "):
        return (), start + 2
    elements: list[Element] = []
    room = MAX_PARAMETERS
    position = start
    while room and (found := _ELEMENT.match(text, position)):
        name, params = found[1], []
        position = found.end()
        room -= 1
        while room and (parameter := _PARAMETER.match(text, position)):
            room -= 1
            params.append((parameter[1], _ESCAPED.sub(r"\1", parameter[2])))
            position = parameter.end()
        while text.startswith(" ", position):  # Junos may leave a space before the bracket
            position += 1
        if not text.startswith("]", position):
            return (), start
        position += 1
        elements.append(Element(name, tuple(params)))
    if position < len(text) and text[position] != " ":
        return (), start
    return tuple(elements), position


def _device_header(text: str, start: int, clock: Clock) -> Header | None:
    """A header of RFC 3164's or Cisco's making."""
    sequence, position = _read_counters(text, start)
    node, at = _read_node(text, position)
    stamp = read_stamp(text, at, clock, cisco=at > start)
    if stamp is not None:
        if stamp.colon or node is not None:
            return _cisco(stamp, end=stamp.end, sequence=sequence, node=node)
        return _rfc3164(text, stamp, sequence)
    if origin := _ORIGIN.match(text, position):
        counted = position > start
        more, position = _read_counters(text, origin.end())
        node, at = _read_node(text, position)
        stamp = read_stamp(text, at, clock, cisco=True)
        # A name and a colon before a date may be a program that writes its own time: Cisco's closing colon decides.
        if stamp is not None and (stamp.colon or node is not None):
            first = more if sequence is None else sequence
            return _cisco(stamp, end=stamp.end, sequence=first, node=node, hostname=_unbracketed(origin[1]))
        if stamp is None and read_tag(text, position, program=False) is not None:
            return Header("ios", position, sequence=sequence, hostname=_unbracketed(origin[1]), certain=counted)
    elif position > start and read_tag(text, position, program=False) is not None:
        return Header("ios", position, sequence=sequence)
    return None


def _cisco(stamp: Stamp, *, end: int, sequence: int | None, node: str | None, hostname: str | None = None) -> Header:
    layout: Layout = "iosxr" if node else "nxos" if stamp.year_first else "ios"
    return Header(layout, end, stamp, hostname, sequence, node)


def _rfc3164(text: str, stamp: Stamp, sequence: int | None) -> Header:
    hostname, end = _read_host(text, stamp.end)
    node = None
    if card := _CARD.match(text, end):
        node, end = card[1], card.end()
    certain = _DEVICE_TEXT.match(text, end) is not None
    return Header("rfc3164", end, stamp, hostname, sequence, node, certain=certain)


def _read_counters(text: str, start: int) -> tuple[int | None, int]:
    """IOS counts what it sends (`logging message-counter`), then what it logs (`service sequence-numbers`).

    The first is taken: a gap in it is a lost line. NX-OS, and IOS without the first, leave a lone colon.
    """
    found = _COUNTERS.match(text, start)
    if found is None or found.end() == start:
        return None, start
    digits = found[1] or found[2]
    return (int(digits) if digits else None), found.end()


def _read_node(text: str, start: int) -> tuple[str | None, int]:
    found = _NODE.match(text, start)
    return (found[1], found.end()) if found else (None, start)


def _read_host(text: str, start: int) -> tuple[str | None, int]:
    """HOSTNAME (RFC 3164 §4.1.2) at `start`, if the next word is not a program, a tag, or already the text."""
    position = start
    while text.startswith(" ", position) and position < start + 4:
        position += 1
    found = _HOST.match(text, position)
    if found is None or _NO_HOST.match(text, position):
        return None, position
    word = found[1]
    if ":" in word and not _is_ipv6(_unbracketed(word)):
        if not (word.endswith(":") and _is_ipv6(word[:-1])):
            return None, position
        word = word[:-1]
    end = found.end()
    if colon := _HOST_COLON.match(text, end):
        end = colon.end()
    return _unbracketed(word), end


def _unbracketed(host: str) -> str:
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _is_ipv6(word: str) -> bool:
    if word.count(":") < 2:
        return False
    try:
        IPv6Address(word)
    except ValueError:
        return False
    return True
