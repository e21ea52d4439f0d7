"""A TCP port for load balancers that only see whether it can be connected to: open while ready, closed while not."""

from __future__ import annotations

import selectors
import threading
import time
from typing import TYPE_CHECKING

from fannel import logs
from fannel.intake.listen import ListenError
from fannel.ops import tcp

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from fannel.config.address import Address
    from fannel.intake.counters import Counters

log = logs.Logger("fannel.health")

EVERY_S = 1.0
_SETTING = "health.check"
_BACKLOG = 64


class CheckPort:
    """Asks `ready` each second, in a thread of its own. Who connects is hung up on at once: there is nothing to say."""

    def __init__(
        self, address: Address, ready: Callable[[], bool], counters: Counters, *, every_s: float = EVERY_S
    ) -> None:
        self._address, self._ready, self._every_s = address, ready, every_s
        self._counters = counters
        self._socket: socket.socket | None = None
        self._open = False
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def bind(self) -> None:
        """Take the port without opening it.

        Raises:
            ListenError: it cannot be had.
        """
        self._socket = tcp.bind(self._address, _SETTING)
        if not self._address.port:
            self._address = self._address._replace(port=self._socket.getsockname()[1])

    @property
    def port(self) -> int:
        """The port that was bound (useful when 0 was asked for)."""
        return self._address.port

    def start(self) -> None:
        """Begin to ask and to open, until `close()`."""
        if self._socket is None:
            self.bind()
        self._thread = threading.Thread(target=self._watch, name="fannel-check-port", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port for good. Idempotent."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=self._every_s + 2)
        if self._socket is not None:
            self._socket.close()

    def _watch(self) -> None:
        while not self._closing.is_set():
            wanted = self._is_ready()
            if wanted != self._open:
                try:
                    self._open_port() if wanted else self._close_port()
                except ListenError as error:
                    log.error("the check port cannot be had, trying again", where=error.where, reason=error.reason)
            self._hang_up_for(self._every_s)

    def _is_ready(self) -> bool:
        try:
            return self._ready()
        except Exception:
            # Whoever cannot tell is not ready; the page says more.
            log.exception("the look at readiness broke")
            self._counters.add("defects", "readiness")
            return False

    def _open_port(self) -> None:
        if self._socket is None:
            self._socket = tcp.bind(self._address, _SETTING)
        sock, self._socket = self._socket, None
        tcp.listen(sock, self._address, _SETTING, _BACKLOG)
        self._socket, self._open = sock, True
        self._socket.setblocking(False)  # noqa: FBT003  (the socket module's own signature)

    def _close_port(self) -> None:
        assert self._socket is not None  # noqa: S101  (it is open)
        # A socket that listened cannot stop listening: it goes, and another one keeps the port from being taken.
        self._socket.close()
        self._socket, self._open = None, False
        self._socket = tcp.bind(self._address, _SETTING)

    def _hang_up_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        if self._socket is None or not self._open:
            self._closing.wait(seconds)
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._closing.is_set() and (left_s := until - time.monotonic()) > 0:
                if selector.select(timeout=min(left_s, 0.2)):
                    try:
                        self._socket.accept()[0].close()
                    except OSError:
                        # Who hung up first, or no descriptor left: not to be asked again without a breath.
                        self._closing.wait(0.01)
