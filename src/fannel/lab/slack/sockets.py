"""Socket Mode as Slack speaks it: one-time tickets, `hello`, envelopes and their acks, redelivery, disconnects.

An event nobody acknowledges is sent again, with the same event_id in a new envelope; a click or a command is not: the
person who made it sees an error. Which of several connections gets an envelope is not promised, as with Slack.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from fannel.lab.slack.workspace import APP_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.lab.slack.faults import Faults

Json = dict[str, Any]

# How long a real ticket lives is not documented.
TICKET_TTL_S = 30.0
ACK_WITHIN_S = 3.0
# At once, after a minute, after five (vercel/chat#666).
RETRIES_AFTER_S = (0.0, 60.0, 300.0)
MOST_CONNECTIONS = 10
_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was sent once. `attempt` is 0 the first time."""

    id: str
    kind: str
    payload: Json
    attempt: int = 0
    reason: str = ""

    def to_wire(self) -> Json:
        """As it stands on the socket."""
        wire = {
            "envelope_id": self.id,
            "type": self.kind,
            "payload": self.payload,
            "accepts_response_payload": self.kind == "slash_commands",
        }
        if self.kind == "events_api":
            wire |= {"retry_attempt": self.attempt, "retry_reason": self.reason}
        return wire


@dataclass(frozen=True, slots=True)
class Ack:
    """An envelope somebody acknowledged, after how many seconds, with what."""

    envelope: Envelope
    after_s: float
    payload: Json | None = None


class _Connection:
    """One socket and what is to be written to it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.frozen = False
        self.outgoing: asyncio.Queue[Json | None] = asyncio.Queue()

    async def write(self) -> None:
        """Write in order until told None, then close."""
        with contextlib.suppress(ConnectionError):
            while (message := await self.outgoing.get()) is not None:
                if not self.frozen:
                    await self.socket.send_str(json.dumps(message))
            await self.socket.close()

    def abort(self) -> None:
        """The connection is gone, without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Sockets:
    """The connections of one app. Methods may be called from any thread, apart from `connect` and `stop`."""

    def __init__(
        self,
        faults: Faults,
        clock: Callable[[], float],
        *,
        ack_within_s: float = ACK_WITHIN_S,
        retries_after_s: tuple[float, ...] = RETRIES_AFTER_S,
    ) -> None:
        self.sent: deque[Envelope] = deque(maxlen=_KEPT)
        self.acks: deque[Ack] = deque(maxlen=_KEPT)
        # Clicks and commands whose maker saw an error, and events that were tried often enough.
        self.lost: deque[Envelope] = deque(maxlen=_KEPT)
        self.connected_so_far = 0
        self._faults = faults
        self._clock = clock
        self._ack_within_s = ack_within_s
        self._retries_after_s = retries_after_s
        self._tickets: dict[str, float] = {}
        self._connections: list[_Connection] = []
        self._waiting: dict[str, tuple[Envelope, _Connection, float, asyncio.TimerHandle]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._turn = 0
        self._ack_payload: Callable[[Envelope, Json], None] = lambda _envelope, _payload: None

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self, on_ack_payload: Callable[[Envelope, Json], None]) -> None:
        """Work in the loop that runs; `on_ack_payload` is told what a command was answered in its ack."""
        self._loop = asyncio.get_running_loop()
        self._ack_payload = on_ack_payload

    def stop(self) -> None:
        """End all connections and plans."""
        self._loop = None
        for timer in [*self._timers, *(waiting[3] for waiting in self._waiting.values())]:
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        for connection in self._connections:
            connection.abort()

    # --- the app connects -----------------------------------------------------------------------------------------

    def ticket(self) -> str:
        """A fresh ticket: good for one connection, and not for long."""
        ticket = uuid.uuid4().hex
        self._tickets[ticket] = self._clock() + TICKET_TTL_S
        return ticket

    def expire_tickets(self) -> None:
        """No ticket that was given out is good any more."""
        self._tickets.clear()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The websocket itself; `socket` is its name among the faults."""
        fault = self._faults.take("socket")
        if fault is not None and fault.kind.startswith("http"):
            return web.Response(status=fault.status)
        good_until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if good_until <= self._clock():
            return web.Response(status=408)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = _Connection(socket, request)
        writer = asyncio.create_task(connection.write())
        try:
            if len(self._connections) >= MOST_CONNECTIONS:
                connection.outgoing.put_nowait(_disconnect("too_many_websockets"))
                connection.outgoing.put_nowait(None)
                await writer
                return socket
            self._connections.append(connection)
            self.connected_so_far += 1
            connection.outgoing.put_nowait(self._hello())
            await self._listen(connection)
        finally:
            if connection in self._connections:
                self._connections.remove(connection)
            writer.cancel()
            self._gave_up(connection)
        return socket

    async def _listen(self, connection: _Connection) -> None:
        async for message in connection.socket:
            if connection.frozen:
                continue
            if message.type == WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._acknowledge(json.loads(message.data))

    def _acknowledge(self, said: Json) -> None:
        waiting = self._waiting.pop(str(said.get("envelope_id")), None)
        if waiting is None:
            return
        envelope, _, sent_at, timer = waiting
        timer.cancel()
        payload = said.get("payload") or None
        self.acks.append(Ack(envelope, self._time() - sent_at, payload))
        if payload is not None and envelope.kind == "slash_commands":
            self._ack_payload(envelope, payload)

    # --- things happen --------------------------------------------------------------------------------------------

    def push(self, kind: str, payload: Json) -> None:
        """Send what happened to one of the connections, now or, for an event, later."""
        self._soon(self._send, Envelope(str(uuid.uuid4()), kind, payload))

    def redeliver(self) -> int:
        """Send every event once more, whether or not it was acknowledged; how many those are."""
        events = {one.payload["event_id"]: one for one in [*self.sent, *self.lost] if one.kind == "events_api"}
        for event in events.values():
            again = replace(event, id=str(uuid.uuid4()), attempt=event.attempt + 1, reason="timeout")
            self._soon(self._send, again)
        return len(events)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to go, and close it."""

        def tell() -> None:
            for connection in list(self._connections):
                connection.outgoing.put_nowait(_disconnect(reason))
                if reason != "warning":
                    connection.outgoing.put_nowait(None)

        self._soon(tell)

    def abort(self) -> None:
        """Every connection breaks without a word."""

        def end() -> None:
            for connection in list(self._connections):
                connection.abort()

        self._soon(end)

    def freeze(self) -> None:
        """Every connection stays open and does nothing any more, not even answer a ping."""

        def stop() -> None:
            for connection in self._connections:
                connection.frozen = True

        self._soon(stop)

    def to_json(self) -> Json:
        """The state, for tests and for people."""
        return {
            "connections": len(self._connections),
            "connected_so_far": self.connected_so_far,
            "sent": [asdict(envelope) for envelope in self.sent],
            "acks": [{**asdict(ack.envelope), "after_s": ack.after_s, "answer": ack.payload} for ack in self.acks],
            "waiting": [asdict(waiting[0]) for waiting in self._waiting.values()],
            "lost": [asdict(envelope) for envelope in self.lost],
        }

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._connections)

    @property
    def waiting(self) -> int:
        """Envelopes that are sent and neither acknowledged nor given up."""
        return len(self._waiting)

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _send(self, envelope: Envelope) -> None:
        usable = [one for one in self._connections if not one.socket.closed]
        if not usable:
            self._failed(envelope, "connection_failed")
            return
        self._turn += 1
        connection = usable[self._turn % len(usable)]
        timer = self._later(self._ack_within_s, lambda: self._late(envelope))
        if timer is None:
            return
        self.sent.append(envelope)
        self._waiting[envelope.id] = (envelope, connection, self._time(), timer)
        connection.outgoing.put_nowait(envelope.to_wire())

    def _late(self, envelope: Envelope) -> None:
        if self._waiting.pop(envelope.id, None) is not None:
            self._failed(envelope, "timeout")

    def _gave_up(self, connection: _Connection) -> None:
        """What went out on a connection that is gone."""
        for envelope, where, _, timer in list(self._waiting.values()):
            if where is connection:
                timer.cancel()
                del self._waiting[envelope.id]
                self._failed(envelope, "connection_failed")

    def _failed(self, envelope: Envelope, reason: str) -> None:
        if envelope.kind != "events_api" or envelope.attempt >= len(self._retries_after_s):
            self.lost.append(envelope)
            return
        again = replace(envelope, id=str(uuid.uuid4()), attempt=envelope.attempt + 1, reason=reason)
        self._later(self._retries_after_s[envelope.attempt], lambda: self._send(again))

    def _later(self, after_s: float, call: Callable[[], None]) -> asyncio.TimerHandle | None:
        if self._loop is None:
            return None

        def happen() -> None:
            self._timers.discard(timer)
            call()

        timer = self._loop.call_later(after_s, happen)
        self._timers.add(timer)
        return timer

    def _soon(self, call: Callable[..., object], *args: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(call, *args)

    def _time(self) -> float:
        assert self._loop is not None  # noqa: S101  (it runs)
        return self._loop.time()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "lab", "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "lab"}}
