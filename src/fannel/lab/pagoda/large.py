"""A network as large as somebody asks for, in the model that FANNEL assumes: to measure with, not to look at."""

from __future__ import annotations

import ipaddress
from typing import Final

from fannel.lab.pagoda.records import Records, from_network

_PLATFORMS: Final = {
    "Cisco IOS-XE": "cisco.ios.ios",
    "Cisco IOS-XR": "cisco.iosxr.iosxr",
    "Cisco NX-OS": "cisco.nxos.nxos",
    "Arista EOS": "arista.eos.eos",
    "Juniper Junos": "junipernetworks.junos.junos",
}
_SITES: Final = 50
_ROLES: Final = ("core", "spine", "leaf", "edge")
# RFC 2544's range for benchmarks holds 131,072 addresses; the fourth address of a device is IPv6 (RFC 5180).
_IPV4: Final = int(ipaddress.IPv4Address("198.18.0.0"))
_IPV6: Final = int(ipaddress.IPv6Address("2001:2::"))
MOST: Final = 2**17 // 3


def large_network(devices: int, *, interfaces: int = 0) -> Records:
    """`devices` devices of four addresses each, with `interfaces` interfaces each. Raises ValueError beyond MOST."""
    if not 0 <= devices <= MOST:
        raise ValueError(f"from 0 to {MOST} devices have addresses of their own")
    records = Records()
    platforms = tuple(_PLATFORMS)
    records.add(
        from_network(
            {
                "sites": {f"Site {n:02}": {"code": f"S{n:02}"} for n in range(_SITES)},
                "platforms": {name: {"ansible_network_os": os} for name, os in _PLATFORMS.items()},
                "devices": {
                    f"rt{n:05}.example.net": {
                        "platform": platforms[n % len(platforms)],
                        "site": f"Site {n % _SITES:02}",
                        "role": _ROLES[n % len(_ROLES)],
                        "management_ip": str(ipaddress.IPv4Address(_IPV4 + 3 * n)),
                        "snmp_source_addresses": [
                            str(ipaddress.IPv4Address(_IPV4 + 3 * n + 1)),
                            str(ipaddress.IPv4Address(_IPV4 + 3 * n + 2)),
                            str(ipaddress.IPv6Address(_IPV6 + n)),
                        ],
                        "interfaces": {
                            f"GigabitEthernet0/{port}": {"if_index": port + 1, "description": f"to port {port}"}
                            for port in range(interfaces)
                        },
                    }
                    for n in range(devices)
                },
            }
        )
    )
    return records
