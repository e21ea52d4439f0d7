"""What is known of the network at one moment: devices by any of their addresses and names, interfaces by device.

A Directory is immutable: a refresh builds another one and the owner swaps the reference, so readers need no lock.
Addresses are compared as addresses (RFC 5952 text, IPv4-mapped IPv6 unwrapped), names without case. What two devices
claim is *ambiguous*; the first one does not win.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, Literal, TypeAlias

from fannel.directory.garbage import uncollected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Status: TypeAlias = Literal["found", "ambiguous", "unknown"]

_OPTICS = re.compile(r"Optics(\d+(?:/\d+)+)")
_ABBREVIATED = re.compile(r"([A-Za-z][A-Za-z-]*)\s*(\d[\d/.:]*)\Z")


@dataclass(frozen=True, slots=True)
class Device:
    """A device as pagoda has it. `addresses` are normalised, the management address first; texts are as pagoda's."""

    name: str
    pagoda_id: int
    addresses: tuple[str, ...]
    management_ip: str | None = None
    os: str | None = None
    platform: str | None = None
    network_os: str | None = None
    site: str | None = None
    role: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface as pagoda has it; `peer` is readable text (device and its interface)."""

    name: str
    ifindex: int | None = None
    description: str | None = None
    peer: str | None = None
    circuit: str | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """What became of a question. `candidate` decided it; `among` names the devices of an ambiguous answer."""

    status: Status
    device: Device | None = None
    candidate: str | None = None
    among: tuple[str, ...] = ()
    stale_s: int = 0


class Directory:
    """An index over devices and interfaces. `loaded_at` is in seconds of the clock that `stale_s()` is asked with."""

    __slots__ = ("_devices", "_index", "_interfaces", "_ports", "loaded_at")

    def __init__(
        self,
        devices: Iterable[Device] = (),
        interfaces: Mapping[int, Sequence[Interface]] | None = None,
        *,
        loaded_at: float | None = None,
    ) -> None:
        """`interfaces` by the pagoda id of their device; `loaded_at` None means never."""
        self.loaded_at = loaded_at
        self._devices: dict[int, Device] = {device.pagoda_id: device for device in devices}
        self._index: dict[str, tuple[Device, ...]] = {}
        with uncollected():
            for device in self._devices.values():
                _claim(self._index, device)
        self._interfaces = {device_id: tuple(some) for device_id, some in (interfaces or {}).items()}
        # By device, made when it is first heard: most never are, and a chassis has a thousand interfaces.
        self._ports: dict[int, _Ports] = {}

    def __len__(self) -> int:
        return len(self._devices)

    @property
    def devices(self) -> tuple[Device, ...]:
        """All devices."""
        return tuple(self._devices.values())

    @property
    def interfaces(self) -> Mapping[int, tuple[Interface, ...]]:
        """All interfaces, by the pagoda id of their device."""
        return self._interfaces

    @property
    def interface_count(self) -> int:
        """How many interfaces are known."""
        return sum(map(len, self._interfaces.values()))

    @property
    def ambiguous(self) -> dict[str, tuple[str, ...]]:
        """Addresses and names that more than one device claims, with the claimants."""
        return {
            key: tuple(device.name for device in claimants)
            for key, claimants in self._index.items()
            if len(claimants) > 1
        }

    def stale_s(self, now: float) -> int:
        """Whole seconds since this was loaded; 0 when it never was (there is nothing to be stale)."""
        return 0 if self.loaded_at is None else max(0, int(now - self.loaded_at))

    def find(self, candidates: Sequence[str], now: float) -> Lookup:
        """The device of the first candidate (address or name) that one device alone claims.

        Without such a candidate: ambiguous if any was, else unknown.
        """
        stale_s = self.stale_s(now)
        contested: Lookup | None = None
        for candidate in candidates:
            claimants = self._index.get(candidate) or self._index.get(normalise(candidate), ())
            if len(claimants) == 1:
                return Lookup("found", claimants[0], candidate, stale_s=stale_s)
            if claimants and contested is None:
                among = tuple(device.name for device in claimants)
                contested = Lookup("ambiguous", None, candidate, among, stale_s)
        return contested or Lookup("unknown", candidate=candidates[0] if candidates else None, stale_s=stale_s)

    def interface(self, device: Device, *, ifindex: int | None = None, name: str | None = None) -> Interface | None:
        """The interface the device means by `name`, or by `ifindex` while it gave no name.

        Indexes are renumbered by reboots and pagoda may lag, so an index alone never overrides a different name; it
        does settle an abbreviation (`Gi0/1` and `GigabitEthernet0/1`). IOS-XR speaks of a port's light as
        `Optics0/0/0/4`, whatever its speed: that is the one port of that place.
        """
        ports = self._ports.get(device.pagoda_id)
        if ports is None:
            ports = self._ports[device.pagoda_id] = _Ports(self._interfaces.get(device.pagoda_id, ()))
        by_index = ports.by_index.get(ifindex, ())
        if not name:
            return by_index[0] if len(by_index) == 1 else None
        called_so = ports.by_name.get(name.casefold()) or next(
            (i for i in by_index if _abbreviates(name, i.name)), None
        )
        if called_so is None and (optics := _OPTICS.fullmatch(name)):
            there = ports.at(optics[1])
            return there[0] if len(there) == 1 else None
        return called_so

    def changed(
        self,
        devices: Iterable[Device] = (),
        gone: Iterable[int] = (),
        interfaces: Mapping[int, Sequence[Interface]] | None = None,
        *,
        loaded_at: float | None,
    ) -> Directory:
        """This directory with newer versions of some devices, without those that are gone, as of `loaded_at`.

        Costs a copy of the index, not a new one: changes come one at a time.
        """
        now, index = dict(self._devices), dict(self._index)
        known = {**self._interfaces, **{one: tuple(some) for one, some in (interfaces or {}).items()}}
        for device in devices:
            if (before := now.get(device.pagoda_id)) is not None:
                _disclaim(index, before)
            now[device.pagoda_id] = device
            _claim(index, device)
        for pagoda_id in gone:
            if (before := now.pop(pagoda_id, None)) is not None:
                _disclaim(index, before)
            known.pop(pagoda_id, None)
        return self._with(now, index, known, loaded_at)

    def as_of(self, loaded_at: float) -> Directory:
        """The same, found unchanged at that moment."""
        return self._with(self._devices, self._index, self._interfaces, loaded_at)

    def plus(self, device: Device, interfaces: Sequence[Interface] = ()) -> Directory:
        """This directory and one more device (or a newer version of one)."""
        return self.changed([device], (), {device.pagoda_id: interfaces}, loaded_at=self.loaded_at)

    @staticmethod
    def _with(
        devices: dict[int, Device],
        index: dict[str, tuple[Device, ...]],
        interfaces: dict[int, tuple[Interface, ...]],
        loaded_at: float | None,
    ) -> Directory:
        made = Directory(loaded_at=loaded_at)
        made._devices, made._index, made._interfaces = devices, index, interfaces
        return made


class _Ports:
    """The interfaces of one device, by index and by name without case (of two that share one, the first)."""

    __slots__ = ("by_index", "by_name")

    def __init__(self, interfaces: Iterable[Interface]) -> None:
        self.by_index: dict[int | None, list[Interface]] = {}
        self.by_name: dict[str, Interface] = {}
        for interface in interfaces:
            if interface.ifindex is not None:
                self.by_index.setdefault(interface.ifindex, []).append(interface)
            self.by_name.setdefault(interface.name.casefold(), interface)

    def at(self, place: str) -> list[Interface]:
        """Those at a place (`0/0/0/4`), by whatever name."""
        return [one for one in self.by_name.values() if (found := _ABBREVIATED.match(one.name)) and found[2] == place]


@functools.lru_cache(maxsize=4096)  # the same strangers, relays among them, are asked about all day
def normalise(address_or_name: str) -> str:
    """The one text of an address (`::FFFF:192.0.2.1` is `192.0.2.1`); a name in lower case."""
    text = address_or_name.strip()
    return address(text) or text.casefold()


def address(text: str) -> str | None:
    """The normalised text of an IP address, or None if it is none. A zone (`%eth0`) is another machine's affair."""
    text = text.strip()
    if not text[-1:].isdigit() and ":" not in text and "%" not in text:
        return None
    # Nearly all by the C library, which is ten times faster: a whole list holds 40,000.
    try:
        inet_pton(AF_INET, text)
    except (OSError, ValueError):
        pass
    else:
        return text
    try:
        short = inet_ntop(AF_INET6, inet_pton(AF_INET6, text))
    except (OSError, ValueError):
        pass
    else:
        if "." not in short:  # with IPv4 inside, the two have different ideas of how to write it
            return short
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def _claim(index: dict[str, tuple[Device, ...]], device: Device) -> None:
    alone = (device,)
    for key in {*device.addresses, normalise(device.name)}:
        before = index.get(key)
        index[key] = alone if before is None else (*before, device)


def _disclaim(index: dict[str, tuple[Device, ...]], device: Device) -> None:
    for key in {*device.addresses, normalise(device.name)}:
        left = tuple(claimant for claimant in index.get(key, ()) if claimant.pagoda_id != device.pagoda_id)
        if left:
            index[key] = left
        else:
            index.pop(key, None)


def _abbreviates(one: str, other: str) -> bool:
    left, right = _ABBREVIATED.match(one), _ABBREVIATED.match(other)
    if left is None or right is None or left[2] != right[2]:
        return False
    a, b = left[1].casefold(), right[1].casefold()
    return a.startswith(b) or b.startswith(a)
