"""Listens to Slack for ever: one line after the other, a new one before the old one goes where Slack gives notice.

Every envelope is acknowledged as soon as it is on record, and after a second at the latest. Nothing that Slack, the
network, a token or the database does ends it; what is wrong stands in `vital()`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fannel import logs
from fannel.intake.vital import Heartbeat, Vital
from fannel.slack.errors import APP_REMEDY, FatalAuth, RateLimited, SlackError
from fannel.slack.inbound.entries import entry_of
from fannel.slack.inbound.line import CONNECT_TIMEOUT_S, PING_EVERY_S, Line, LineError
from fannel.slack.inbound.reading import click, command

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from slack_sdk.socket_mode.request import SocketModeRequest

    from fannel.incidents.store.inbox import Entry
    from fannel.intake.counters import Counters
    from fannel.slack.inbound.heard import Heard
    from fannel.slack.inbound.keeping import Keeper
    from fannel.slack.inbound.reading import Ears

log = logs.Logger("fannel.slack")

# Slack asks for an ack within 3 s.
ACK_AFTER_S = 1.0
# Slack says goodbye in one of these words while the connection still stands, or at its end.
_NOTICES = frozenset({"warning", "refresh_requested"})
# Socket Mode was switched off, or ten others are connected: no use in hurrying.
_SLOW = frozenset({"link_disabled", "too_many_websockets"})
TROUBLE_AFTER_S = 60.0
_STALLED_AFTER_S = 120.0
_BEAT_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds. A retry waits `first`, then twice as long each time, up to `last`."""

    first_s: float = 1.0
    last_s: float = 60.0
    # Where only a person can help.
    refused_s: float = 300.0
    connect_s: float = CONNECT_TIMEOUT_S
    ping_every_s: float = PING_EVERY_S
    # How long an old line may still acknowledge what came on it.
    linger_s: float = 2.0


class Listening:
    """`run()` until cancelled. Everything else may be called from any thread."""

    def __init__(
        self,
        ticket: Callable[[], str],
        ears: Callable[[], Ears],
        keeper: Keeper,
        counters: Counters,
        on_hello: Callable[[bool], None],
        *,
        ssl: ssl.SSLContext | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`ticket` gets the address of a new connection, `ears` knows who we are; both block and raise SlackError.

        `on_hello` is told of each connection, and whether there was none before it.
        """
        self._ticket = ticket
        self._ears = ears
        self._keeper = keeper
        self._counters = counters
        self._on_hello = on_hello
        self._ssl = ssl
        self._patience = patience or Patience()
        self._leaving: set[asyncio.Task[None]] = set()
        self._heard_with: Ears | None = None
        self._away_since: float | None = time.monotonic()
        self._trouble = "not connected yet"
        self.heartbeat = Heartbeat("slack listening", _STALLED_AFTER_S)

    async def run(self) -> None:
        """Listen until cancelled."""
        beating = asyncio.create_task(self._beat())
        line: Line | None = None
        try:
            while True:
                fresh = await self._connected()
                if line is not None:
                    self._leave(line)
                line = fresh
                reason = await line.ended
                self._counters.add("line_ends", reason)
                log.info("a connection to slack ended", reason=reason)
                if reason not in _NOTICES:
                    self._away(reason)
                    await line.close()
                    line = None
                if reason in _SLOW:
                    await asyncio.sleep(self._patience.last_s)
        finally:
            beating.cancel()
            leaving = list(self._leaving)
            for task in leaving:
                task.cancel()
            if line is not None:
                await line.close()
            await asyncio.gather(beating, *leaving, return_exceptions=True)

    def vital(self) -> Vital:
        """Whether Slack can be heard."""
        if self._away_since is None:
            return Vital("slack socket", ok=True, detail="connected")
        away_s = time.monotonic() - self._away_since
        detail = f"not connected for {away_s:.0f} s: {self._trouble}"
        return Vital("slack socket", ok=away_s < TROUBLE_AFTER_S, detail=detail[:400])

    @property
    def connected(self) -> bool:
        """Whether a line is open."""
        return self._away_since is None

    # --- connecting -----------------------------------------------------------------------------------------------

    async def _connected(self) -> Line:
        """A line that works, after as many attempts as it takes."""
        delay_s = self._patience.first_s
        while True:
            try:
                line = await self._connect()
            except FatalAuth as error:
                is_app = error.method == "apps.connections.open"
                self._failed(f"Slack {error.method}: {error.code}; {APP_REMEDY}" if is_app else str(error))
                wait_s = self._patience.refused_s
            except RateLimited as error:
                self._failed(str(error))
                wait_s = error.retry_after_s or delay_s
            except (SlackError, LineError) as error:
                self._failed(str(error))
                wait_s = delay_s
            except Exception as error:
                # A defect, of ours or of the SDK's: it must not be the end of listening.
                log.exception("connecting to slack failed")
                self._counters.add("defects", "line")
                self._failed(type(error).__name__)
                wait_s = delay_s
            else:
                gap, self._away_since = self._away_since is not None, None
                log.info("listening to slack")
                self._counters.add("lines")
                self._on_hello(gap)
                return line
            await asyncio.sleep(wait_s)
            delay_s = min(2 * delay_s, self._patience.last_s)

    async def _connect(self) -> Line:
        self._heard_with = await asyncio.to_thread(self._ears)
        url = await asyncio.to_thread(self._ticket)
        patience = self._patience
        return await Line.open(
            url, self._heard, ssl=self._ssl, ping_every_s=patience.ping_every_s, timeout_s=patience.connect_s
        )

    def _leave(self, line: Line) -> None:
        """Close a line whose successor is there, a moment later: what came on it is acknowledged on it."""

        async def later() -> None:
            try:
                await asyncio.sleep(self._patience.linger_s)
            finally:
                await line.close()

        task = asyncio.create_task(later())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _failed(self, reason: str) -> None:
        if reason != self._trouble:
            log.error("cannot connect to slack", reason=reason)
        self._counters.add("line_failures")
        self._away(reason)

    def _away(self, reason: str) -> None:
        self._away_since = self._away_since or time.monotonic()
        self._trouble = reason

    async def _beat(self) -> None:
        while True:
            self.heartbeat.beat()
            await asyncio.sleep(_BEAT_EVERY_S)

    # --- hearing --------------------------------------------------------------------------------------------------

    async def _heard(self, line: Line, request: SocketModeRequest) -> None:
        try:
            entry = self._entry(request)
        except Exception:
            # A defect of ours. Without an ack it would come again three times, and fail each time.
            log.exception("what slack sent could not be read", kind=request.type)
            self._counters.add("defects", "reading")
            entry = None
        if entry is not None and not await self._on_record(entry):
            # Not acknowledged: an event comes again, and whoever clicked is told.
            self._counters.add("unheard", entry.kind)
            return
        try:
            await line.acknowledge(request.envelope_id)
        except Exception as error:  # noqa: BLE001  (a socket that just went, in any of three libraries' words)
            log.info("an ack did not go out", reason=type(error).__name__)
            self._counters.add("acks_failed")

    def _entry(self, request: SocketModeRequest) -> Entry | None:
        """What there is to deal with; None where there is nothing, which is acknowledged all the same."""
        now = datetime.now(UTC)
        payload: Any = request.payload
        heard: Heard | None = None
        if not isinstance(payload, dict) or self._heard_with is None:
            return None
        match request.type:
            case "events_api":
                heard = self._heard_with.event(payload)
            case "interactive":
                heard = click(payload)
            case "slash_commands":
                heard = command(payload, now.isoformat())
        if heard is None:
            self._counters.add("unconcerned")
            return None
        return entry_of(heard, now, str(payload.get("trigger_id") or request.envelope_id))

    async def _on_record(self, entry: Entry) -> bool:
        """Whether it is kept: on disk, or at least in memory after a second."""
        loop, recorded = asyncio.get_running_loop(), asyncio.Event()

        def on_record() -> None:
            # At the end of the process the loop may be gone before the keeper is.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(recorded.set)

        if not self._keeper.take(entry, on_record):
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(recorded.wait(), ACK_AFTER_S)
        return True
