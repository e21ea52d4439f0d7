"""Devices that send informs as devices do: one at a time, again and again until it is acknowledged, then the next."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from fannel.wire.encoder import encode_trap
from fannel.wire.snmp import inform_response
from fannel.wire.varbind import ValueType, WireVarBind

if TYPE_CHECKING:
    from collections.abc import Sequence

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_INDEX = "1.3.6.1.2.1.2.2.1.1"
SEND_AGAIN_S = 0.4


@dataclass
class Device:
    """One address with a few interfaces that keep failing; every inform has a request-id of its own."""

    address: str
    interfaces: int
    socket: socket.socket = field(init=False)
    request: int = 0
    payload: bytes = b""
    response: bytes = b""
    due_at: float = 0.0
    acknowledged: list[bytes] = field(default_factory=list)
    sent: Counter[bytes] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((self.address, 0))

    def next(self) -> None:
        """Make the next inform."""
        self.request += 1
        if_index = 1 + self.request % self.interfaces
        varbinds = [WireVarBind(f"{IF_INDEX}.{if_index}", ValueType.INTEGER, if_index)]
        self.payload = encode_trap(
            LINK_DOWN, varbinds, community=b"public", pdu="inform", request_id=self.request, uptime_ticks=self.request
        )
        self.response = inform_response(self.payload)

    def hear(self) -> bool:
        """Whether what waits to be read acknowledges the inform under way."""
        heard = False
        while True:
            try:
                heard |= self.socket.recv(2048) == self.response
            except BlockingIOError:
                return heard
            except ConnectionRefusedError:
                continue


class InformDevices:
    """Runs devices in a thread while the block lasts. `finish()` lets each have its last inform acknowledged."""

    def __init__(self, port: int, addresses: Sequence[str], *, interfaces: int, pause_s: float) -> None:
        self.devices = [Device(address, interfaces) for address in addresses]
        self._to = ("127.0.0.1", port)
        self._pause_s = pause_s
        self._finishing = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for device in self.devices:
            device.socket.close()

    @property
    def acknowledged(self) -> int:
        """How many informs were acknowledged so far."""
        return sum(len(device.acknowledged) for device in self.devices)

    def finish(self, timeout_s: float) -> bool:
        """Send no new ones; whether all are acknowledged in time."""
        self._finishing.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for device in self.devices:
                device.next()
                selector.register(device.socket, selectors.EVENT_READ, device)
            while not self._over.is_set():
                for key, _ in selector.select(0.01):
                    self._heard(key.data)
                self._send(time.monotonic())
                if self._finishing.is_set() and not any(device.payload for device in self.devices):
                    return

    def _heard(self, device: Device) -> None:
        if device.hear() and device.payload:
            device.acknowledged.append(device.payload)
            device.due_at = time.monotonic() + self._pause_s
            device.payload = b""
            if not self._finishing.is_set():
                device.next()

    def _send(self, now: float) -> None:
        for device in self.devices:
            if device.payload and device.due_at <= now:
                device.sent[device.payload] += 1
                device.due_at = now + SEND_AGAIN_S
                device.socket.sendto(device.payload, self._to)
