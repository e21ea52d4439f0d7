"""The notifications the bench sends: a linkDown as a router sends it, four varbinds, prebuilt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

if TYPE_CHECKING:
    from fannel.wire.message import Pdu

LINK_DOWN: Final = "1.3.6.1.6.3.1.1.5.3"
COMMUNITY: Final = b"public"
_IF_ENTRY = "1.3.6.1.2.1.2.2.1"
# Four octets on the wire, so that one datagram can be made of another by replacing them.
FIRST_REQUEST_ID: Final = 0x1000_0000


def varbinds(interface: int) -> list[WireVarBind]:
    """ifIndex, ifDescr, ifAdminStatus, ifOperStatus."""
    return [
        WireVarBind(f"{_IF_ENTRY}.1.{interface}", ValueType.INTEGER, interface),
        WireVarBind(f"{_IF_ENTRY}.2.{interface}", ValueType.OCTET_STRING, b"GigabitEthernet0/%d" % interface),
        WireVarBind(f"{_IF_ENTRY}.7.{interface}", ValueType.INTEGER, 1),
        WireVarBind(f"{_IF_ENTRY}.8.{interface}", ValueType.INTEGER, 2),
    ]


def link_down(interface: int, request_id: int = FIRST_REQUEST_ID, *, pdu: Pdu = "trap") -> bytes:
    """One v2c notification."""
    return encode_trap(
        LINK_DOWN,
        varbinds(interface),
        community=COMMUNITY,
        pdu=pdu,
        request_id=request_id,
        uptime_ticks=181_440_000 + request_id % 1_000_000,
    )


def link_downs(interfaces: int) -> list[bytes]:
    """One trap for each of so many interfaces."""
    return [link_down(n, FIRST_REQUEST_ID + n) for n in range(1, interfaces + 1)]


def device_address(device: int) -> str:
    """The loopback address that device number `device` (from 0) sends from."""
    return f"127.9.{device // 250}.{device % 250 + 1}"
