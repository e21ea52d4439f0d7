"""Message tags: the mnemonic by which a vendor names a kind of message.

    IOS, XR, NX-OS, EOS   %LINK-3-UPDOWN: …                    LINK-3-UPDOWN
    Junos                 SNMP_TRAP_LINK_DOWN: …               SNMP_TRAP_LINK_DOWN
    Junos, with priority  %DAEMON-4-SNMP_TRAP_LINK_DOWN: …     SNMP_TRAP_LINK_DOWN
    Huawei VRP            %%01IFNET/4/IF_STATE(l)[12]:…        IFNET/4/IF_STATE, sequence 12
    FRR                   [M59KS-A3ZXZ] %ADJCHANGE: …          ADJCHANGE, message id M59KS-A3ZXZ

A tag is spelled as the vendor's message reference spells it, so that it can be looked up there.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Vendor = Literal["cisco", "junos", "huawei", "frr"]

# The digit is the severity of RFC 5424 Table 2. Before it may stand a sequence number or the instance of a routing
# protocol (EOS), or a virtual device (NX-OS).
_CISCO = re.compile(
    r"(?:(\d{1,10}): {1,2})?(?:Instance \d{1,10}: )?(?:%\$ ?[\w-]{1,32} ?%\$ )?"
    r"%([A-Za-z0-9_]{1,64}(?:-[A-Za-z0-9_]{1,64}){0,4}?-([0-7])-[A-Za-z0-9_-]{1,64})(?: ?:|(?= |$)) {0,4}",
    re.ASCII,
)
_JUNOS = re.compile(r"([A-Z][A-Z0-9]{1,31}(?:_[A-Z0-9]{1,40}){1,12}):(?: {1,2}|$)", re.ASCII)
_JUNOS_PRIORITY = re.compile(
    r"%(?:AUTH|AUTHORIZATION|CHANGE|CONFLICT|CRON|DAEMON|DFC|EXTERNAL|FIREWALL|FTP|INTERACT|KERN|LOCAL[0-7]|PFE|USER)"
    r"-([0-7])(?:-([A-Z][A-Z0-9_]{1,80}))?:(?: {1,2}|$)",
    re.ASCII,
)
_HUAWEI = re.compile(
    r"%%\d\d ?([A-Za-z0-9_-]{1,64}/([0-7])/[A-Za-z0-9_-]{1,128})"
    r"(?:\([a-z]{1,2}\))?(?:\[(\d{1,10})\])?(?::|(?= |$)) {0,2}",  # a relay cuts after 32 characters
    re.ASCII,
)
_FRR_ID = re.compile(r"\[([0-9A-Z]{5}-[0-9A-Z]{5})\] ?", re.ASCII)
_FRR_WORD = re.compile(r"%([A-Z][A-Z_]{2,31}): {0,2}", re.ASCII)


class Tag(NamedTuple):
    """What a message says of its own kind. `name` is None where only a severity or a message id was given.

    The text of the message begins at `end`.
    """

    vendor: Vendor
    end: int
    name: str | None
    severity: int | None = None
    sequence: int | None = None
    msgid: str | None = None


def read_tag(text: str, start: int, *, program: bool) -> Tag | None:
    """The tag that begins at `start`, or None.

    `program`: the name of a program came before it. Junos and FRR tags have no mark of their own, or one that
    ordinary text may begin with, and are looked for only there.
    """
    if program:
        if found := _JUNOS.match(text, start):
            return Tag("junos", found.end(), found[1])
        if found := _JUNOS_PRIORITY.match(text, start):
            return Tag("junos", found.end(), found[2], severity=int(found[1]))
        if found := _FRR_ID.match(text, start):
            word = _FRR_WORD.match(text, found.end())
            return Tag("frr", (word or found).end(), word and word[1], msgid=found[1])
    if found := _CISCO.match(text, start):
        sequence, name, severity = found.groups()
        return Tag("cisco", found.end(), name, int(severity), _number(sequence))
    if found := _HUAWEI.match(text, start):
        name, severity, sequence = found.groups()
        return Tag("huawei", found.end(), name, int(severity), _number(sequence))
    if program and (found := _FRR_WORD.match(text, start)):
        return Tag("frr", found.end(), found[1])
    return None


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def is_vendors(word: str) -> bool:
    """Whether a word is a tag beyond doubt, though its colon is missing: a relay took it for a program's name."""
    tag = read_tag(f"{word}: ", 0, program=False)
    return tag is not None and tag.name is not None


def is_event_name(msgid: str) -> bool:
    """Whether an RFC 5424 MSGID is a tag: Junos puts it there in its structured format."""
    return _JUNOS.fullmatch(f"{msgid}:") is not None
