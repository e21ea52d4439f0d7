"""Pulling cables from another process: a small HTTP server on loopback, and its client.

    GET  /                                              every device and port, as JSON
    POST /<device>/<action>?interface=<name>[&reason=…] cut, restore, shutdown, err-disable,
                                                        lose-bgp, shut-bgp, find-bgp, lose-ospf, find-ospf,
                                                        dim (on IOS-XE: it says so by syslog)

The answer is a JSON list of the ports that went up or down. With targets set, the devices also send their traps and
their syslog. `curl -X POST 'http://127.0.0.1:PORT/rt-tyo-01/cut?interface=GigabitEthernet0/1'`
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from fannel.lab.devices.lines import send_line, send_link_lines
from fannel.lab.devices.neighbors import bgp_trap, ospf_trap, send_from
from fannel.lab.devices.optics import ios_low_light
from fannel.lab.devices.plant import UnknownPortError
from fannel.lab.devices.traps import send_link_traps

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.lab.devices.lab import LabDevices
    from fannel.lab.devices.plant import Change, Port

_TIMEOUT_S = 5
_POLL_S = 0.05  # how soon the server notices that it shall stop


class UnknownActionError(ValueError):
    """There is no such action."""


class LabControl:
    """Serves a LabDevices. The targets are where the devices send their traps and their syslog; None: nowhere."""

    def __init__(
        self,
        devices: LabDevices,
        *,
        trap_target: tuple[str, int] | None = None,
        syslog_target: tuple[str, int] | None = None,
        community: str = "public",
    ) -> None:
        self._devices, self._target, self._community = devices, trap_target, community.encode()
        self._syslog_target = syslog_target
        self._server: ThreadingHTTPServer | None = None

    def start(self, port: int = 0, address: str = "127.0.0.1") -> str:
        """Listen; returns the base URL. Raises OSError."""
        self._server = ThreadingHTTPServer((address, port), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="lab-control", daemon=True).start()
        return f"http://{address}:{self._server.server_port}"

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def act(self, device: str, action: str, interface: str, reason: str = "link-flap") -> list[Change]:
        """Do it, and let the devices tell of it. Raises UnknownPortError, UnknownActionError, OSError."""
        actions: dict[str, Callable[[], list[Change]]] = {
            "cut": lambda: self._devices.cut(device, interface),
            "restore": lambda: self._devices.restore(device, interface),
            "shutdown": lambda: self._devices.shutdown(device, interface),
            "err-disable": lambda: self._devices.err_disable(device, interface, reason),
        }
        sessions: dict[str, tuple[Callable[[str, str], Port], Callable[[Port], bytes]]] = {
            "lose-bgp": (self._devices.lose_bgp, self._bgp),
            "shut-bgp": (self._devices.shut_bgp, self._bgp),
            "find-bgp": (self._devices.find_bgp, self._bgp),
            "lose-ospf": (self._devices.lose_ospf, self._ospf),
            "find-ospf": (self._devices.find_ospf, self._ospf),
        }
        if action in sessions:
            change, trap = sessions[action]
            port = change(device, interface)
            if self._target is not None:
                send_from(self._devices.plant.device(device), trap(port), self._target)
            return []
        if action == "dim":
            port, found = self._devices.dim(device, interface), self._devices.plant.device(device)
            if self._syslog_target is not None and found.os == "ios":
                send_line(found, ios_low_light(port, time.time()), self._syslog_target)
            return []
        if action not in actions:
            msg = f"no action {action!r}; there is {', '.join([*actions, *sessions, 'dim'])}"
            raise UnknownActionError(msg)
        changes = actions[action]()
        if self._target is not None:
            send_link_traps(changes, self._target, community=self._community)
        if self._syslog_target is not None:
            send_link_lines(changes, self._syslog_target)
        return changes

    def _bgp(self, port: Port) -> bytes:
        return bgp_trap(port, time.time(), community=self._community)

    def _ospf(self, port: Port) -> bytes:
        return ospf_trap(port, time.time(), community=self._community)

    def state(self) -> dict[str, Any]:
        """Every device and its ports."""
        plant = self._devices.plant
        return {
            name: {"os": device.os, "address": device.address, "interfaces": [_port(p) for p in plant.ports(name)]}
            for name, device in plant.devices.items()
        }


def ask(base_url: str, device: str, action: str, interface: str, **more: str) -> list[dict[str, Any]]:
    """Let a control server act. Raises urllib.error.URLError (HTTPError with the reason when it refuses)."""
    query = urllib.parse.urlencode({"interface": interface, **more})
    url = f"{base_url}/{urllib.parse.quote(device)}/{urllib.parse.quote(action)}?{query}"
    request = urllib.request.Request(url, method="POST")  # noqa: S310  (the lab's own URL)
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
        changes: list[dict[str, Any]] = json.load(answer)
    return changes


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "ifindex": port.ifindex, "admin_up": port.admin_up, "up": port.up}


def _handler(control: LabControl) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(HTTPStatus.OK, control.state())

        def do_POST(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            given = dict(urllib.parse.parse_qsl(url.query))
            device, _, action = url.path.strip("/").partition("/")
            reason = {"reason": given["reason"]} if "reason" in given else {}
            try:
                changes = control.act(urllib.parse.unquote(device), action, given.get("interface", ""), **reason)
            except (UnknownPortError, UnknownActionError) as error:
                self._say(HTTPStatus.NOT_FOUND, {"error": str(error)})
            except OSError as error:
                self._say(HTTPStatus.BAD_GATEWAY, {"error": f"it could not be told of: {error}"})
            else:
                said = [{"device": change.device.name, **_port(change.after)} for change in changes]
                self._say(HTTPStatus.OK, said)

        def _say(self, status: HTTPStatus, data: object) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal: `fannel lab` says what happens."""

    return Handler
