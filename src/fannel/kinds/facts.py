"""The facts of a subject, in one spelling, so that a trap and a syslog line name the same thing alike. Pure."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Any, Final

from fannel.event import Subject
from fannel.kinds.interface_name import canonical_interface_name

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTS: Final = ("name", "ifindex", "description", "peer", "circuit", "interface", "vrf")
"""What a kinds file may say of a subject, beside its type."""

_FACTS: Final = frozenset(FACTS)
# InterfaceIndex of RFC 2863.
_IF_INDEX: Final = range(1, 2**31)
# What the instance is called that is none: some say it, others say nothing.
_DEFAULT_VRF: Final = ("default", "master", "Public")
_ROUTER_IDS: Final = range(2**32)
# The system id is the first half of what IS-IS calls the neighbour by (RFC 4444, isisPduLspId).
_LSP_ID: Final = re.compile(r"([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})(?:[0-9a-f]{4})?", re.ASCII | re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{1,10}", re.ASCII)
# DisplayString's limit (RFC 2579); what is longer is cut, since names end up in fingerprints and on phones.
_MAX_NAME: Final = 255
# The longest address in text: IPv6 with an embedded IPv4 part and a zone (RFC 4291 §2.2, RFC 4007 §11).
_MAX_ADDRESS: Final = 64


def subject_of(kind_of_thing: str, facts: Mapping[str, str | int | float | None]) -> Subject:
    """The subject of this type with these facts; what is empty or cannot be true, or is no fact, is left out."""
    said: dict[str, Any] = {}
    for fact, found in facts.items():
        if found is not None and fact in _FACTS:
            value = _ifindex(found) if fact == "ifindex" else _spelled(kind_of_thing, fact, found)
            if value is not None:
                said[fact] = value
    return Subject(kind_of_thing, **said)


def _spelled(kind_of_thing: str, fact: str, found: str | float) -> str | None:
    """A fact as text, in its one spelling; None where nothing is left of it."""
    text = " ".join(str(found).split())[:_MAX_NAME] or None
    if text is None or fact in ("description", "circuit"):
        return text
    if fact == "interface" or (fact == "name" and kind_of_thing == "interface"):
        return canonical_interface_name(text)
    if fact == "vrf":
        return None if text in _DEFAULT_VRF else text
    if kind_of_thing == "ospf_neighbor" and isinstance(found, int) and found in _ROUTER_IDS:
        return str(ipaddress.IPv4Address(found))  # a number on the wire (RFC 5643, Ospfv3RouterIdTC)
    if kind_of_thing == "isis_neighbor" and (octets := _LSP_ID.fullmatch(text)):
        return ".".join(octets.groups())
    return canonical_address(text)


def canonical_address(text: str) -> str:
    """`text` in its one spelling if it is an address (RFC 5952 for IPv6), else as it is."""
    if ":" not in text or len(text) > _MAX_ADDRESS:
        return text  # of IPv4 there is only one that others take
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        return text


def _ifindex(found: object) -> int | None:
    if isinstance(found, str):
        found = int(found) if _DIGITS.fullmatch(found) else None
    return found if isinstance(found, int) and found in _IF_INDEX else None
