"""One Socket Mode connection, from its ticket to its end: slack_sdk's client, used once and never for its second try.

The SDK's own reconnecting goes wrong in several ways (it keeps a ticket that has expired, it never says that a token is
bad, it closes before it opens), so that every wish of its for a new connection is the end of this one. What follows is
up to listening.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from aiohttp import WSMessage
    from slack_sdk.socket_mode.request import SocketModeRequest

PING_EVERY_S = 5.0
CONNECT_TIMEOUT_S = 10.0
# Open and without an answer to pings for so long: dead. That nobody says anything for hours is no sign of death.
DEAD_AFTER_S = 30.0
_LOOK_EVERY_S = 0.5
# How Slack says that it ends a connection, or will in a moment.
GOODBYES = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
# Slack's words about the connection itself are short.
_SHORT = 2000


class LineError(Exception):
    """The connection did not come about. The text says why, without the ticket."""


class Line:
    """`open()` it; `ended` comes to be with the reason why it is of no more use; `close()` it."""

    def __init__(self, heard: Callable[[Line, SocketModeRequest], Awaitable[None]], *, ping_every_s: float) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._hello: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failures = _Failures()
        logger = logging.Logger("fannel.slack.line", level=logging.ERROR)  # noqa: LOG001  (it passes nothing on)
        logger.addHandler(self._failures)
        self._client = _Client(
            app_token="",
            logger=logger,
            web_client=AsyncWebClient(logger=logger),
            ping_interval=ping_every_s,
        )
        self._client.give_up = self._end
        self._client.on_message_listeners.append(self._look_at)
        self._client.socket_mode_request_listeners.append(self._take)
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        heard: Callable[[Line, SocketModeRequest], Awaitable[None]],
        *,
        ssl: ssl.SSLContext | None = None,
        ping_every_s: float = PING_EVERY_S,
        timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> Line:
        """A line that Slack has said hello on. `heard` is called for each envelope, in a task of its own.

        Raises:
            LineError: it did not come about within `timeout_s`.
        """
        line = cls(heard, ping_every_s=ping_every_s)
        line._client.wss_uri = url
        # HTTPS_PROXY is read by the SDK, NO_PROXY is not.
        line._client.proxy = proxy_for(url)
        line._client.web_client.ssl = ssl
        try:
            await line._connect(timeout_s)
        except BaseException:
            await line.close()
            raise
        line._watch = asyncio.create_task(line._look())
        return line

    async def acknowledge(self, envelope_id: str) -> None:
        """Tell Slack that an envelope arrived.

        Raises:
            ConnectionError: it cannot be told any more; it sends the event again.
        """
        await self._client.send_socket_mode_response({"envelope_id": envelope_id})

    async def close(self) -> None:
        """End it, with everything that runs in it."""
        self._end("closed by us")
        client = self._client
        # It may be broken in any way by now; what the SDK leaves then is ended here.
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.close(), CONNECT_TIMEOUT_S)  # type: ignore[no-untyped-call]
        found = (client.message_processor, client.message_receiver, client.current_session_monitor, self._watch)
        tasks = [task for task in found if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.aiohttp_client_session.close()

    # --- pieces ---------------------------------------------------------------------------------------------------

    async def _connect(self, timeout_s: float) -> None:
        connecting = asyncio.create_task(self._client.connect())  # type: ignore[no-untyped-call]
        failed = self._failures.first
        try:
            done, _ = await asyncio.wait({connecting, failed}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if failed in done:
                raise LineError(failed.result())
            if not done:
                raise LineError(f"no connection within {timeout_s:g} s")
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        said: set[asyncio.Future[Any]] = {self._hello, self.ended}
        await asyncio.wait(said, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            raise LineError(f"connected, and no hello: {self.ended.result()}")
        if not self._hello.done():
            raise LineError(f"connected, and no hello within {timeout_s:g} s")

    async def _look_at(self, message: WSMessage) -> None:
        """What Slack says about the connection: hello, or goodbye and why. The SDK tells nobody the reason."""
        if not isinstance(message.data, str) or len(message.data) > _SHORT:
            return
        try:
            said = json.loads(message.data)
        except ValueError:
            return
        if not isinstance(said, dict):
            return
        if said.get("type") == "hello" and not self._hello.done():
            self._hello.set_result(None)
        elif said.get("type") == "disconnect":
            reason = said.get("reason")
            self._end(reason if reason in GOODBYES else "disconnect")

    async def _take(self, _client: Any, request: SocketModeRequest) -> None:  # noqa: ANN401  (the SDK's own)
        await self._heard(self, request)

    async def _look(self) -> None:
        """End it when it is closed, however that came, or when nothing answers any more."""
        well_at = time.monotonic()
        while not self.ended.done():
            await asyncio.sleep(_LOOK_EVERY_S)
            session = self._client.current_session
            if session is None or session.closed:
                self._end("the connection broke")
            elif await self._client.is_connected():
                well_at = time.monotonic()
            elif time.monotonic() - well_at > DEAD_AFTER_S:
                self._end("nothing answers")

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)


class _Client(SocketModeClient):
    """Slack's client, which asks for no second connection."""

    give_up: Callable[[str], None]

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  (the SDK's)
        """Whatever it wants a new connection for is the end of this one."""
        self.give_up("the connection broke")


class _Failures(logging.Handler):
    """What a failed attempt to connect failed of: the SDK tells it to its log only."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first one's kind and status: its text may hold the address with the ticket."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not self.first.done():
            status = getattr(error, "status", None)
            self.first.set_result(f"HTTP {status}" if status else f"{type(error).__name__}{_cause(error)}")


def _cause(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or error
    return f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address; None where it names none, or makes an exception."""
    host = urlsplit(url).hostname or ""
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get("https") if url.startswith("wss:") else proxies.get("http")
