"""`{interface}` and its like: the only way a value from outside gets into a command.

Each placeholder has a type, and each type one strict pattern that the whole value must match. What does not match
never reaches a device.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.event import Subject

TOKEN = re.compile(r"\{([a-z_]+)\}")

# No blank, quote, pipe, semicolon, question mark or control character: nothing a command line gives a meaning.
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9/.:_-]{0,63}", re.ASCII)


class UnfitValueError(ValueError):
    """The subject has no such value, or it does not match its type. The text says which, without the value."""


def _interface(subject: Subject) -> str | None:
    name = subject.name if subject.type == "interface" else None
    return name if name is None or _INTERFACE.fullmatch(name) else ""


def _ifindex(subject: Subject) -> str | None:
    index = subject.ifindex
    if index is None:
        return None
    return str(index) if type(index) is int and 0 < index < 2**31 else ""  # InterfaceIndex, RFC 2863 §3.1.5


def _peer(subject: Subject) -> str | None:
    if subject.peer is None:
        return None
    try:
        address = ipaddress.ip_address(subject.peer)
    except ValueError:
        return ""
    return "" if getattr(address, "scope_id", None) else str(address)


# Each reads one value: None when the subject has none, "" when it has one that does not match.
PLACEHOLDERS: dict[str, Callable[[Subject], str | None]] = {
    "interface": _interface,
    "ifindex": _ifindex,
    "peer": _peer,
}


def value_of(name: str, subject: Subject) -> str:
    """The checked value of one placeholder.

    Raises:
        UnfitValueError: There is none, or it does not match.
    """
    value = PLACEHOLDERS[name](subject)
    if value is None:
        msg = f"the {name} is not known"
        raise UnfitValueError(msg)
    if not value:
        msg = f"the {name} as reported is not a valid {name}, so nothing was sent to the device"
        raise UnfitValueError(msg)
    return value


def fill(text: str, subject: Subject) -> str:
    """A command with its placeholders filled in. Raises UnfitValueError."""
    return TOKEN.sub(lambda token: value_of(token[1], subject), text)


def fill_regex(pattern: str, subject: Subject) -> str:
    """A pattern with its placeholders filled in, each taken literally. Raises UnfitValueError."""
    known = "|".join(PLACEHOLDERS)
    return re.sub(rf"\{{({known})\}}", lambda token: re.escape(value_of(token[1], subject)), pattern)


def known_values(subject: Subject) -> dict[str, str]:
    """Every placeholder that has a valid value."""
    return {name: value for name, read in PLACEHOLDERS.items() if (value := read(subject))}
