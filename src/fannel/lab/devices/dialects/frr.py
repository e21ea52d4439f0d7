"""FRRouting: vtysh as the login shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import Dialect, Screen, clock, command, fixed
from fannel.lab.devices.neighbors import neighbor_of

if TYPE_CHECKING:
    import re

    from fannel.lab.devices.plant import Port


def _json(port: Port) -> dict[str, object]:
    admin: dict[str, object] = {"administrativeStatus": "down"}
    if port.admin_up:
        admin = {
            "administrativeStatus": "up",
            "operationalStatus": "up" if port.up else "down",
            "linkDetection": True,
        }
    flags = ["BROADCAST", "MULTICAST"]
    if port.admin_up:
        flags.insert(0, "UP")
    if port.up:
        flags[1:1] = ["LOWER_UP", "RUNNING"]
    return {
        **admin,
        "linkUps": (port.flaps + port.up) // 2,
        "linkDowns": (port.flaps + 1 - port.up) // 2,
        "lastLinkUp" if port.up else "lastLinkDown": clock("%Y/%m/%d %H:%M:%S.%f", port.since)[:-1],
        "vrfName": "default",
        "osDescription": port.description,
        "index": port.ifindex,
        "metric": 0,
        "mtu": 1500,
        "speed": 10000,
        "flags": f"<{','.join(flags)}>",
        "type": "Ethernet",
        "hardwareAddress": f"52:54:00:fe:00:{port.ifindex & 0xFF:02x}",
        "interfaceType": "Other",
        "protodown": "off",
    }


def _interface_json(screen: Screen, match: re.Match[str]) -> str:
    port = screen.port(match["name"])
    return "{}" if port is None else json.dumps({port.name: _json(port)}, indent=2)


def _all_json(screen: Screen, _match: re.Match[str]) -> str:
    return json.dumps({port.name: _json(port) for port in screen.ports}, indent=2)


def _interface(screen: Screen, match: re.Match[str]) -> str:
    port = screen.port(match["name"])
    if port is None:
        return f"% Can't find interface {match['name']}"
    link = "down" if not port.admin_up else f"up, line protocol is {'up' if port.up else 'down'}"
    return (
        f"Interface {port.name} is {link}\n  Description: {port.description}\n  index {port.ifindex} metric 0 mtu 1500"
    )


def _bgp_neighbor(screen: Screen, match: re.Match[str]) -> str:
    for neighbor in map(neighbor_of, screen.ports):
        if neighbor.address == match["peer"]:
            up = neighbor.bgp_state == "established"
            since = {"bgpTimerUpString": "00:01:00"} if up else {"lastResetTimerMsecs": 9000}
            shut: dict[str, object] = {"adminShutDown": True} if neighbor.bgp_shut else {}
            told = {
                "remoteAs": neighbor.asn,
                "localAs": 64499,
                "nbrExternalLink": True,
                **shut,
                "bgpVersion": 4,
                "remoteRouterId": neighbor.router_id if up else "0.0.0.0",  # noqa: S104  (what FRR says)
                "bgpState": neighbor.bgp_state.capitalize(),
                **since,
                "lastResetDueTo": "Admin. shutdown" if neighbor.bgp_shut else "BGP Notification send",
                "lastNotificationReason": "Hold Timer Expired",
            }
            return json.dumps({neighbor.address: told}, indent=2)
    return json.dumps({"bgpNoSuchNeighbor": True}, indent=2)


def _ospf_neighbors(screen: Screen, _match: re.Match[str]) -> str:
    full = [(port, neighbor_of(port)) for port in screen.ports if neighbor_of(port).ospf_full]
    rows = {
        neighbor.router_id: [
            {
                "nbrPriority": 1,
                "nbrState": "Full/-",
                "converged": "Full",
                "ifaceAddress": neighbor.address,
                "ifaceName": f"{port.name}:{neighbor.own_address}",
            }
        ]
        for port, neighbor in full
    }
    return json.dumps({"neighbors": rows}, indent=2)


def _version(screen: Screen, _match: re.Match[str]) -> str:
    return (
        f"FRRouting 8.4.4 ({screen.device.hostname}) on Linux(6.1.0-18-amd64).\nCopyright 1996-2005 Kunihiro Ishiguro."
    )


FRR = Dialect(
    prompt=lambda device, _level: f"{device.hostname}# ",
    commands=(
        command(r"terminal length \d+|enable", fixed("")),
        command(r"show version", _version),
        command(r"show interface json", _all_json),
        command(r"show bgp neighbors (?P<peer>\S+) json", _bgp_neighbor),
        command(r"show ip ospf json", fixed('{\n  "routerId":"203.0.113.1"\n}')),
        command(r"show ip ospf neighbor json", _ospf_neighbors),
        command(r"show interface (?P<name>\S+) json", _interface_json),
        command(r"show interface (?P<name>\S+)", _interface),
    ),
    invalid=lambda line: f"% Unknown command: {line}",
    log_lines=lambda _change: (),
)
