"""The routers at the other end of the lab's ports, and the traps of a session with them that is lost or found again.

Every port speaks BGP and OSPF with one neighbour, the other address of its /31. Both follow the port; a session may
also be lost while the port is up, or be shut down by somebody.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.lab.devices.traps import uptime_ticks
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

if TYPE_CHECKING:
    from fannel.lab.devices.plant import Device, Port

_BGP_ESTABLISHED, _BGP_BACKWARD = "1.3.6.1.2.1.15.7.1", "1.3.6.1.2.1.15.7.2"  # BGP4-MIB (RFC 4273)
_BGP_PEER = "1.3.6.1.2.1.15.3.1"
_OSPF_NEIGHBOR_CHANGE = "1.3.6.1.2.1.14.16.2.2"  # OSPF-TRAP-MIB (RFC 4750)
_OSPF_ROUTER_ID, _OSPF_NEIGHBOR = "1.3.6.1.2.1.14.1.1.0", "1.3.6.1.2.1.14.10.1"
_STATES = {"established": 6, "active": 3, "idle": 1}
_OSPF_DOWN, _OSPF_FULL = 1, 8
_HOLD_TIMER_EXPIRED = b"\x04\x00"  # RFC 4271 §4.5


@dataclass(frozen=True, slots=True)
class Neighbor:
    """Who is at the other end of a port, and how the sessions with it are."""

    address: str
    own_address: str
    router_id: str
    asn: int
    bgp_state: str
    bgp_shut: bool
    ospf_full: bool


def neighbor_of(port: Port) -> Neighbor:
    """The neighbour of a port as it is now."""
    low = port.ifindex & 0xFF
    bgp_up = port.up and port.bgp == "up"
    return Neighbor(
        address=f"192.0.2.{low ^ 1}",
        own_address=f"192.0.2.{low}",
        router_id=f"198.51.100.{low ^ 1}",
        asn=64500 + low,
        bgp_state="established" if bgp_up else "idle" if port.bgp == "shut" else "active",
        bgp_shut=port.bgp == "shut",
        ospf_full=port.up and not port.ospf_lost,
    )


def bgp_trap(port: Port, at: float, *, community: bytes = b"public") -> bytes:
    """A bgpEstablished or bgpBackwardTransition, with the varbinds BGP4-MIB gives them."""
    neighbor = neighbor_of(port)
    varbinds = [
        WireVarBind(f"{_BGP_PEER}.14.{neighbor.address}", ValueType.OCTET_STRING, _HOLD_TIMER_EXPIRED),
        WireVarBind(f"{_BGP_PEER}.2.{neighbor.address}", ValueType.INTEGER, _STATES[neighbor.bgp_state]),
    ]
    up = neighbor.bgp_state == "established"
    return encode_trap(
        _BGP_ESTABLISHED if up else _BGP_BACKWARD, varbinds, community=community, uptime_ticks=uptime_ticks(at)
    )


def ospf_trap(port: Port, at: float, *, community: bytes = b"public") -> bytes:
    """An ospfNbrStateChange."""
    neighbor = neighbor_of(port)
    index = f"{neighbor.address}.0"
    varbinds = [
        WireVarBind(_OSPF_ROUTER_ID, ValueType.IP_ADDRESS, "203.0.113.1"),
        WireVarBind(f"{_OSPF_NEIGHBOR}.1.{index}", ValueType.IP_ADDRESS, neighbor.address),
        WireVarBind(f"{_OSPF_NEIGHBOR}.2.{index}", ValueType.INTEGER, 0),
        WireVarBind(f"{_OSPF_NEIGHBOR}.3.{index}", ValueType.IP_ADDRESS, neighbor.router_id),
        WireVarBind(f"{_OSPF_NEIGHBOR}.6.{index}", ValueType.INTEGER, _OSPF_FULL if neighbor.ospf_full else _OSPF_DOWN),
    ]
    return encode_trap(_OSPF_NEIGHBOR_CHANGE, varbinds, community=community, uptime_ticks=uptime_ticks(at))


def send_from(device: Device, datagram: bytes, to: tuple[str, int]) -> None:
    """Send a trap from the device's own address. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((device.source, 0))
        sender.sendto(datagram, to)
