"""The stand-in pagoda as a server on this machine, and the ways it can be made to fail."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fannel.lab.pagoda.accounts import Account
from fannel.lab.pagoda.api import Answer, Api, Request, page
from fannel.lab.pagoda.records import Records
from fannel.lab.pagoda.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping

LAB_TOKEN: Final = "lab-pagoda-token"  # noqa: S105  (the stand-in's; it guards made-up data on loopback)


class Fault(Enum):
    """What the stand-in does instead of answering."""

    NONE = "none"
    DROP = "drop"  # closes the connection without a word
    SLOW = "slow"  # answers after `delay_s`
    ERROR_PAGE = "error_page"  # 500 and HTML
    BAD_GATEWAY = "bad_gateway"  # 502 and HTML
    TRUNCATED = "truncated"  # half of the JSON text, with a matching Content-Length
    CUT = "cut"  # half of what Content-Length promises, then closes
    EMPTY = "empty"  # searches find nothing
    REDIRECT = "redirect"  # 302 to elsewhere


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was seen, for tests."""

    method: str
    path: str
    body: Any


class PagodaStandIn:
    """A pagoda with made-up data. `fault`, `delay_s` and `accounts` may be changed while it runs."""

    def __init__(
        self, data: Records | str | Path | None = None, *, accounts: Mapping[str, Account] | None = None
    ) -> None:
        """`data` is Records or the path of a YAML file; without it the lab network, readable with LAB_TOKEN."""
        if isinstance(data, Records):
            self.records = data
        else:
            self.records = Records.from_yaml(None if data is None else _read(data))
        self.accounts: dict[str, Account] = dict(accounts) if accounts is not None else {LAB_TOKEN: Account()}
        self.fault = Fault.NONE
        self.delay_s = 0.0
        self.calls: list[Call] = []
        self.webhooks = Webhooks(self.records)
        self._api = Api(self.records, self.accounts, self.webhooks)
        self._server: ThreadingHTTPServer | None = None
        self._stopped = threading.Event()

    def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve in the background; the URL to use. OSError if the port is taken."""
        self._stopped.clear()
        self._server = _Server((host, port), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="lab-pagoda", daemon=True).start()
        bound_host, bound_port = self._server.server_address[:2]
        return f"http://{bound_host!s}:{bound_port}"

    def stop(self) -> None:
        """Stop serving; answers that are being delayed are dropped."""
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request under the present fault; None drops the connection."""
        self.calls.append(Call(request.method, request.target, _body(request)))
        del self.calls[:-1000]
        match self.fault:
            case Fault.DROP:
                return None
            case Fault.SLOW:
                if self._stopped.wait(self.delay_s):
                    return None
            case Fault.ERROR_PAGE:
                return page(500, f"OperationalError\n          at {request.target}")
            case Fault.BAD_GATEWAY:
                return page(502, "502 Bad Gateway")
            case Fault.REDIRECT:
                return Answer(302, "", html=True)
            case Fault.EMPTY if request.target.endswith("/advanced_search/"):
                return Answer(200, {"count": 0, "values": [], "total_count": 0})
        return self._api.answer(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def _handler(stand_in: PagodaStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            answer = stand_in.answer(request)
            if answer is None:
                self.close_connection = True
                return
            kind, content = _content(answer)
            if stand_in.fault is Fault.TRUNCATED:
                content = content[: len(content) // 2]
            self.send_response(answer.status)
            if kind:
                self.send_header("Content-Type", kind)
            if answer.allow:
                self.send_header("Allow", answer.allow)
            if answer.status == 302:
                self.send_header("Location", "https://elsewhere.example.net/")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if stand_in.fault is Fault.CUT:
                content = content[: len(content) // 2]
                self.close_connection = True
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: tests and the demo have their own words."""

    return Handler


def _content(answer: Answer) -> tuple[str, bytes]:
    if answer.html:
        return "text/html; charset=utf-8", str(answer.body).encode()
    if answer.body is None:
        return "", b""
    return "application/json", json.dumps(answer.body, separators=(",", ":")).encode()


def _body(request: Request) -> Any:  # noqa: ANN401  (any JSON value)
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _read(path: str | Path) -> str:
    return Path(path).read_text(encoding="utf-8")
