"""What one network operating system says: its prompts, its commands, its complaints, its log lines.

A dialect is data and pure functions over a Screen. Nothing here knows of SSH.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fannel.lab.devices.plant import Change, Device, Port

EXEC, PRIVILEGED = 1, 15


@dataclass(frozen=True, slots=True)
class Screen:
    """What a command may look at: the device, its ports and log as they are now, and the time (epoch seconds)."""

    device: Device
    ports: tuple[Port, ...]
    log: tuple[str, ...]
    now: float
    level: int = PRIVILEGED

    def port(self, name: str) -> Port | None:
        """The port a person means by `name`: any case, and short forms such as Gi0/1."""
        letters, number = _split(name)
        for port in self.ports:
            full, place = _split(port.name)
            if place == number and letters and full.startswith(letters):
                return port
        return None

    def ago(self, then: float) -> str:
        """How long ago, as routers print it: 00:00:07."""
        seconds = max(0, int(self.now - then))
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@dataclass(frozen=True, slots=True)
class Enable:
    """How a login becomes privileged: asked up to `tries` times, then `refusal`."""

    tries: int
    refusal: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """One operating system. `commands` are (full-match pattern, answer); an answer of None is `invalid`.

    `stamp` is printed before every answer, as IOS-XR does until it is told not to (`unstamp`).
    """

    prompt: Callable[[Device, int], str]
    commands: tuple[tuple[re.Pattern[str], Callable[[Screen, re.Match[str]], str | None]], ...]
    invalid: Callable[[str], str]
    log_lines: Callable[[Change], Iterable[str]]
    enable: Enable | None = None
    stamp: Callable[[float], str] | None = None
    unstamp: str = ""
    before_prompt: str = ""

    def answer(self, line: str, screen: Screen) -> str:
        """What the device prints for one command line."""
        said = self._said(line, screen)
        return self.invalid(line) if said is None else said

    def _said(self, line: str, screen: Screen) -> str | None:
        for pattern, say in self.commands:
            if match := pattern.fullmatch(line):
                return say(screen, match)
        command, bar, tail = line.rpartition(" | ")
        sieve = _sieve(tail.strip()) if bar else None
        said = self._said(command.strip(), screen) if sieve else None
        return None if sieve is None or said is None else sieve(said)


def command(
    pattern: str, say: Callable[[Screen, re.Match[str]], str | None]
) -> tuple[re.Pattern[str], Callable[[Screen, re.Match[str]], str | None]]:
    """One line of a dialect's command table; letters in any case, as on devices."""
    return re.compile(pattern, re.IGNORECASE), say


def fixed(text: str) -> Callable[[Screen, re.Match[str]], str]:
    """A command that always says the same."""
    return lambda _screen, _match: text


def as_json(data: object) -> str:
    """JSON as devices print it: indented."""
    return json.dumps(data, indent=4)


def clock(form: str, at: float) -> str:
    """A UTC time in strftime's notation, where `%f` is milliseconds."""
    return time.strftime(form.replace("%f", f"{int(at * 1000) % 1000:03d}"), time.gmtime(at))


def _split(name: str) -> tuple[str, str]:
    match = re.fullmatch(r"\s*([A-Za-z]+)[- ]?([\d/.:]*)\s*", name)
    return (match[1].lower(), match[2]) if match else ("", "")


def _sieve(text: str) -> Callable[[str], str] | None:
    """The pipe after a command: include/match/grep, exclude/except, last, head, no-more."""
    word, _, rest = text.partition(" ")
    rest = rest.strip().strip('"')
    # Junos matches letters in any case, the others as written.
    if word in ("include", "inc", "i", "match", "grep"):
        return _keeping(rest, re.IGNORECASE if word == "match" else re.NOFLAG, keep=True)
    if word in ("exclude", "except"):
        return _keeping(rest, re.IGNORECASE if word == "except" else re.NOFLAG, keep=False)
    if word == "last" and rest.isdigit():
        return lambda said: "\n".join(said.splitlines()[-int(rest) :])
    if head := re.fullmatch(r"utility head -n (\d+)", text):
        return lambda said: "\n".join(said.splitlines()[: int(head[1])])
    return (lambda said: said) if word in ("no-more", "nomore") else None


def _keeping(pattern: str, flags: re.RegexFlag, *, keep: bool) -> Callable[[str], str] | None:
    try:
        wanted = re.compile(pattern, flags)
    except re.error:
        return None
    return lambda said: "\n".join(line for line in said.splitlines() if bool(wanted.search(line)) is keep)
