"""The lab's cable plant: which devices there are, what is plugged into what, and what state it is in.

Pure apart from its lock: time is passed in. A port is *up* when it is not shut down, its own cable is whole, and the
other end, if it is a lab device too, is not shut down either.
"""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LOG_LINES = 200  # kept per device, newest last

Why = Literal["cable", "admin", "err-disable", "none"]


class UnknownPortError(KeyError):
    """There is no such device or interface in the lab."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Port:
    """One interface as it is now. `since` is the epoch time of its last change; `peer` is (device, interface)."""

    name: str
    ifindex: int
    description: str
    peer: tuple[str, str] | None
    admin_up: bool = True
    cut: bool = False
    carrier: bool = True
    err_disabled: str | None = None
    crc: int = 0
    flaps: int = 0
    since: float = 0.0
    bgp: Literal["up", "lost", "shut"] = "up"
    ospf_lost: bool = False
    rx_dbm: float = -5.1

    @property
    def up(self) -> bool:
        """Operationally up."""
        return self.admin_up and self.carrier and self.err_disabled is None

    @property
    def why_down(self) -> Why:
        """What keeps it down."""
        if not self.admin_up:
            return "admin"
        if self.err_disabled is not None:
            return "err-disable"
        return "none" if self.carrier else "cable"


@dataclass(frozen=True, slots=True)
class Device:
    """One router or switch of the lab. `source` is the address its traps come from."""

    name: str
    os: str
    address: str
    source: str
    ports: tuple[str, ...]

    @property
    def hostname(self) -> str:
        """What its prompt says: the name without the domain."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Change:
    """A port that went up or down, before and after, and when (epoch seconds)."""

    device: Device
    before: Port
    after: Port
    at: float


class Plant:
    """All devices and their ports. Every change returns the ports it changed, both ends of a cable included."""

    def __init__(self, network: Mapping[str, Any], *, now: float, log_line: Callable[[Change], Iterable[str]]) -> None:
        self._lock = threading.Lock()
        self._log_line = log_line
        self.devices: dict[str, Device] = {}
        self._ports: dict[tuple[str, str], Port] = {}
        self._logs: dict[str, list[str]] = {}
        platforms = network["platforms"]
        for name, data in network["devices"].items():
            network_os = str(platforms[data["platform"]]["ansible_network_os"])
            sources = data.get("snmp_source_addresses") or [data["management_ip"]]
            interfaces = data.get("interfaces") or {}
            self.devices[name] = Device(
                name=name,
                os=network_os.rpartition(".")[2],
                address=data["management_ip"],
                source=sources[0],
                ports=tuple(interfaces),
            )
            self._logs[name] = []
            for interface, port in interfaces.items():
                peer = port.get("peer")
                self._ports[name, interface] = Port(
                    name=interface,
                    ifindex=port["if_index"],
                    description=port.get("description", ""),
                    peer=(peer["device"], peer["interface"]) if peer else None,
                    since=now,
                )

    def device(self, name: str) -> Device:
        """The device called `name`, with or without its domain. Raises UnknownPortError."""
        for device in self.devices.values():
            if name in (device.name, device.hostname):
                return device
        msg = f"no device {name!r} in the lab; there are {', '.join(self.devices)}"
        raise UnknownPortError(msg)

    def port(self, device: str, interface: str) -> Port:
        """The port as it is now. Raises UnknownPortError."""
        found = self.device(device)
        port = self._ports.get((found.name, interface))
        if port is None:
            msg = f"no interface {interface!r} on {found.name}; there are {', '.join(found.ports)}"
            raise UnknownPortError(msg)
        return port

    def ports(self, device: str) -> tuple[Port, ...]:
        """The ports of a device, in the order of the network file."""
        found = self.device(device)
        with self._lock:
            return tuple(self._ports[found.name, name] for name in found.ports)

    def log(self, device: str) -> tuple[str, ...]:
        """The device's log buffer, oldest first."""
        return tuple(self._logs[self.device(device).name])

    def change(self, device: str, interface: str, *, now: float, **fields: Any) -> list[Change]:  # noqa: ANN401
        """Set fields of a port and let the consequences reach the other end. Returns what went up or down."""
        found = self.device(device)
        self.port(device, interface)
        with self._lock:
            keys = [(found.name, interface)]
            peer = self._ports[keys[0]].peer
            if peer is not None and peer in self._ports:
                keys.append(peer)
            before = {key: self._ports[key] for key in keys}
            self._ports[keys[0]] = dataclasses.replace(before[keys[0]], **fields)
            for key in keys:
                self._ports[key] = dataclasses.replace(self._ports[key], carrier=self._carrier(key))
            return [change for key in keys if (change := self._settle(key, before[key], now)) is not None]

    def restore(self, device: str, interface: str, *, now: float) -> list[Change]:
        """Mend the cable at both ends and bring this port up."""
        peer = self.port(device, interface).peer
        if peer is not None and peer in self._ports:
            with self._lock:
                self._ports[peer] = dataclasses.replace(self._ports[peer], cut=False)
        return self.change(device, interface, now=now, cut=False, admin_up=True, err_disabled=None)

    def _carrier(self, key: tuple[str, str]) -> bool:
        port = self._ports[key]
        other = self._ports.get(port.peer) if port.peer else None
        if port.cut or (other is not None and other.cut):
            return False
        return other is None or (other.admin_up and other.err_disabled is None)

    def _settle(self, key: tuple[str, str], before: Port, now: float) -> Change | None:
        after = self._ports[key]
        if (before.up, before.admin_up) == (after.up, after.admin_up):
            return None
        self._ports[key] = after = dataclasses.replace(after, since=now, flaps=before.flaps + 1)
        change = Change(self.devices[key[0]], before, after, now)
        log = self._logs[key[0]]
        log.extend(self._log_line(change))
        del log[:-LOG_LINES]
        return change


def read_network(path: Path | None = None) -> dict[str, Any]:
    """The network description as a mapping; without a path, the one that is shipped with the lab."""
    path = path or Path(__file__).parent.parent / "network.yml"
    network: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return network
