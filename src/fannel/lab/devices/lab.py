"""The lab's routers: start them, pull their cables, stop them.

    with LabDevices() as devices:
        port = devices.start()
        devices.cut("rt-tyo-01", "GigabitEthernet0/1")

The account and the passwords are no secret: they open nothing but this lab on loopback addresses.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fannel.lab.devices.dialect import Screen
from fannel.lab.devices.dialects import DIALECTS
from fannel.lab.devices.optics import DIM_DBM
from fannel.lab.devices.plant import Change, Plant, Port, read_network
from fannel.lab.devices.shell import Shell
from fannel.lab.devices.ssh import Login, SshDevices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fannel.lab.devices.plant import Device

USER = "admin"
PASSWORD = "lab-login-7Q"  # noqa: S105
ENABLE_PASSWORD = "lab-enable-7Q"  # noqa: S105


class LabDevices:
    """The stand-in routers of a network description. Safe to use from several threads.

    Every action returns the ports that went up or down, both ends of a cable included; `traps.py` turns those into
    the notifications the devices would send.
    """

    def __init__(
        self, network: Path | Mapping[str, Any] | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        description = read_network(network) if network is None or isinstance(network, Path) else network
        self._clock = clock
        self.plant = Plant(description, now=clock(), log_line=_log_lines)
        self._by_address = {device.address: device for device in self.plant.devices.values()}
        self._ssh: SshDevices | None = None

    def start(self, port: int = 0) -> int:
        """Listen on every device's address at one port (0: any that is free on all). Returns it. Raises OSError."""
        self._ssh = SshDevices(tuple(self._by_address), self._shell, Login(USER, PASSWORD))
        return self._ssh.start(port)

    def stop(self) -> None:
        """Close all sessions and listeners."""
        if self._ssh is not None:
            self._ssh.stop()
            self._ssh = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def cut(self, host: str, interface: str) -> list[Change]:
        """Pull the cable: both ends go down, neither is shut down. Raises UnknownPortError, as all of these do."""
        return self.plant.change(host, interface, now=self._clock(), cut=True)

    def restore(self, host: str, interface: str) -> list[Change]:
        """Plug the cable in again and bring this side up."""
        return self.plant.restore(host, interface, now=self._clock())

    def shutdown(self, host: str, interface: str) -> list[Change]:
        """Somebody typed `shutdown`: this side is administratively down, the other side just down."""
        return self.plant.change(host, interface, now=self._clock(), admin_up=False)

    def err_disable(self, host: str, interface: str, reason: str) -> list[Change]:
        """The switch itself took the port out of service, for `reason` (`bpduguard`, `link-flap`, …)."""
        return self.plant.change(host, interface, now=self._clock(), err_disabled=reason)

    def lose_bgp(self, host: str, interface: str) -> Port:
        """The BGP session over this port is lost while the port stays up."""
        return self._set(host, interface, bgp="lost")

    def shut_bgp(self, host: str, interface: str) -> Port:
        """Somebody shut the BGP session over this port down."""
        return self._set(host, interface, bgp="shut")

    def find_bgp(self, host: str, interface: str) -> Port:
        """The BGP session over this port is established again."""
        return self._set(host, interface, bgp="up")

    def lose_ospf(self, host: str, interface: str) -> Port:
        """The OSPF neighbour on this port is gone while the port stays up."""
        return self._set(host, interface, ospf_lost=True)

    def find_ospf(self, host: str, interface: str) -> Port:
        """The OSPF neighbour on this port is full again."""
        return self._set(host, interface, ospf_lost=False)

    def _set(self, host: str, interface: str, **fields: Any) -> Port:  # noqa: ANN401  (fields of a port)
        self.plant.change(host, interface, now=self._clock(), **fields)
        return self.plant.port(host, interface)

    def dim(self, host: str, interface: str, rx_dbm: float = DIM_DBM) -> Port:
        """A fibre is bent: this port receives less light, and stays up."""
        return self._set(host, interface, rx_dbm=rx_dbm)

    def count_errors(self, host: str, interface: str, crc: int) -> list[Change]:
        """Set the port's CRC error counter."""
        return self.plant.change(host, interface, now=self._clock(), crc=crc)

    def logins(self, host: str) -> int:
        """How many sessions people or programs opened on the device so far."""
        return 0 if self._ssh is None else self._ssh.logins(self.plant.device(host).address)

    def port(self, host: str, interface: str) -> Port:
        """The port as it is now."""
        return self.plant.port(host, interface)

    def say(self, host: str, line: str) -> str:
        """What the device would print for a command, without logging in."""
        device = self.plant.device(host)
        return DIALECTS[device.os].answer(line, self._screen(device))

    def _shell(self, address: str) -> Shell:
        device = self._by_address[address]
        return Shell(device, DIALECTS[device.os], lambda: self._screen(device), enable_password=ENABLE_PASSWORD)

    def _screen(self, device: Device) -> Screen:
        plant = self.plant
        return Screen(device, plant.ports(device.name), plant.log(device.name), self._clock())


def _log_lines(change: Change) -> Iterable[str]:
    return DIALECTS[change.device.os].log_lines(change)
