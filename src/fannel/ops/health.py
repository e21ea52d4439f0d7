"""The pages that say how a process is, from the process itself: /livez, /readyz and /metrics.

200 or 503; the first line is `ok` or names what is wrong, then comes a line for each vital. Whoever asks slowly, or
never, holds one of a few places for a few seconds, and the one who has held his longest makes room for the next.
"""

from __future__ import annotations

import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from fannel import logs
from fannel.intake.vital import Vital, look
from fannel.ops import tcp

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from prometheus_client import CollectorRegistry

    from fannel.config.address import Address

log = logs.Logger("fannel.health")

# How long a request may take to come, and again its answer to be taken.
PATIENCE_S = 3.0
PLACES = 16
_BACKLOG = 64
_LONGEST_HEAD = 8192
_LONGEST_LINE = 500
_TEXT = "text/plain; charset=utf-8"


class HealthServer:
    """Serves the pages on one address. `live` and `ready` are asked at each request, in a thread of their own.

    `live`: the process's own loops go round; restarting it would help if they do not. `ready`: the path is whole.
    `setting` is where the address comes from, for the remedy of an error.
    """

    def __init__(
        self,
        address: Address,
        *,
        live: Callable[[], Sequence[Vital]],
        ready: Callable[[], Sequence[Vital]],
        registry: CollectorRegistry,
        setting: str = "health.receiver",
        patience_s: float = PATIENCE_S,
        places: int = PLACES,
    ) -> None:
        self._address, self._setting = address, setting
        self._pages = Pages(live, ready, registry)
        self._patience_s, self._places = patience_s, places
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def bind(self) -> None:
        """Take the port, before privileges are dropped. Who asks from now on is answered once `start()` was called.

        Raises:
            ListenError: the port cannot be had.
        """
        sock = tcp.bind(self._address, self._setting)
        tcp.listen(sock, self._address, self._setting, _BACKLOG)
        self._server = _Server(sock, self._pages, self._patience_s, self._places)

    @property
    def port(self) -> int:
        """The port that was bound (useful when 0 was asked for)."""
        return self._server.server_port if self._server else 0

    def start(self) -> None:
        """Answer, in threads of its own, until `close()`."""
        if self._server is None:
            self.bind()
        assert self._server is not None  # noqa: S101  (bind() made it)
        self._thread = threading.Thread(target=self._server.serve_forever, name="fannel-health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering and give the port back. Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._thread is not None:
            server.shutdown()
            self._thread.join(timeout=2)
        server.server_close()


class Pages:
    """What each path says, as (status, content type, body)."""

    PATHS: ClassVar = ("/livez", "/readyz", "/metrics")

    def __init__(
        self,
        live: Callable[[], Sequence[Vital]],
        ready: Callable[[], Sequence[Vital]],
        registry: CollectorRegistry,
    ) -> None:
        self._live, self._ready, self._registry = live, ready, registry

    def page(self, target: str, accept: str) -> tuple[HTTPStatus, str, bytes]:
        """The page for a request target (`/readyz?format=json`) and an Accept header."""
        url = urlsplit(target)
        as_json = parse_qs(url.query).get("format") == ["json"] or "application/json" in accept
        match url.path:
            case "/livez":
                return _judged("not live", look("liveness", self._live), as_json=as_json)
            case "/readyz":
                return _judged("unready", look("readiness", self._ready), as_json=as_json)
            case "/metrics":
                return self._metrics(accept)
        return HTTPStatus.NOT_FOUND, _TEXT, f"not found; here are {', '.join(self.PATHS)}\n".encode()

    def _metrics(self, accept: str) -> tuple[HTTPStatus, str, bytes]:
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415  (where somebody scrapes)

        encode, content_type = choose_encoder(accept)
        return HTTPStatus.OK, content_type, encode(self._registry)


def _judged(otherwise: str, vitals: Sequence[Vital], *, as_json: bool) -> tuple[HTTPStatus, str, bytes]:
    wrong = [vital for vital in vitals if not vital.ok]
    status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
    first = "; ".join(f"{_line(vital.name)}: {_line(vital.detail)}" for vital in wrong)
    if as_json:
        lines = [{"name": _line(vital.name), "ok": vital.ok, "detail": _line(vital.detail)} for vital in vitals]
        said = json.dumps({"ok": not wrong, "wrong": first, "vitals": lines}, ensure_ascii=False, indent=2)
        return status, "application/json", said.encode() + b"\n"
    text = [f"{otherwise}: {first}" if wrong else "ok"]
    text += [f"{'ok   ' if vital.ok else 'wrong'} {_line(vital.name)}: {_line(vital.detail)}" for vital in vitals]
    return status, _TEXT, "\n".join(text).encode() + b"\n"


def _line(text: str) -> str:
    """One line of bounded length that a terminal can be shown, whatever got into it."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "�" for character in line)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


class _Server(ThreadingHTTPServer):
    """Threads for a bounded number of connections, on a socket that is bound already."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, sock: socket.socket, pages: Pages, patience_s: float, places: int) -> None:
        super().__init__(sock.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.address_family = sock, sock.family
        self.server_port = sock.getsockname()[1]
        self.pages, self.patience_s = pages, patience_s
        self._room = threading.Semaphore(places)
        self._lock = threading.Lock()
        # Who has not asked yet, in order of arrival.
        self._asking: dict[socket.socket, None] = {}

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection."""
        try:
            return super().get_request()
        except OSError:
            # No descriptor left, most likely; the connection still waits, so the caller asks again at once.
            time.sleep(0.05)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  (socketserver's types)
        """A thread for a connection; without room, once the slowest has been sent away."""
        if not self._room.acquire(blocking=False):
            self._send_slowest_away()
            # Long enough for its thread to end. Whoever cannot be given room even so asks again later.
            if not self._room.acquire(timeout=0.5):
                self.shutdown_request(request)
                return
        with self._lock:
            self._asking[request] = None
        try:
            super().process_request(request, client_address)
        except BaseException:  # there is no thread to be had, which the caller survives
            self.has_asked(request)
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Answer, then give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.has_asked(request)
            self._room.release()

    def has_asked(self, request: socket.socket) -> None:
        """This one is being answered: it is no longer sent away."""
        with self._lock:
            self._asking.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Who hangs up while being answered is no news."""

    def _send_slowest_away(self) -> None:
        with self._lock:
            slowest = next(iter(self._asking), None)
            if slowest is not None:
                del self._asking[slowest]
                try:
                    slowest.shutdown(2)  # its thread wakes up with nothing to read
                except OSError:
                    return


class _Handler(BaseHTTPRequestHandler):
    """One request of one connection. Its head is read here, against the clock, before http.server parses it."""

    server: _Server

    def setup(self) -> None:
        """Read the whole head first: http.server's own time-out begins anew with each octet."""
        self.request.settimeout(self.server.patience_s)
        super().setup()
        head = _read_head(self.request, self.server.patience_s)
        self.server.has_asked(self.request)
        self.rfile.close()
        self.rfile = BytesIO(head)
        self.request.settimeout(self.server.patience_s)

    def do_GET(self) -> None:
        """A page."""
        try:
            status, content_type, body = self.server.pages.page(self.path, self.headers.get("Accept") or "")
        except Exception as error:
            # A defect in one page: said in words, to whoever asked and in the log.
            log.exception("a health page broke", path=self.path.partition("?")[0][:100])
            status, content_type = HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT
            body = f"this page broke ({type(error).__name__}): see the log, report it\n".encode()
        self._answer(status, content_type, body)

    do_HEAD = do_GET  # noqa: N815  (http.server's names)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server itself refuses, in one plain line that repeats nothing of the request."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code = HTTPStatus.METHOD_NOT_ALLOWED
        self._answer(HTTPStatus(code), _TEXT, f"{HTTPStatus(code).phrase.lower()}; GET and HEAD are served\n".encode())

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response_only(status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server's name)
        """Probes come every few seconds; they are no news."""


def _read_head(sock: socket.socket, patience_s: float) -> bytes:
    """A request up to its empty line; less when the peer ends, is too slow or never comes to an end."""
    deadline = time.monotonic() + patience_s
    head = b""
    while b"\r\n\r\n" not in head and b"\n\n" not in head and len(head) < _LONGEST_HEAD:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return b""
        sock.settimeout(left_s)
        try:
            more = sock.recv(_LONGEST_HEAD - len(head))
        except OSError:
            return b""
        if not more:
            break
        head += more
    return head
