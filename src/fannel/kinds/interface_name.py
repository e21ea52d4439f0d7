"""One spelling for one interface: `Gi0/1`, `GigabitEthernet 0/1` and `GigabitEthernet0/1` are the same port.

The name is part of the fingerprint, so a trap and a syslog line must agree on it. What is kept is the full name in
the vendor's own spelling (`port-channel1` on NX-OS, `Port-Channel1` on EOS), since commands and their output use it.
Only abbreviations in the table are expanded, and only in their own case: `Eth1/1` is NX-OS, `eth1` is Linux and
stays. A form nobody knows stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

# Full names of Cisco IOS, IOS-XE, IOS-XR, NX-OS, Arista EOS and Huawei VRP, with what each is shortened to.
_ABBREVIATIONS: Final[dict[str, tuple[str, ...]]] = {
    "Ethernet": ("Et", "Eth"),
    "FastEthernet": ("Fa", "Fas", "FastEth"),
    "GigabitEthernet": ("Gi", "Gig", "GE", "GigE"),
    "TwoGigabitEthernet": ("Tw", "Two"),
    "FiveGigabitEthernet": ("Fi", "Five"),
    "TenGigabitEthernet": ("Te", "Ten", "TenGig"),
    "TenGigE": (),
    "XGigabitEthernet": ("XGE",),
    "TwentyFiveGigE": ("Twe", "TF"),
    "FortyGigabitEthernet": ("Fo", "For"),
    "FortyGigE": (),
    "FiftyGigE": ("Fif",),
    "HundredGigE": ("Hu", "Hun"),
    "TwoHundredGigE": ("TH",),
    "FourHundredGigE": ("Fou", "FH"),
    "AppGigabitEthernet": ("Ap",),
    "Port-channel": ("Po",),
    "port-channel": (),  # NX-OS
    "Port-Channel": (),  # EOS
    "Bundle-Ether": ("BE",),
    "Loopback": ("Lo",),
    "loopback": (),  # NX-OS
    "Vlan": ("Vl",),
    "Tunnel": ("Tu",),
    "Management": ("Ma",),
    "MgmtEth": ("Mg",),
    "Serial": ("Se",),
    "POS": (),
    "BVI": ("BV",),
    "Dialer": ("Di",),
    "Cellular": ("Ce",),
    "Virtual-Access": ("Vi",),
    "Virtual-Template": ("Vt",),
    "Null": ("Nu",),
    "Vxlan": ("Vx",),
}
_FULL: Final = {short: full for full, shorts in _ABBREVIATIONS.items() for short in (*shorts, full)}

# IOS-XR alone has rack/slot/module/port (and lane), and says TenGigE and FortyGigE where the others say
# …GigabitEthernet.
_XR_FULL: Final = {"TenGigabitEthernet": "TenGigE", "FortyGigabitEthernet": "FortyGigE"}
_XR_SLASHES: Final = 3
# What IOS-XR shortens as the others do, though it has another name for it in full.
_LIKE: Final = {full: others for others, full in _XR_FULL.items()}

_NAME: Final = re.compile(r"(?P<type>[A-Za-z][A-Za-z-]*) ?(?P<number>\d[\d/.:]*)")
# Older IOS appends this to the ifDescr of a sub-interface, and to nothing else it says about it.
_SUBINTERFACE_SUFFIX: Final = re.compile(r"-(?:802\.1Q|ISL) vLAN subif\Z")
# ifDescr and ifName have at most 255 octets (RFC 2863); what is longer is no name.
_MAX_LENGTH: Final = 255


def canonical_interface_name(name: str) -> str:
    """`name` as its vendor writes it in full, without stray white space."""
    name = " ".join(name.split())[:_MAX_LENGTH]
    name = _SUBINTERFACE_SUFFIX.sub("", name)
    found = _NAME.fullmatch(name)
    if found is None:
        return name
    full = _FULL.get(found["type"])
    if full is None:
        return name
    number = found["number"]
    if number.count("/") >= _XR_SLASHES:
        full = _XR_FULL.get(full, full)
    return full + number


def spellings(name: str) -> tuple[str, ...]:
    """`name` in full, then every way it may be shortened: what to look for where a device shortens names."""
    full = canonical_interface_name(name)
    found = _NAME.fullmatch(full)
    if found is None:
        return (full,)
    name = _LIKE.get(found["type"], found["type"])
    shorts = _ABBREVIATIONS.get(name, ()) or _ABBREVIATIONS.get(name.capitalize(), ())
    return (full, *(short + found["number"] for short in shorts))
