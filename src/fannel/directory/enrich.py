"""From what the directory knows to what an event carries. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fannel.event import Host
from fannel.kinds.interface_name import canonical_interface_name

if TYPE_CHECKING:
    from fannel.directory.directory import Interface, Lookup
    from fannel.event import Subject

MAX_CLAIMANTS: Final = 8


def to_host(lookup: Lookup, address: str) -> Host:
    """The host of an event: the device if exactly one was found, else the sender's own address, not known.

    Of the devices that all claim the address a few are named: enough to mend pagoda with.
    """
    device = lookup.device
    if device is None:
        ambiguous = lookup.among[:MAX_CLAIMANTS] or None
        return Host(name=address, known=False, stale_s=lookup.stale_s, ambiguous=ambiguous)
    return Host(
        name=device.name,
        known=True,
        os=device.os,
        platform=device.platform,
        site=device.site,
        role=device.role,
        pagoda_id=device.pagoda_id,
        stale_s=lookup.stale_s,
    )


def enrich_subject(subject: Subject, interface: Interface | None) -> Subject:
    """`subject` with its gaps filled from pagoda. What the device said itself stays."""
    if interface is None:
        return subject
    return replace(
        subject,
        name=subject.name or interface.name,
        ifindex=interface.ifindex if subject.ifindex is None else subject.ifindex,
        description=subject.description or interface.description,
        peer=subject.peer or interface.peer,
        circuit=subject.circuit or interface.circuit,
    )


def place_on(subject: Subject, interface: Interface | None) -> Subject:
    """What a trap says is on an interface it knows by index alone, named as a line names it.

    `ifindex 10 group 1` is `Vlan10 group 1` where pagoda has the index.
    """
    by_index = f"ifindex {subject.ifindex} "
    if interface is None or subject.interface or not (subject.name or "").startswith(by_index):
        return subject
    name = canonical_interface_name(interface.name)
    return replace(subject, name=f"{name} {(subject.name or '').removeprefix(by_index)}", interface=name)
