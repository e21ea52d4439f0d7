"""Syslog messages: one line as a device sent it, taken apart. Pure; the caller bounds the length of a line.

Reads RFC 5424, RFC 3164 and what network devices send instead (syslog_header.py and syslog_tag.py draw the forms).
`parse()` never raises: a line that follows nothing is a message with its text, and no text is ever lost.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)
    >>> message = parse("<189>521: r1: *Nov 14 08:30:56.699: %LINK-5-CHANGED: Gi1 is down", received_at=now, zone=UTC)
    >>> message.hostname, message.tag, message.message, message.timestamp.isoformat()
    ('r1', 'LINK-5-CHANGED', 'Gi1 is down', '2026-11-14T08:30:56.699000+00:00')
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from fannel.wire.syslog_header import Element, Header, is_card, is_node, read_header, read_priority
from fannel.wire.syslog_tag import Tag, is_event_name, is_vendors, read_tag
from fannel.wire.syslog_time import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

__all__ = ["Element", "Form", "SyslogMessage", "parse"]

Form = Literal["rfc5424", "rfc3164", "ios", "iosxr", "nxos", "eos", "junos", "huawei", "frr", "free"]

# Labels of RFC 5427 (SyslogFacility, SyslogSeverity): RFC 5424 itself numbers facilities without naming them.
FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "console", "cron2"),
    *("local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
)
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

_BOM = "\ufeff"
_BOM_AS_LATIN_1 = "\u00ef\u00bb\u00bf"  # what a relay makes of it that takes bytes for characters
_SURROGATES = re.compile("[\ud800-\udfff]")
_BEFORE_TEXT = re.compile(rf" *+(?:{_BOM}|{_BOM_AS_LATIN_1})?+")
_PROGRAM = re.compile(r"(?!%)([^\s:\[\]]{1,64})(?:\[([^\]\s]{0,64})\]:? {0,2}|:(?: {1,2}|(?=%\w)|$))", re.ASCII)
_PROGRAM_WITH_PID = re.compile(r"(?!%)([^\s:\[\]]{1,64})\[([^\]\s]{1,64})\]: {0,2}", re.ASCII)
_RELAYS_WRITE = ("rfc3164", "rfc5424")
_OF_RELAYS = ("meta", "origin", "timeQuality")  # RFC 5424 §7: what a relay may add by itself
_MAX_RELAYS = 3
_WORD = re.compile(r"([\w.:-]{1,64}) {1,2}", re.ASCII)
_MONTH = re.compile(r"[*.]?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", re.ASCII)
_UPTIME_GOES_ON = re.compile(r"\d\d:\d\d: ", re.ASCII)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
_NO_NAME = re.compile(rf"{_YEAR.pattern}|{_MONTH.pattern}|[A-Z]{{3,5}}", re.ASCII)  # years, months, zones
_COUNTER = re.compile(r"\d{1,10}", re.ASCII)  # a relay takes the "521:" of IOS for the name of a program


@dataclass(frozen=True, slots=True)
class SyslogMessage:
    """One syslog message. What a line does not say is None.

    `priority`        PRI; `facility` and `severity` are its halves by RFC 5427's labels. Without a PRI, `severity` is
                      the digit of the tag.
    `timestamp`       the device's time, aware; None when it named no instant (an uptime). `timestamp_text` is what
                      stood there, clock mark and zone included.
    `hostname`        the device as it, or the relay before us, calls it; `relay` is the outer header's host when the
                      device's own header names another.
    `sequence`        the device's message counter.
    `node`            the card that logged it (IOS XR `LC/0/1/CPU0`, Junos `fpc0`).
    `tag`             the vendor's mnemonic (`LINK-3-UPDOWN`, `SNMP_TRAP_LINK_DOWN`, `IFNET/4/IF_STATE`).
    `message`         the text after header and tag, to the end of the line.
    `format`          the form that was recognised; a statement about the line, not proof of the sender's OS.
    """

    message: str
    format: Form
    priority: int | None = None
    facility: str | None = None
    severity: str | None = None
    timestamp: datetime | None = None
    timestamp_text: str | None = None
    hostname: str | None = None
    app_name: str | None = None
    procid: str | None = None
    msgid: str | None = None
    structured_data: tuple[Element, ...] = ()
    sequence: int | None = None
    tag: str | None = None
    relay: str | None = None
    node: str | None = None

    @property
    def clock_unsynchronised(self) -> bool:
        """Whether the device itself doubts its clock: IOS marks a time `*` (never set) or `.` (NTP lost)."""
        return self.timestamp_text is not None and self.timestamp_text.startswith(("*", "."))

    def to_json(self) -> dict[str, Any]:
        """The message as a JSON object: absent facts are absent keys, times are ISO 8601.

        Structured data is `{id: {name: value}}`; a name that occurs several times has the list of its values.
        """
        out = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        if self.timestamp is not None:
            out["timestamp"] = self.timestamp.isoformat()
        del out["structured_data"]
        if self.structured_data:
            out["structured_data"] = {element.id: _by_name(element.params) for element in self.structured_data}
        return out


def parse(
    line: bytes | str, *, received_at: datetime, zone: tzinfo, zones: Mapping[str, tzinfo] | None = None
) -> SyslogMessage:
    """Take one line apart; never raises, whatever the line.

    `received_at` (aware) dates a timestamp without year; `zone` is for one without zone, or with a zone whose
    abbreviation is ambiguous and not among `zones`, the operator's own.
    """
    return _parse(_clean(line), Clock(received_at, zone, zones or {}), _MAX_RELAYS)


def _parse(text: str, clock: Clock, relays: int) -> SyslogMessage:
    priority, position = read_priority(text, 0)
    outer = read_header(text, position, clock, prioritised=priority is not None)
    if outer is None:
        return _message(text, priority, Header("rfc3164", position), None, bare=True)
    inner_priority, header, relay = _unwrap(text, priority, outer, clock)
    message = _message(text, inner_priority, header, relay, bare=False)
    if message.tag is None and relays and (joined := _joined(text, outer)) is not None:
        whole = _parse(joined, clock, relays - 1)
        if whole.tag is not None or whole.node is not None:
            return _restored(message, whole, outer)
    return message


def _clean(line: bytes | str) -> str:
    """The line as text: without byte order mark, terminator or padding; invalid UTF-8 and NUL become visible."""
    text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    text = text.rstrip("\r\n\0 \t").lstrip(" \t\r\n\0" + _BOM)
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    if not text.isascii():
        text = _SURROGATES.sub("\ufffd", text)
    return text


def _unwrap(text: str, priority: int | None, outer: Header, clock: Clock) -> tuple[int | None, Header, str | None]:
    """PRI and header of the device, under the headers that relays put before them, and the outermost relay's name.

    RFC 3164 §4.3 lets a relay supply what the device left out: its header counts wherever the inner one is silent.
    """
    relay, header = None, outer
    for inner_priority, inner in _inner_headers(text, outer, clock):
        if inner_priority is not None:
            priority = inner_priority
        sequence = inner.sequence if inner.sequence is not None else header.sequence
        hostname = inner.hostname
        if header.app_name and inner.layout not in _RELAYS_WRITE:
            # Before Cisco's own header stands no program: a relay took "521:", or the name of the device, for one.
            if _COUNTER.fullmatch(header.app_name):
                sequence = int(header.app_name) if sequence is None else sequence
            elif header.layout == "rfc5424" and header.procid is None and inner.stamp is not None:
                hostname = hostname or header.app_name
        if hostname and header.hostname and hostname != header.hostname:
            relay = relay or header.hostname
        header = replace(
            inner,
            stamp=inner.stamp or header.stamp,
            hostname=hostname or header.hostname,
            sequence=sequence,
            structured_data=inner.structured_data or header.structured_data,
        )
    return priority, header, relay


def _inner_headers(text: str, outer: Header, clock: Clock) -> list[tuple[int | None, Header]]:
    """The headers inside `outer`, down to the last that is one beyond doubt; what only looks like one is text."""
    found: list[tuple[int | None, Header]] = []
    certain, innermost = 0, outer
    while innermost.layout in _RELAYS_WRITE and len(found) < _MAX_RELAYS:
        priority, position = read_priority(text, _skip_bom(text, innermost.end))
        inner = read_header(text, position, clock, prioritised=priority is not None)
        if inner is None:
            break
        found.append((priority, inner))
        innermost = inner
        if inner.certain or priority is not None:
            certain = len(found)
    return found[:certain]


def _joined(text: str, header: Header) -> str | None:
    """What a relay made RFC 5424 of and cut in the wrong places, put together again; None where nothing says so.

    It takes what follows the date for a host and the next word for a program: the counter, the clock or the node of
    Cisco's, a tag, the year or the zone before a host, the card of Junos.
    """
    ours = (element.id in _OF_RELAYS for element in header.structured_data)
    if header.layout != "rfc5424" or header.msgid is not None or not all(ours):
        return None
    host, app = header.hostname or "", header.app_name or ""
    stamp = header.stamp.text if header.stamp is not None else ""
    text = text[header.end :].lstrip(" ")
    if _MONTH.fullmatch(host):
        return f"{host} {app} {text}"
    if _COUNTER.fullmatch(app):
        between = " " if _RFC3339.match(text) else ":" if _UPTIME_GOES_ON.match(text) else ": "
        return f"{app}{between}{text}"
    if is_node(app):
        return f"{app}:{text}"
    if is_vendors(app):
        return f"{app}: {text}"
    if _MONTH.fullmatch(app) or app == "%$":
        return f"{app} {text}"
    if is_card(app):
        return f"{stamp} {host} {app} {text}"
    if app and _PROGRAM.match(text):
        return f"{stamp} {app} {text}"
    return f"{stamp} {text}" if _YEAR.fullmatch(host) else None


def _restored(cut: SyslogMessage, whole: SyslogMessage, outer: Header) -> SyslogMessage:
    """The device's own line, with what only the relay's header says."""
    named = whole.hostname is not None and whole.hostname != outer.hostname
    return replace(
        whole,
        priority=cut.priority,
        facility=cut.facility,
        severity=cut.severity or whole.severity,
        timestamp=whole.timestamp or cut.timestamp,
        timestamp_text=whole.timestamp_text or cut.timestamp_text,
        hostname=whole.hostname or outer.hostname,
        relay=outer.hostname if named and not _NO_NAME.fullmatch(outer.hostname or "") else None,
    )


def _message(text: str, priority: int | None, header: Header, relay: str | None, *, bare: bool) -> SyslogMessage:
    position = _skip_bom(text, header.end)
    app_name, procid, msgid = header.app_name, header.procid, header.msgid
    if header.layout in ("rfc3164", "iosxr"):
        program = (_PROGRAM_WITH_PID if bare else _PROGRAM).match(text, position)
        if program:
            app_name, procid = program[1], program[2] or None
            position = _skip_bom(text, program.end())
    tag = read_tag(text, position, program=app_name is not None)
    if tag is None and app_name is None and header.layout == "rfc3164" and not bare:
        header, app_name, procid, position, tag = _after_a_word(text, header, position)
    if tag:
        position = tag.end
        msgid = msgid or tag.msgid
    facility = severity = None
    if priority is not None:
        facility, severity = FACILITIES[priority >> 3], SEVERITIES[priority & 7]
    elif tag and tag.severity is not None:
        severity = SEVERITIES[tag.severity]
    return SyslogMessage(
        message=text[position:].lstrip(" "),
        format=_form(header, tag, app_name, bare=bare),
        priority=priority,
        facility=facility,
        severity=severity,
        timestamp=header.stamp.at if header.stamp else None,
        timestamp_text=header.stamp.text if header.stamp else None,
        hostname=header.hostname,
        app_name=app_name,
        procid=procid,
        msgid=msgid,
        structured_data=header.structured_data,
        sequence=header.sequence if header.sequence is not None or tag is None else tag.sequence,
        tag=_tag_name(tag, msgid),
        relay=relay,
        node=header.node,
    )


def _after_a_word(text: str, header: Header, position: int) -> tuple[Header, str | None, str | None, int, Tag | None]:
    """Header, program, its id, where the text or the tag begins, and the tag, if one word more stands before it.

    A relay that writes RFC 3164 leaves the program without its colon, or puts a year or a zone where the host belongs.
    """
    if word := _WORD.match(text, position):
        if (tag := read_tag(text, word.end(), program=False)) is not None and tag.name is not None:
            return header, word[1] if word[1] != "-" else None, None, word.end(), tag
        if (program := _PROGRAM.match(text, word.end())) is not None:
            tag = read_tag(text, program.end(), program=True)
            if tag is not None and tag.name is not None:
                named = replace(header, hostname=word[1])
                return named, program[1], program[2] or None, program.end(), tag
    return header, None, None, position, None


def _form(header: Header, tag: Tag | None, app_name: str | None, *, bare: bool) -> Form:
    """The form of a whole line: vendors that keep RFC 3164's header are told by their tag."""
    if header.layout != "rfc3164":
        return header.layout
    if tag is None:
        if header.node is not None:
            return "junos"
        return "free" if bare and app_name is None else "rfc3164"
    if tag.vendor != "cisco":
        return tag.vendor
    if app_name is not None:
        return "eos"
    return "nxos" if header.stamp and header.stamp.year_first else "ios"


def _tag_name(tag: Tag | None, msgid: str | None) -> str | None:
    if tag is not None and tag.name is not None:
        return tag.name
    return msgid if msgid is not None and is_event_name(msgid) else None


def _skip_bom(text: str, position: int) -> int:
    found = _BEFORE_TEXT.match(text, position)
    return found.end() if found else position


def _by_name(params: tuple[tuple[str, str], ...]) -> dict[str, str | list[str]]:
    out: dict[str, str | list[str]] = {}
    for name, value in params:
        known = out.get(name)
        if known is None:
            out[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            out[name] = [known, value]
    return out
