"""The SSH side of the stand-in routers: one listener per address, one Shell per login.

Paramiko's server is used directly: a login costs two threads and no polling.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import selectors
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import paramiko

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.lab.devices.shell import Shell

_LOG = "fannel.lab.devices.ssh"
_ACCEPT_S = 10.0  # how long a client may take to log in
_PORT_TRIES = 20
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Login:
    """The one account every device of the lab has."""

    user: str
    password: str


class SshDevices:
    """Listens on one port of several addresses; `shell_for(address)` makes the command line of a login."""

    def __init__(self, addresses: Sequence[str], shell_for: Callable[[str], Shell], login: Login) -> None:
        self._addresses = tuple(addresses)
        self._shell_for = shell_for
        self._login = login
        self._key = paramiko.ECDSAKey.generate()
        self._listeners: list[socket.socket] = []
        self._transports: set[paramiko.Transport] = set()
        self._logins: list[str] = []
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="lab-ssh", daemon=True)
        # A port scan or a dropped client is no news in a lab; paramiko would print a traceback for it.
        logging.getLogger(_LOG).setLevel(logging.CRITICAL)

    def start(self, port: int = 0) -> int:
        """Listen; 0 finds a port that is free on all addresses. Returns the port. Raises OSError."""
        self._listeners = _listen(self._addresses, port)
        self._thread.start()
        bound: int = self._listeners[0].getsockname()[1]
        return bound

    def stop(self) -> None:
        """Close every listener and every session."""
        self._stopping.set()
        self._wake.send(b"x")
        if self._thread.is_alive():
            self._thread.join()
        for listener in self._listeners:
            listener.close()
        for transport in tuple(self._transports):
            transport.close()
        self._wake.close()
        self._woken.close()

    def logins(self, address: str) -> int:
        """How many sessions were opened at an address so far."""
        return self._logins.count(address)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for listener in (*self._listeners, self._woken):
                selector.register(listener, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for ready, _ in selector.select():
                    if ready.fileobj is self._woken:
                        return
                    with contextlib.suppress(OSError):  # the client hung up between select and accept
                        client, _peer = ready.fileobj.accept()  # type: ignore[union-attr]
                        threading.Thread(target=self._serve, args=(client,), name="lab-login", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address = client.getsockname()[0]
        transport = paramiko.Transport(client)
        transport.set_log_channel(_LOG)
        transport.add_server_key(self._key)
        self._transports.add(transport)
        try:
            transport.start_server(server=_Session(self._login))
            channel = transport.accept(_ACCEPT_S)
            if channel is not None:
                self._logins.append(address)
                _converse(channel, self._shell_for(address))
        except (paramiko.SSHException, OSError, EOFError):
            pass  # the client went away; a device only forgets it
        finally:
            transport.close()
            self._transports.discard(transport)


def _converse(channel: paramiko.Channel, shell: Shell) -> None:
    channel.sendall(shell.greeting())
    while not shell.closed and (data := channel.recv(_CHUNK)):
        channel.sendall(shell.feed(data))


class _Session(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    """Who may log in, and what they may open: a terminal and a shell, as on a router."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (self._login.user, self._login.password)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        allowed = paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        return int(allowed)

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:  # noqa: ARG002
        return True


def _listen(addresses: Sequence[str], port: int) -> list[socket.socket]:
    for _ in range(_PORT_TRIES):
        listeners: list[socket.socket] = []
        chosen = port
        try:
            for address in addresses:
                listeners.append(socket.create_server((address, chosen), backlog=32))
                chosen = listeners[0].getsockname()[1]
        except OSError as error:
            for listener in listeners:
                listener.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
        else:
            return listeners
    msg = "no port is free on all the lab's addresses"
    raise OSError(errno.EADDRINUSE, msg)
