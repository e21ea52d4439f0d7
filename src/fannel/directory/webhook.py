"""Where pagoda says that an item changed: a small HTTP endpoint with a shared secret.

    POST /   X-Fannel-Secret: …   {"event": "entry.update", "data": {"id": 57, …}}   →   200, then a look at item 57

pagoda signs nothing, repeats nothing and waits for the answer without a time limit: so the answer comes at once, and
what was said is a hint to read that id again, never data. pagoda tries `{}` first when the webhook is made.
"""

from __future__ import annotations

import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER: Final = "X-Fannel-Secret"
# An item with thousands of values; what is longer is not read, and the next look at pagoda's changes finds it.
MAX_BODY: Final = 1 << 20
MOST_CONNECTIONS: Final = 16
PATIENCE_S: Final = 5.0


class Webhook:
    """The endpoint. `hint` is called with an item's id, from several threads."""

    def __init__(self, host: str, port: int, secret: str, hint: Callable[[int], None]) -> None:
        self._address = (host, port)
        self._secret = secret.encode()
        self._hint = hint
        self._server: _Server | None = None

    def start(self) -> int:
        """Listen and serve in the background; returns the port. Raises OSError if it cannot be had."""
        self._server = server = _Server(self._address, self._handler())
        threading.Thread(target=server.serve_forever, args=(0.2,), name="fannel-webhook", daemon=True).start()
        port: int = server.server_address[1]
        return port

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        secret, hint = self._secret, self._hint

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "fannel", ""
            timeout = PATIENCE_S

            def do_POST(self) -> None:
                if not hmac.compare_digest(self.headers.get(HEADER, "").encode(), secret):
                    self._answer(403)
                    return
                length = self.headers.get("Content-Length", "")
                body = b""
                if length.isascii() and length.isdigit() and int(length) <= MAX_BODY:
                    body = self.rfile.read(int(length))
                self._answer(200)
                if (item_id := item_of(body)) is not None:
                    hint(item_id)

            def _answer(self, status: int) -> None:
                self.close_connection = True
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing: who calls is not news, and what he writes is his."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Serve it in a thread, if there are few enough."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """In that thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who went away or was too slow: pagoda's changes are asked for anyway."""


def item_of(body: bytes) -> int | None:
    """The id of the item a notification speaks of; None where it speaks of none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    data = said.get("data") if isinstance(said, dict) else None
    item_id = data.get("id") if isinstance(data, dict) else None
    return item_id if isinstance(item_id, int) and not isinstance(item_id, bool) and item_id > 0 else None
