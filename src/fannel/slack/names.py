"""Short forms of the names of interfaces, hosts and people, for display only: never a key, never in a command."""

from __future__ import annotations

import ipaddress
import re

# What engineers of each OS write. Longest first where one is the beginning of another.
_SHORT = {
    "FourHundredGigabitEthernet": "FH",
    "FourHundredGigE": "FH",
    "TwoHundredGigE": "TH",
    "HundredGigabitEthernet": "Hu",
    "HundredGigE": "Hu",
    "FiftyGigE": "Fi",
    "FortyGigabitEthernet": "Fo",
    "FortyGigE": "Fo",
    "TwentyFiveGigE": "Twe",
    "TwentyFiveGigabitEthernet": "Twe",
    "TenGigabitEthernet": "Te",
    "TenGigE": "Te",
    "FiveGigabitEthernet": "Fi",
    "TwoGigabitEthernet": "Tw",
    "GigabitEthernet": "Gi",
    "FastEthernet": "Fa",
    "MgmtEth": "Mg",
    "Management": "Ma",
    "Ethernet": "Eth",
    "Port-channel": "Po",
    "Bundle-Ether": "BE",
    "Loopback": "Lo",
    "Tunnel": "Tu",
    "Serial": "Se",
    "Vlan": "Vl",
}
_LONG = {name.lower(): short for name, short in _SHORT.items()}
_INTERFACE = re.compile(r"([A-Za-z-]+)(\d[\w./:-]*)\Z")


def interface(name: str) -> str:
    """`GigabitEthernet0/1` as `Gi0/1`; a name of no known form stays as it is."""
    match = _INTERFACE.match(name)
    short = _LONG.get(match[1].lower().rstrip("-")) if match else None
    return f"{short}{match[2]}" if match and short else name


def host(name: str) -> str:
    """The first label of a domain name; an address stays whole, since its first part names nothing."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.split(".", 1)[0] or name
    return name


def person(who: str) -> str:
    """Somebody as a history keeps them (`cli:kei`, `slack:Kei Mori`), by the name that people use."""
    where, colon, name = who.partition(":")
    return name if colon and where in ("cli", "slack") and name else who
