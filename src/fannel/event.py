"""The Event: the immutable record of one thing that happened, shared by every stage and seen by rules.

Its JSON form is `fannel.event/1` (event.schema.json beside this file). `to_queue()` is the only way an event leaves
for ansible-rulebook; what it returns has passed `neutralise()`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, Self

import orjson

from fannel.host_name import is_host_name

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "fannel.event/1"
# With ten runs at a time a new one finds its lock taken by another fault once in a hundred times, and waits a moment.
LOCKS = 1024

Phase = Literal["raise", "clear", "info"]
Severity = Literal["critical", "major", "minor", "warning", "info"]
Via = Literal["snmp_trap", "syslog", "slack", "check"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Host:
    """The device, as pagoda knows it; for an unknown sender `name` is its address and `known` is False.

    `ambiguous` names the devices that all claim the address: nobody guesses which one it was.
    """

    name: str
    known: bool
    os: str | None = None
    platform: str | None = None
    site: str | None = None
    role: str | None = None
    pagoda_id: int | None = None
    stale_s: int = 0
    ambiguous: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The part of the device an event is about. `name` may be unknown while an index is known.

    `interface` is where a neighbour or session is reached, `vrf` the routing instance it is in; both only where said.
    """

    type: str
    name: str | None = None
    ifindex: int | None = None
    description: str | None = None
    peer: str | None = None
    circuit: str | None = None
    interface: str | None = None
    vrf: str | None = None

    @property
    def key(self) -> str:
        """What tells this subject from others of its host: the name, or the index while no name is known."""
        if self.name:
            return self.name
        return f"ifindex-{self.ifindex}" if self.ifindex is not None else self.type


@dataclass(frozen=True, slots=True)
class Source:
    """Three separate facts about who spoke: the packet, the message, and the SNMPv3 engine.

    `proxy` is the load balancer that brought the packet and said its `address`. `disputed` names the devices, by fact,
    where trusted facts name different ones: the order of trust decided, and it may have been the wrong order.
    """

    address: str
    agent_address: str | None = None
    engine_id: str | None = None
    proxy: str | None = None
    disputed: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, normalised. `received_at` is aware; `trap`, `syslog` and `slack` are JSON objects."""

    id: str
    received_at: datetime
    via: Via
    kind: str
    problem: str
    phase: Phase
    severity: Severity
    host: Host
    subject: Subject
    source: Source
    trap: Json | None = None
    syslog: Json | None = None
    slack: Json | None = None
    verdict: Json | None = None
    refusal: Json | None = None
    lost: dict[str, int] | None = None
    silence: Json | None = None
    flap: Json | None = None
    look: Json | None = None
    incident: Json | None = None
    repeats: int = 1
    aliases: tuple[str, ...] = field(default=(), compare=False)

    @property
    def fingerprint(self) -> str:
        """`host/problem/subject`: the same for every event that speaks of the same fault."""
        return fingerprint(self.host.name, self.problem, self.subject.key)

    @property
    def lock(self) -> str:
        """What a rule locks to keep two runs off one fault."""
        return lock_name(self.fingerprint)

    def to_json(self) -> Json:
        """The event as a JSON object. Absent facts are absent keys, so that `is defined` works in a rule."""
        out: Json = {
            "schema": SCHEMA,
            "id": self.id,
            "received_at": self.received_at.isoformat(),
            "via": self.via,
            "kind": self.kind,
            "problem": self.problem,
            "phase": self.phase,
            "severity": self.severity,
            "fingerprint": self.fingerprint,
            "lock": self.lock,
            "host": _present(self.host),
            "subject": _present(self.subject),
            # The three facts are always there; what came with one of them, only where it did.
            "source": dict.fromkeys(("address", "agent_address", "engine_id")) | _present(self.source),
        }
        for key in ("trap", "syslog", "slack", "verdict", "refusal", "lost", "silence", "flap", "look", "incident"):
            if (value := getattr(self, key)) is not None:
                out[key] = value
        out["repeats"] = self.repeats
        # Nobody logs in to what pagoda does not know: its playbooks run where FANNEL runs.
        out["meta"] = {"hosts": self.host.name if self.host.known and is_host_name(self.host.name) else "localhost"}
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The event that `to_json()` wrote (from the event log; not neutralised there)."""
        known = {name: data[name] for name in _PLAIN_KEYS if name in data}
        ambiguous = data["host"].get("ambiguous")
        return cls(
            **known,
            received_at=datetime.fromisoformat(data["received_at"]),
            host=Host(**data["host"] | {"ambiguous": None if ambiguous is None else tuple(ambiguous)}),
            subject=Subject(**data["subject"]),
            source=Source(**data["source"]),
        )

    def to_line(self) -> str:
        """The event as rules may see it, as one line of JSON (without its newline); see `neutral_line()`."""
        return neutral_line(self.to_json())

    def to_queue(self) -> Json:
        """The event as rules may see it: `to_json()` with every string made harmless."""
        # Read back from the very text that was found harmless: nothing can be in it that was not looked at.
        harmless: Json = json.loads(self.to_line())
        return harmless


_PLAIN_KEYS = (
    *("id", "via", "kind", "problem", "phase", "severity", "repeats"),
    *("trap", "syslog", "slack", "verdict", "refusal", "lost", "silence", "flap", "look", "incident"),
)


def fingerprint(host: str, problem: str, subject_key: str) -> str:
    """Join the three parts of a fingerprint (DESIGN: `host/problem/subject`)."""
    return f"{host}/{problem}/{subject_key}"


def lock_name(fingerprint: str) -> str:
    """One of `LOCKS` names, the same in every process: equal fingerprints share it, and seldom two different ones.

    ansible-rulebook keeps every name it ever locked, so fingerprints themselves would fill its memory.
    """
    digest = hashlib.blake2b(fingerprint.encode("utf-8", "replace"), digest_size=4).digest()
    return f"lock-{int.from_bytes(digest) % LOCKS:04d}"


def _present(record: Host | Subject | Source) -> Json:
    return {name: value for name in record.__slots__ if (value := getattr(record, name)) is not None}


@functools.cache
def schema() -> Json:
    """The JSON Schema of an event."""
    text = resources.files("fannel").joinpath("event.schema.json").read_text(encoding="utf-8")
    loaded: Json = json.loads(text)
    return loaded


# --- neutralise -------------------------------------------------------------------------------------------------

# ansible-core templates what ansible-rulebook hands it as trusted. A template needs an opening brace, or a first line
# `#jinja2: variable_start_string:'[['` that chooses other marks. Every opening brace therefore becomes an ornament that
# no normalisation form turns back into one (U+2774 has no decomposition), and so do the three code points that NFKC
# would turn into `{`. A pair is not waited for: two harmless halves must not meet later. For the same reason a `#` that
# begins a text becomes a sharp whatever follows it. Control characters (terminal escapes) become their pictures.
_BRACE = "\u2774"
_SHARP = "\u266f"
_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: "\u2421"}
_C1 = dict.fromkeys(range(0x80, 0xA0), "\ufffd")
_BIDI = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C), "\ufffd")
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_HARMLESS = (
    dict.fromkeys(map(ord, "{\uff5b\ufe5b\ufe37"), _BRACE)
    | dict.fromkeys(map(ord, "\uff03\ufe5f"), _SHARP)
    | _CONTROLS
    | _C1
    | _BIDI
    | _SURROGATES
)
_JINJA_HEADER = re.compile(r"(\A\s*)#|#(?=jinja2)")

# The same, as something to look for in compact JSON that leaves all it can unescaped. There an opening brace that is no
# text stands before a key's quote or a closing brace, and one in a text never before a quote and a letter: after a
# text's own end come `,`, `:`, `]` or `}`. What is only suspicious (an empty object, `C:\users`) is looked at closely.
_OPENING = re.compile(r'\{(?!"[A-Za-z0-9_])')
_ESCAPED_CONTROL = re.compile(r"\\[^nt\"]")
# Every digit as a zero after a colon, so that a number with too many of them is found in one look.
_ZEROS = bytes.maketrans(b"123456789,[", b"000000000::")
_BIG_NUMBER = b":" + b"0" * 19
_NOT_ASCII = re.compile("[" + "".join(re.escape(chr(code)) for code in _HARMLESS if code >= 0x7F) + "]")

_INT64 = range(-(2**63), 2**63)
_MAX_DEPTH = 32
_MAX_INT_BITS = 4096  # Python refuses to write much larger ones in decimal


def neutralise_text(text: str) -> str:
    """`text` with nothing in it that Jinja could open, a terminal could obey or UTF-8 could refuse."""
    harmless = text.translate(_HARMLESS)
    return _JINJA_HEADER.sub(rf"\1{_SHARP}", harmless) if "#" in harmless else harmless


def neutralise(value: Any, _depth: int = 0) -> Any:  # noqa: ANN401  (any JSON value in, the same shape out)
    """A copy of a JSON value in which no string, keys included, can act as a template.

    Readable text stays readable. Numbers the rule engine cannot hold (beyond 64 bits, NaN, infinities) become
    text. Anything that is not JSON becomes its text; what is nested deeper than 32 levels becomes an ellipsis.
    """
    if isinstance(value, str):
        return neutralise_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value in _INT64 else _big(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if _depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {_key(key): neutralise(item, _depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [neutralise(item, _depth + 1) for item in value]
    return neutralise_text(str(value))


def _big(value: int) -> str:
    return str(value) if value.bit_length() <= _MAX_INT_BITS else "…"


def _key(key: object) -> str:
    # Ansible reads "__ansible_…" keys (vault, unsafe, type tags) as instructions of its own.
    return neutralise_text(str(key)).replace("__ansible", "_\u200bansible")


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
# What the standard library does not take is nobody's to take here either.
_PLAINLY = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
# Facts that every event has, known or not.
_MAY_BE_NULL = ('"agent_address":null', '"engine_id":null')


def neutral_line(value: Json) -> str:
    """`neutralise(value)` as one line of compact JSON: UTF-8 can hold it, and no newline is in it.

    Nearly every event is harmless as it is, and to see that in its text costs a tenth of making a copy.
    """
    try:
        octets = orjson.dumps(value, option=_PLAINLY)
    except TypeError:  # not JSON, or half a surrogate pair, or beyond 64 bits, or without end
        return _encode(neutralise(value))
    text = octets.decode()
    return text if _is_neutral(text, octets) else _encode(neutralise(value))


def _is_neutral(text: str, octets: bytes) -> bool:
    """Whether neutralise() would change nothing of what this JSON says. No where that is not plain to see."""
    return not (
        _OPENING.search(text)
        or "#" in text
        or "__ansible" in text
        or ("\\" in text and _ESCAPED_CONTROL.search(text))
        or ((not text.isascii() or "\x7f" in text) and _NOT_ASCII.search(text))
        or _BIG_NUMBER in octets.translate(_ZEROS, b"-")
        # Not a number is written as null.
        or text.count("null") > sum(map(text.count, _MAY_BE_NULL))
        or text.count("{") + text.count("[") > _MAX_DEPTH
    )
