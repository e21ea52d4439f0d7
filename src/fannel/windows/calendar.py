"""A calendar of planned work: fetched, with bounds to everything, and read in a process of its own.

Its address may be as good as a password: no error and no log line of FANNEL's holds it, a calendar goes by its name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_OCTETS: Final = 10_000_000
_TIMEOUT_S: Final = 10.0
_LONGEST_S: Final = 60.0
_REDIRECTS: Final = 3
_CHUNK: Final = 65_536
# What reading a file may take; by the clock more, since the machine may be busy.
CPU_S: Final = 20
_EXPAND_S: Final = 3.0 * CPU_S
# No secret of FANNEL's goes along into a process that reads a stranger's file.
_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")


class CalendarError(RuntimeError):
    """A calendar cannot be used now; the text says why, without its address."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One time in a calendar. `key` names it whatever else changes; times are UTC. `circuits` are those it lists."""

    key: str
    title: str
    starts_at: datetime
    ends_at: datetime
    organiser: str = ""
    tentative: bool = False
    circuits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """What a calendar holds for the days to come, and what of it had to be left out."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


class Calendar:
    """`text()` is the file as it is now; only what changed is fetched again."""

    def __init__(self, address: str) -> None:
        """`address` is an http or https URL, or a path."""
        self._address = address
        self._session = requests.Session()
        self._validators: dict[str, str] = {}
        self._kept: bytes | None = None

    def text(self) -> bytes:
        """The file.

        Raises:
            CalendarError: it cannot be had.
        """
        if urlsplit(self._address).scheme not in ("http", "https"):
            return _file(Path(self._address))
        try:
            return self._fetched()
        except requests.Timeout:
            raise CalendarError(f"no answer within {_TIMEOUT_S:g} s") from None
        except requests.exceptions.SSLError:
            raise CalendarError("its certificate is not trusted, or TLS failed") from None
        except requests.RequestException as error:
            # Its type only: the text may hold the address.
            raise CalendarError(f"cannot be reached ({type(error).__name__})") from None

    def _fetched(self) -> bytes:
        until = time.monotonic() + _LONGEST_S
        address = self._address
        for _ in range(_REDIRECTS + 1):
            headers = {"Accept": "text/calendar", "Accept-Encoding": "identity", **self._validators}
            with self._session.get(
                address, headers=headers, timeout=_TIMEOUT_S, stream=True, allow_redirects=False
            ) as answer:
                if answer.is_redirect:
                    address = _redirected(address, answer.headers["Location"])
                    continue
                if answer.status_code == requests.codes.not_modified and self._kept is not None:
                    return self._kept
                if answer.status_code != requests.codes.ok:
                    raise CalendarError(f"answers with status {answer.status_code}")
                self._kept = _body(answer, until)
                self._validators = {
                    ask: answer.headers[said]
                    for said, ask in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
                    if said in answer.headers
                }
                return self._kept
        raise CalendarError(f"redirects more than {_REDIRECTS} times")


def _redirected(address: str, location: str) -> str:
    target = urljoin(address, location)
    before, after = urlsplit(address).scheme, urlsplit(target).scheme
    if after not in ("http", "https") or (before == "https" and after != "https"):
        raise CalendarError("redirects to what is not HTTPS")
    return target


def _body(answer: requests.Response, until: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > LARGEST_OCTETS:
            raise CalendarError(f"is larger than {LARGEST_OCTETS:,} octets")
        if time.monotonic() > until:
            raise CalendarError(f"takes longer than {_LONGEST_S:g} s")
    return bytes(body)


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_OCTETS + 1)
    except OSError as error:
        raise CalendarError(f"cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_OCTETS:
        raise CalendarError(f"is larger than {LARGEST_OCTETS:,} octets")
    return data


def entries_of(data: bytes, start: datetime, end: datetime, zone: str) -> Entries:
    """What of a file is planned between two moments; whole days, and times without a zone, in `zone`.

    Raises:
        CalendarError: it is no iCalendar file, or reading it takes too much.
    """
    window = (start.isoformat(), end.isoformat(), zone)
    command = [sys.executable, "-P", "-m", "fannel.windows.expand", *window, str(CPU_S)]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603  (our own module; what is not ours goes in by its standard input)
            command, input=data, capture_output=True, timeout=_EXPAND_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise CalendarError(f"takes more than {_EXPAND_S:g} s to read") from None
    except OSError as error:
        raise CalendarError(f"no process could be started to read it: {error.strerror}") from None
    if done.returncode < 0:
        raise CalendarError(
            f"takes more than {CPU_S} s, or too much memory, to read: a rule in it never comes to an end"
        )
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CalendarError(f"is no iCalendar file: {why[-1] if why else 'no reason given'}")
    said: Mapping[str, Any] = json.loads(done.stdout)
    return Entries(tuple(map(_entry, said["entries"])), tuple(said["problems"]))


def _entry(said: Mapping[str, Any]) -> Entry:
    starts_at, ends_at = (datetime.fromisoformat(said[name]).astimezone(UTC) for name in ("starts_at", "ends_at"))
    key = said["uid"] if said["planned_for"] is None else f"{said['uid']}/{said['planned_for']}"
    return Entry(key, said["title"], starts_at, ends_at, said["organiser"], said["tentative"], tuple(said["circuits"]))
