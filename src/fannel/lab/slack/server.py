"""The stand-in's HTTP face: `/api/<method>`, Socket Mode, response_urls, the raw upload, the page at `/`, `/_lab/…`.

Answers are HTTP 200 with `ok` true or false, except for rate limits (429), as Slack's are. `/_lab/…` takes JSON from
whoever directs (see directing.py), and answers GET `state`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web

from fannel.lab.slack.directing import directed
from fannel.lab.slack.faults import Fault, Faults
from fannel.lab.slack.methods import METHODS
from fannel.lab.slack.page import render
from fannel.lab.slack.people import People
from fannel.lab.slack.phone import act, choosing, writing
from fannel.lab.slack.refusal import Refusal
from fannel.lab.slack.sockets import ACK_WITHIN_S, RETRIES_AFTER_S, Sockets
from fannel.lab.slack.workspace import DEFAULT_CHANNELS, Channel, Workspace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

Json = dict[str, Any]

BOT_TOKEN = "xoxb-lab"  # noqa: S105  (opens nothing but this stand-in)
APP_TOKEN = "xapp-lab"  # noqa: S105
SCOPES = (
    *("chat:write", "channels:read", "channels:history", "groups:read", "groups:history", "files:write", "files:read"),
    *("users:read", "usergroups:read", "reactions:write", "reactions:read", "commands"),
)
# The one method that an app token calls.
OPEN = "apps.connections.open"
MAX_BODY = 64 << 20
PAGE_REFRESH_S = 2
# Form bodies carry these as JSON text.
_JSON_ARGUMENTS = ("blocks", "attachments", "metadata", "files")


class SlackStandIn:
    """One workspace behind a port. Tests in the same process may use `workspace`, `people`, `sockets` and `faults`."""

    def __init__(
        self,
        *,
        channels: Iterable[Channel] = DEFAULT_CHANNELS,
        tokens: Iterable[str] = (BOT_TOKEN,),
        app_tokens: Iterable[str] = (APP_TOKEN,),
        scopes: Iterable[str] = SCOPES,
        rate_limits: bool = True,
        file_share_delay_s: float | None = 0.0,
        ack_within_s: float = ACK_WITHIN_S,
        retries_after_s: tuple[float, ...] = RETRIES_AFTER_S,
        timezone: str = "UTC",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.workspace = Workspace(clock, channels, rate_limits=rate_limits, file_share_delay_s=file_share_delay_s)
        self.faults = Faults()
        self.sockets = Sockets(self.faults, clock, ack_within_s=ack_within_s, retries_after_s=retries_after_s)
        self.people = People(self.workspace, self.sockets)
        self.api_url = ""
        self._tokens = frozenset(tokens)
        self._app_tokens = frozenset(app_tokens)
        self._scopes = ",".join(scopes)
        self._timezone = timezone
        self._sleep = sleep
        self._runner: web.AppRunner | None = None

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the base URL (`http://host:port`); the Web API is at `api_url` below it."""
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/write", self._sheet),
                web.get("/choose", self._sheet),
                web.post("/act", self._act),
                web.route("*", "/api/{method}", self._api),
                web.post("/upload/v1/{file_id}", self._upload),
                web.get("/socket", self.sockets.connect),
                web.post("/response/{of}/{url_id}", self._respond),
                web.get("/_lab/state", self._state),
                web.post("/_lab/{action}", self._control),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        self.sockets.start(self.people.acknowledged)
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0][1]
        name = f"[{host}]" if ":" in host else host
        self.workspace.base_url = f"http://{name}:{bound}"
        self.api_url = f"{self.workspace.base_url}/api/"
        return self.workspace.base_url

    async def stop(self) -> None:
        """Close the port."""
        self.sockets.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # --- the Web API ----------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        return await self._with_faults(request, name, lambda: self._answer(request, name))

    async def _answer(self, request: web.Request, name: str) -> web.StreamResponse:
        try:
            arguments = await _arguments(request)
            self._authorise(request, name, arguments)
            said = {"ok": True, **self._call(name, arguments)}
            return web.json_response(said, headers={"X-OAuth-Scopes": self._scopes})
        except Refusal as refusal:
            body = {"ok": False, "error": refusal.code, **refusal.extra}
            return web.json_response(body, status=refusal.status, headers=refusal.headers)

    def _call(self, name: str, arguments: Json) -> Json:
        self.workspace.calls.append((name, arguments))
        self.workspace.limits.call(name)
        self.workspace.settle()
        if name == OPEN:
            return {"url": f"ws{self.workspace.base_url.removeprefix('http')}/socket?ticket={self.sockets.ticket()}"}
        function = METHODS.get(name)
        if function is None:
            raise Refusal("unknown_method", {"req_method": name})
        return function(self.workspace, arguments)

    def _authorise(self, request: web.Request, name: str, arguments: Json) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            token = str(arguments.get("token") or "")
        arguments.pop("token", None)
        if not token:
            raise Refusal("not_authed")
        if token.startswith("xapp-") != (name == OPEN):
            raise Refusal("not_allowed_token_type")
        if token not in (self._app_tokens if name == OPEN else self._tokens):
            raise Refusal("invalid_auth")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        async def store() -> web.StreamResponse:
            file = self.workspace.files.get(request.match_info["file_id"])
            if file is None:
                return web.Response(status=404, text="not found")
            file.content = await request.read()
            return web.Response(text=f"OK - {len(file.content)}")

        return await self._with_faults(request, "upload", store)

    async def _with_faults(
        self, request: web.Request, name: str, work: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        fault = self.faults.take(name)
        if fault is None:
            return await work()
        if fault.kind == "delay_before":
            await self._sleep(fault.seconds)
        if (instead := _instead(fault)) is not None:
            return instead
        if fault.kind == "drop_before":
            await request.read()
            return _dropped(request)
        answer = await work()
        if fault.kind == "delay_after":
            await self._sleep(fault.seconds)
        if fault.kind == "drop_after":
            return _dropped(request)
        return _html_error(fault.status) if fault.kind == "http_after" else answer

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        async def answer() -> web.StreamResponse:
            body = await request.json()
            if not self.people.respond(request.match_info["url_id"], body):
                return web.json_response({"ok": False, "error": "expired_url"}, status=404)
            return web.Response(text="ok")

        return await self._with_faults(request, "response_url", answer)

    # --- the page and the director --------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.StreamResponse:
        self.workspace.settle()
        try:
            zone = ZoneInfo(request.query.get("tz", self._timezone))
            refresh_s = int(request.query.get("refresh", PAGE_REFRESH_S))
        except (ValueError, ZoneInfoNotFoundError, OSError):
            return web.Response(status=400, text="tz must be a time zone such as Asia/Tokyo, refresh whole seconds")
        page = render(self.workspace, zone=zone, channel=request.query.get("channel"), refresh_s=refresh_s)
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": _POLICY})

    async def _sheet(self, request: web.Request) -> web.StreamResponse:
        sheet = writing if request.path == "/write" else choosing
        try:
            page = sheet(self.workspace, request.query)
        except Refusal as refusal:
            return web.Response(status=404, text=refusal.code)
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": _POLICY})

    async def _act(self, request: web.Request) -> web.StreamResponse:
        form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        try:
            act(self.people, form)
        except (KeyError, ValueError, Refusal) as error:
            return web.Response(status=400, text=f"{type(error).__name__}: {error}")
        raise web.HTTPSeeOther("/")

    async def _state(self, _request: web.Request) -> web.StreamResponse:
        self.workspace.settle()
        said = {"socket": self.sockets.to_json(), "answers": self.people.answers}
        return web.json_response(self.workspace.to_json() | said)

    async def _control(self, request: web.Request) -> web.StreamResponse:
        try:
            given = await request.json() if request.can_read_body else {}
            return web.json_response(
                directed(self.people, self.sockets, self.faults, request.match_info["action"], given)
            )
        except KeyError as error:
            return web.json_response({"error": f"missing {error.args[0]}"}, status=400)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except Refusal as refusal:
            return web.json_response({"error": refusal.code}, status=404)


# Nothing on the page needs a script or another host, so the browser is told to allow neither.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


async def _arguments(request: web.Request) -> Json:
    """The arguments of a call, whichever of JSON, form, multipart and query carries them."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            decoded = json.loads(await request.read() or b"{}")
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(decoded, dict):
            raise Refusal("json_not_object")
        return arguments | decoded
    arguments |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    for key in _JSON_ARGUMENTS:
        if isinstance(arguments.get(key), str):
            # What is no JSON stays text, and the method refuses it in its own words.
            with contextlib.suppress(ValueError):
                arguments[key] = json.loads(arguments[key])
    return arguments


def _instead(fault: Fault) -> web.StreamResponse | None:
    """What is answered in place of any work."""
    match fault.kind:
        case "http_before":
            return _html_error(fault.status)
        case "garbage":
            return web.Response(text="<html>hello from a captive portal</html>", content_type="text/html")
        case "ratelimited":
            headers = {"Retry-After": str(fault.retry_after_s)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case "error":
            return web.json_response({"ok": False, "error": fault.error})
    return None


def _dropped(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _html_error(status: int) -> web.StreamResponse:
    return web.Response(status=status, text="<html><body>Something went wrong</body></html>", content_type="text/html")


@contextlib.contextmanager
def running(stand_in: SlackStandIn, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Run the stand-in in a thread of its own while the block lasts; yields the base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="slack stand-in", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(stand_in.start(host, port), loop).result(timeout=10)
    finally:
        asyncio.run_coroutine_threadsafe(stand_in.stop(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    rate_limits: bool = True,
    timezone: str = "UTC",
    ready: Callable[[SlackStandIn], None] | None = None,
) -> None:
    """Run a stand-in until cancelled. `ready` is called once it listens."""
    stand_in = SlackStandIn(rate_limits=rate_limits, timezone=timezone)
    await stand_in.start(host, port)
    try:
        if ready is not None:
            ready(stand_in)
        await asyncio.Event().wait()
    finally:
        await stand_in.stop()
