"""A subject as a person types it: `GigabitEthernet0/1`, `192.0.2.1`, `192.0.2.1 vrf CUST-A`, `Vlan10 group 1`."""

from __future__ import annotations

import re

from fannel.event import Subject
from fannel.kinds.interface_name import canonical_interface_name

_VRF = re.compile(r"\s+vrf\s+(\S+)\s*\Z", re.IGNORECASE)
_GROUP = re.compile(r"(\S+) group (\d+)", re.ASCII | re.IGNORECASE)
# What these are reached by is their name, and their `peer`.
_BY_ADDRESS = frozenset({"bgp_neighbor", "bfd_session", "ntp_server"})


def subject_of(kind: str, text: str, interface: str | None = None) -> Subject:
    """The subject of type `kind` that `text` names; `interface` is where a neighbour is reached.

    Nothing is judged here: what does not match its type is refused where it would enter a command.
    """
    found = _VRF.search(text)
    name: str | None = (text[: found.start()] if found else text).strip() or None
    vrf = found[1] if found else None
    if kind == "interface" and name is not None:
        name = canonical_interface_name(name)
    if kind == "fhrp_group" and (group := _GROUP.fullmatch(name or "")):
        interface = canonical_interface_name(group[1])
        name = f"{interface} group {group[2]}"
    peer = name if kind in _BY_ADDRESS and not (name or "").isdigit() else None
    return Subject(kind, name=name, peer=peer, vrf=vrf, interface=interface)
