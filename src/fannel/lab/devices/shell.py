"""One login's command line: bytes typed in, bytes printed out. Pure; the SSH server moves the bytes.

As on the devices it stands in for, what is typed is echoed. The password for `enable` is echoed as well: FakeNOS
does that, some consoles do, and it is how a secret ends up in an error text, so the redaction has something to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import EXEC, PRIVILEGED, Dialect, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.lab.devices.plant import Device

_LINE_LIMIT = 4096
_CR, _LF = b"\r\n"


class Shell:
    """Feed it what arrives; it returns what to print. `closed` turns true after exit."""

    def __init__(self, device: Device, dialect: Dialect, screen: Callable[[], Screen], *, enable_password: str) -> None:
        self._device, self._dialect, self._screen = device, dialect, screen
        self._enable_password = enable_password
        self._level = EXEC if dialect.enable else PRIVILEGED
        self._tries_left = 0
        self._stamped = dialect.stamp is not None
        self._line = bytearray()
        self._previous = 0
        self.closed = False

    def greeting(self) -> bytes:
        """The first prompt."""
        return _wire("\n" + self._prompt())

    def feed(self, data: bytes) -> bytes:
        """Handle typed bytes; return the echo and the answers."""
        out = bytearray()
        for byte in data:
            previous, self._previous = self._previous, byte
            if byte == _LF and previous == _CR:
                continue  # one Return, sent as two bytes
            if byte not in (_CR, _LF):
                if byte != 0 and len(self._line) < _LINE_LIMIT:
                    self._line.append(byte)
                    out.append(byte)
                continue
            line, self._line = self._line.decode("utf-8", "replace").strip(), bytearray()
            out += b"\r\n" + _wire(self._enter(line))
            if self.closed:
                break
        return bytes(out)

    def _enter(self, line: str) -> str:
        if self._tries_left:
            return self._password(line)
        if line in ("exit", "quit", "logout"):
            self.closed = True
            return ""
        if not line:
            return self._prompt()
        if line == "enable" and self._dialect.enable and self._level != PRIVILEGED:
            self._tries_left = self._dialect.enable.tries
            return "Password: "
        if line == "disable" and self._dialect.enable:
            self._level = EXEC
            return self._prompt()
        screen = self._screen()
        said = self._dialect.answer(line, _at_level(screen, self._level))
        if line == self._dialect.unstamp:
            self._stamped = False
        elif self._stamped and self._dialect.stamp:
            said = f"\n{self._dialect.stamp(screen.now)}\n{said}"
        return f"{said}\n{self._prompt()}" if said else self._prompt()

    def _password(self, typed: str) -> str:
        enable = self._dialect.enable
        assert enable is not None  # noqa: S101  (only a dialect with `enable` counts tries)
        self._tries_left -= 1
        if typed == self._enable_password:
            self._tries_left, self._level = 0, PRIVILEGED
            return self._prompt()
        return "Password: " if self._tries_left else enable.refusal + self._prompt()

    def _prompt(self) -> str:
        return self._dialect.before_prompt + self._dialect.prompt(self._device, self._level)


def _at_level(screen: Screen, level: int) -> Screen:
    return Screen(screen.device, screen.ports, screen.log, screen.now, level)


def _wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
