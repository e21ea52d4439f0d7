"""What an SNMP engine id says of its engine's address (RFC 3411 §5, SnmpEngineID); pure.

octet   0                4        5
      +----------------+--------+------------------ -
      | enterprise     | format | 1: IPv4 address (4 octets)   2: IPv6 address (16 octets)
      +----------------+--------+------------------ -
The first bit is set; where it is not, and in every other format (MAC address, text, octets, an enterprise's own as
net-snmp's 128), no address is to be found that anybody could rely on.
"""

from __future__ import annotations

import functools
import ipaddress

_HEAD_OCTETS = 5
_SIZES = {1: 4, 2: 16}


@functools.lru_cache(maxsize=4096)
def embedded_address(engine_id: bytes) -> str | None:
    """The address in an engine id, if it holds one by which a device can be told from others."""
    if len(engine_id) <= _HEAD_OCTETS or not engine_id[0] & 0x80:
        return None
    if len(engine_id) - _HEAD_OCTETS != _SIZES.get(engine_id[4]):
        return None
    found = ipaddress.ip_address(engine_id[_HEAD_OCTETS:])
    address = getattr(found, "ipv4_mapped", None) or found
    # Every device has these.
    if address.is_unspecified or address.is_loopback or address.is_link_local or address.is_multicast:
        return None
    return str(address)
