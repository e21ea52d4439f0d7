"""Canaries: notifications the receiver sends to itself, through the real sockets, to prove that the path is whole.

One goes to each listener every so often, as a datagram or as a line over a connection. What is known only by one's own
token cannot be forged from outside.
"""

from __future__ import annotations

import json
import math
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self

from fannel.intake.datagram import STREAMS
from fannel.intake.vital import Vital

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.intake.listen import Listener

# After two that did not come through, and what a storm may hold one up.
MISSED, PATIENCE_S = 2, 5.0
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (where to send to, not where to listen)


@dataclass(frozen=True, slots=True)
class Canary:
    """One of them: which listener it was sent to, and when (aware)."""

    token: str
    listener: str
    sent_at: datetime

    def payload(self) -> bytes:
        """As it is on the wire. No SNMP message begins like this."""
        fields = {"canary": self.token, "listener": self.listener, "sent_at": self.sent_at.isoformat()}
        return json.dumps(fields).encode()

    @classmethod
    def read(cls, payload: bytes) -> Self:
        """Back from the wire; raises ValueError."""
        try:
            fields = json.loads(payload)
            return cls(str(fields["canary"]), str(fields["listener"]), datetime.fromisoformat(fields["sent_at"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a canary ({error})") from None


class Connections(Protocol):
    """Whoever can connect to a listener (`streams.Streams`)."""

    def send_canary(self, listener: Listener, payload: bytes, told: Callable[[str], None]) -> bool:
        """Begin to; False while an earlier one is on its way. `told` hears how far it came. From any thread."""


@dataclass(slots=True)
class _Watch:
    """What is known of one listener; times by a clock that only runs forward."""

    listener: Listener
    began: float
    through: float | None = None
    payload: bytes = b""
    drained: bool = False
    stage: str = "none was sent yet"


class Canaries:
    """Sends them and knows how long ago one came through. For the append thread; `vitals` for any."""

    def __init__(
        self, listeners: Sequence[Listener], every_s: float, now: float, connections: Connections | None = None
    ) -> None:
        """`every_s` 0: never. `now` here and below: seconds of a clock that only runs forward."""
        self._every_s = every_s
        self._connections = connections
        self._due = now
        self._watches = [_Watch(listener, now) for listener in listeners]
        # By payload: those on their way. Empty most of the time, so that nobody has to compare.
        self.expected: dict[bytes, _Watch] = {}

    def send_due(self, now: float, wall: datetime) -> None:
        """Send to every listener when it is time."""
        if not self._every_s or now < self._due:
            return
        self._due = now + self._every_s
        self.expected = {watch.payload: watch for watch in self.expected.values()}  # the last of each listener only
        for watch in self._watches:
            payload = Canary(secrets.token_hex(16), str(watch.listener), wall).payload()
            if watch.listener.transport in STREAMS:
                self._connect(watch, payload)
                continue
            self._expect(watch, payload)
            watch.stage = _send(watch.listener, payload)

    def _connect(self, watch: _Watch, payload: bytes) -> None:
        # Before it is on its way: from then on another thread knows more.
        earlier = watch.payload
        self._expect(watch, payload)
        if self._connections is None or not self._connections.send_canary(
            watch.listener, payload, partial(self._came_to, watch, payload)
        ):
            # The one before it waits: while the spool refuses, nothing is read.
            del self.expected[payload]
            watch.payload = earlier

    def _expect(self, watch: _Watch, payload: bytes) -> None:
        watch.payload, watch.drained = payload, False
        self.expected[payload] = watch

    @staticmethod
    def _came_to(watch: _Watch, payload: bytes, stage: str) -> None:
        if watch.payload == payload and not watch.drained:
            watch.stage = stage

    def received(self, payload: bytes) -> None:
        """One that was expected was drained."""
        if (watch := self.expected.get(payload)) is not None:
            watch.drained, watch.stage = True, "received, but the spool did not take it"

    def spooled(self, payload: bytes, now: float) -> None:
        """It is in the spool."""
        if (watch := self.expected.pop(payload, None)) is not None:
            watch.through, watch.stage = now, "through"

    def vitals(self, now: float) -> list[Vital]:
        """One, or none when there are no canaries."""
        if not self._every_s:
            return []
        # Until the first one came through, nothing is proven.
        oldest = min(self._watches, key=lambda watch: -math.inf if watch.through is None else watch.through)
        age = now - (oldest.began if oldest.through is None else oldest.through)
        if oldest.through is not None and age <= MISSED * self._every_s + PATIENCE_S:
            ways = ", ".join(str(watch.listener) for watch in self._watches)
            return [Vital("canary", ok=True, detail=f"the last one reached the spool {age:.0f} s ago by {ways}")]
        detail = f"none sent to {oldest.listener} reached the spool for {age:.0f} s: {oldest.stage}"
        return [Vital("canary", ok=False, detail=detail)]


def to_ourselves(listener: Listener) -> tuple[str | int, ...]:
    """Where to send to so that it comes out at this listener: as its socket says; anywhere is loopback."""
    host, *rest = listener.socket.getsockname()
    return (_LOOPBACK.get(host, host), *rest)


def _send(listener: Listener, payload: bytes) -> str:
    """Send from a socket of its own; what is to be said while it is not received."""
    try:
        with socket.socket(listener.socket.family, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)  # noqa: FBT003
            sender.sendto(payload, to_ourselves(listener))
    except OSError as error:
        return f"it cannot be sent ({error.strerror or error})"
    return "sent, but not received: see whether a packet filter drops it"
