"""`{interface}` and its like: the only way a value from outside gets into a command.

Each placeholder has a type, and each type one strict pattern that the whole value must match. What does not match
never reaches a device. `{name}` is the subject's name as reported: for texts, patterns and expressions, never in a
command.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from fannel.kinds.interface_name import spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.event import Subject

TOKEN = re.compile(r"\{([a-z_][a-z0-9_]*)\}")

# No blank, quote, pipe, semicolon, question mark or control character: nothing a command line gives a meaning.
_SLOT_AND_PORT = re.compile(r"(?<![0-9/])[0-9]+(?:/[0-9]+)+\Z", re.ASCII)
_VRF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_GROUP_IN_NAME = re.compile(r" group ([0-9]{1,4})\Z", re.ASCII)
_NAME_LENGTH = 120
# What these say about themselves in `name` is an address, unless it is more than that.
_NEIGHBOURS = ("bgp_neighbor", "ospf_neighbor", "bfd_session", "isis_adjacency", "ntp_server", "bgp_peer")
_PROCESS = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9/.:_-]{0,63}", re.ASCII)


class UnfitValueError(ValueError):
    """The subject has no such value, or it does not match its type. The text says which, without the value."""


class MissingValueError(UnfitValueError):
    """The subject has no such value."""


def _interface(subject: Subject) -> str | None:
    name = subject.name if subject.type == "interface" else subject.interface
    return name if name is None or _INTERFACE.fullmatch(name) else ""


def _port_number(subject: Subject) -> str | None:
    """Slot and port alone, `0/0/0/1` of `TenGigE0/0/0/1`: what some commands take."""
    name = _interface(subject)
    if not name:
        return name
    found = _SLOT_AND_PORT.search(name)
    return found[0] if found else None


def _ifindex(subject: Subject) -> str | None:
    index = subject.ifindex
    if index is None:
        return None
    return str(index) if type(index) is int and 0 < index < 2**31 else ""  # InterfaceIndex, RFC 2863 §3.1.5


def _peer(subject: Subject) -> str | None:
    if subject.type == "ospf_neighbor" and subject.name is not None:
        # Its `peer` is the router id, which its owner chose; an address is what commands take.
        return _address(subject.name) or None
    told = subject.peer if subject.peer is not None else subject.name if subject.type in _NEIGHBOURS else None
    if told is subject.name and subject.type == "bfd_session" and _NUMBER.fullmatch(told or ""):
        return None
    return None if told is None else _address(told)


def _address(told: str) -> str:
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return ""
    return "" if getattr(address, "scope_id", None) else str(address)


def _peer4(subject: Subject) -> str | None:
    return _of_family(subject, v6=False)


def _peer6(subject: Subject) -> str | None:
    return _of_family(subject, v6=True)


def _of_family(subject: Subject, *, v6: bool) -> str | None:
    peer = _peer(subject)
    return None if peer and (":" in peer) is not v6 else peer


def _router_id(subject: Subject) -> str | None:
    told = subject.peer if subject.type == "ospf_neighbor" else None
    return None if told is None else _address(told)


def _vrf(subject: Subject) -> str | None:
    return None if subject.vrf is None else subject.vrf if _VRF.fullmatch(subject.vrf) else ""


def _group(subject: Subject) -> str | None:
    """The number of an HSRP or VRRP group: its name is `Vlan10 group 1`."""
    found = _GROUP_IN_NAME.search(subject.name or "") if subject.type == "fhrp_group" else None
    return found[1] if found else None


def _process(subject: Subject) -> str | None:
    name = subject.name if subject.type == "process" else None
    return name if name is None or _PROCESS.fullmatch(name) else ""


def _discriminator(subject: Subject) -> str | None:
    """How a device numbers a BFD session: all that its trap says."""
    name = subject.name if subject.type == "bfd_session" else None
    return name if name and _NUMBER.fullmatch(name) else None


# Each reads one value: None when the subject has none, "" when it has one that does not match.
PLACEHOLDERS: dict[str, Callable[[Subject], str | None]] = {
    "interface": _interface,
    "port_number": _port_number,
    "ifindex": _ifindex,
    "peer": _peer,
    "peer4": _peer4,
    "peer6": _peer6,
    "router_id": _router_id,
    "vrf": _vrf,
    "discriminator": _discriminator,
    "process": _process,
    "group": _group,
}
# What texts, patterns and expressions may name besides.
WORDS = (*PLACEHOLDERS, "name")


def value_of(name: str, subject: Subject) -> str:
    """The checked value of one placeholder.

    Raises:
        UnfitValueError: There is none, or it does not match.
    """
    value = _named(subject) if name == "name" else PLACEHOLDERS[name](subject)
    if value is None:
        msg = f"the {name} is not known"
        raise MissingValueError(msg)
    if not value:
        msg = f"the {name} as reported is not a valid {name}, so nothing was sent to the device"
        raise UnfitValueError(msg)
    return value


def _named(subject: Subject) -> str | None:
    return None if subject.name is None else subject.name[:_NAME_LENGTH]


def fill(text: str, subject: Subject) -> str:
    """A command with its placeholders filled in. Raises UnfitValueError."""
    return TOKEN.sub(lambda token: value_of(token[1], subject), text)


def fill_first(forms: Sequence[str], subject: Subject) -> str:
    """The first form whose values are all known, filled in.

    A value that is known and does not match its type is no reason to go on to the next form.

    Raises:
        UnfitValueError: No form can be filled, or a value does not match.
    """
    for form in forms[:-1]:
        if all(PLACEHOLDERS[name](subject) is not None for name in TOKEN.findall(form)):
            return fill(form, subject)
    return fill(forms[-1], subject)


def fill_regex(pattern: str, subject: Subject) -> str:
    """A pattern with its placeholders filled in, each taken literally, an interface in any of its spellings.

    Raises UnfitValueError.
    """
    known = "|".join(WORDS)
    return re.sub(rf"\{{({known})\}}", lambda token: _pattern_of(token[1], subject), pattern)


def _pattern_of(name: str, subject: Subject) -> str:
    value = value_of(name, subject)
    if name != "interface":
        return re.escape(value)
    return f"(?:{'|'.join(re.escape(spelling) for spelling in spellings(value))})"


def known_values(subject: Subject) -> dict[str, str]:
    """Every placeholder that has a valid value."""
    known = {name: value for name, read in PLACEHOLDERS.items() if (value := read(subject))}
    return known if subject.name is None else known | {"name": subject.name[:_NAME_LENGTH]}


def names_of(subject: Subject) -> list[str]:
    """All addresses by which a table may list the subject: its own, and its router id."""
    told = (subject.name, subject.peer)
    return list(dict.fromkeys(address for value in told if value and (address := _address(value))))
