"""The facts of a subject, in one spelling, so that a trap and a syslog line name the same thing alike. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from fannel.event import Subject
from fannel.kinds.interface_name import canonical_interface_name

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTS: Final = ("name", "ifindex", "description", "peer", "circuit", "interface", "vrf")
"""What a kinds file may say of a subject, beside its type."""

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
    """The subject of this type with these facts; what is empty or cannot be true is left out."""
    name = _text(_dotted(kind_of_thing, facts.get("name")))
    interface = _text(facts.get("interface"))
    if name is not None:
        name = canonical_interface_name(name) if kind_of_thing == "interface" else canonical_address(name)
    peer = _text(facts.get("peer"))
    return Subject(
        type=kind_of_thing,
        name=name,
        ifindex=_ifindex(facts.get("ifindex")),
        description=_text(facts.get("description")),
        peer=None if peer is None else canonical_address(peer),
        circuit=_text(facts.get("circuit")),
        interface=None if interface is None else canonical_interface_name(interface),
        vrf=_vrf(_text(facts.get("vrf"))),
    )


def canonical_address(text: str) -> str:
    """`text` in the one spelling of RFC 5952 if it is an address, else as it is."""
    if len(text) > _MAX_ADDRESS or not (":" in text or text[:1].isdigit()):
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def _dotted(kind_of_thing: str, name: object) -> object:
    """A name that is a number or octets on the wire, as people and commands write it."""
    if kind_of_thing == "ospf_neighbor" and isinstance(name, int) and name in _ROUTER_IDS:
        return str(ipaddress.IPv4Address(name))  # a router id (RFC 5643, Ospfv3RouterIdTC)
    if kind_of_thing == "isis_neighbor" and isinstance(name, str) and (found := _LSP_ID.fullmatch(name)):
        return ".".join(found.groups())
    return name


def _vrf(name: str | None) -> str | None:
    return None if name in _DEFAULT_VRF else name


def _text(found: object) -> str | None:
    if found is None:
        return None
    return " ".join(str(found).split())[:_MAX_NAME] or None


def _ifindex(found: str | float | None) -> int | None:
    if isinstance(found, str):
        found = int(found) if _DIGITS.fullmatch(found) else None
    return found if isinstance(found, int) and found in _IF_INDEX else None
