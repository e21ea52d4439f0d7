"""The directory of a running FANNEL: loaded and kept fresh in the background, asked by every event.

Promises: an answer from memory costs microseconds; a question to pagoda delays an event by at most
`lookup_timeout_s`, all of them together a fifth of the time at most, and none while pagoda is known to be down; a good
list is never replaced by an empty or sharply smaller one, in memory or in the file that a start without pagoda begins
with; pagoda's troubles are logged when they change, not per event.

Fresh by three ways: pagoda's changes are asked for every `poll_s`, a `hint()` (a webhook) is followed at once, and the
whole list is read every `refresh_s`. Of several processes with one `cache_file` one does so; the others read the file.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from fannel.directory.directory import Directory, Lookup, address
from fannel.directory.errors import (
    EmptyList,
    PagodaAuthError,
    PagodaError,
    PagodaFailed,
    PagodaUnreachable,
    PermissionDenied,
    ShrunkList,
    UnexpectedAnswer,
)
from fannel.directory.follow import Follower, TooMuchChanged
from fannel.directory.gate import Gate
from fannel.directory.kept import KeptList
from fannel.directory.mapping import Mapping
from fannel.directory.reader import Reader
from fannel.directory.shrinking import Shrinking
from fannel.directory.snapshot import Origin, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fannel.directory.client import PagodaClient
    from fannel.directory.directory import Device, Interface

FIRST_RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 30.0
MOST_HINTS: Final = 1000
# How often whole lists are read of a pagoda that does not say what changed.
UNFOLLOWED_S: Final = 300.0
# How often a process that does not ask pagoda itself looks at the file.
FOLLOWERS_LOOK_S: Final = 2.0
_QUESTIONS_AT_ONCE = 2
_SHOWN = 5

# An outage shows itself in ever new words, and these in the words of whichever call met them first; what else someone
# has to mend (a model, an attribute) is told each time it changes.
_OUTAGE = (PagodaUnreachable, PagodaFailed, UnexpectedAnswer)
_BY_TYPE = (PagodaAuthError, PermissionDenied, ShrunkList, EmptyList)

_log = structlog.get_logger("fannel.directory")


class HostDirectory:
    """Who is behind an address. Thread-safe. `start()` it, and `stop()` it at the end.

    Without a client (no pagoda is configured) it knows what `cache_file` holds, or nobody. `trouble` is why the last
    load failed, None while all is well. `clock` counts seconds from anywhere, `wall` since the epoch.
    """

    def __init__(
        self,
        client: PagodaClient | None,
        mapping: Mapping | None = None,
        *,
        cache_file: Path | None = None,
        refresh_s: float = 3600,
        poll_s: float = 20,
        lookup_timeout_s: float = 2,
        first_retry_s: float = FIRST_RETRY_S,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.trouble: PagodaError | None = None
        mapping = mapping or Mapping()
        self._reader = Reader(client, mapping) if client is not None else None
        self._follower = Follower(client, self._reader) if client is not None and self._reader is not None else None
        self._origin = Origin.of(client.url, mapping.device) if client is not None else None
        self._kept = KeptList(cache_file, self._origin, wall) if cache_file is not None else None
        self._refresh_s = refresh_s
        self._poll_s = poll_s
        self._unfollowed_s = min(refresh_s, UNFOLLOWED_S)
        self._follows = False
        self._list_at, self._retry_s = time.monotonic(), first_retry_s
        self._lookup_timeout_s = lookup_timeout_s
        self._first_retry_s = first_retry_s
        self._clock = clock
        self._wall = wall
        self._directory = Directory()
        self._swap = threading.Lock()
        self._gate = Gate()
        self._questions = threading.BoundedSemaphore(_QUESTIONS_AT_ONCE)
        self._ready = threading.Event()
        self._grace_until = float("-inf")
        self._shrinking = Shrinking()
        self._hints: set[int] = set()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: dict[str, str] = {}

    @property
    def directory(self) -> Directory:
        """What is known now."""
        return self._directory

    def start(self) -> None:
        """Begin loading in the background and return at once."""
        if self._thread is None:
            self._grace_until = self._clock() + self._lookup_timeout_s
            self._thread = threading.Thread(target=self._keep_fresh, name="fannel-directory", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the background loading. Returns at once; a call under way ends by its own time-out."""
        self._stopping.set()
        self._wake.set()

    def hint(self, item_id: int) -> None:
        """Somebody says that this item of pagoda changed: look at it soon. Costs nothing, believes nothing."""
        with self._swap:
            if len(self._hints) < MOST_HINTS:
                self._hints.add(item_id)
        self._wake.set()

    def wait_tried(self, timeout_s: float) -> bool:
        """Wait until there is a list, or the first load has failed; whether there is a list now."""
        self._ready.wait(timeout_s)
        return self._directory.loaded_at is not None

    def find(self, candidates: Sequence[str]) -> Lookup:
        """The device behind the first of these addresses or names that names one; see Directory.find().

        Events of the first moments wait for a first list, but no longer than `lookup_timeout_s` after `start()`.
        """
        if self._directory.loaded_at is None and not self._ready.is_set():
            self._ready.wait(max(0.0, self._grace_until - self._clock()))
        lookup = self._directory.find(candidates, self._clock())
        if lookup.status != "unknown":
            return lookup
        addresses = tuple(dict.fromkeys(a for a in map(address, candidates) if a is not None))
        if self._reader is None or not addresses or self.trouble is not None:
            return lookup
        if not self._gate.allows(addresses, self._clock()):
            return lookup
        return self._ask(self._reader, candidates, addresses) or lookup

    def known(self, candidates: Sequence[str]) -> Lookup:
        """What memory alone has of these addresses or names. Never waits, never asks pagoda."""
        return self._directory.find(candidates, self._clock())

    def interface(self, device: Device, *, ifindex: int | None = None, name: str | None = None) -> Interface | None:
        """See Directory.interface(). Never asks pagoda."""
        return self._directory.interface(device, ifindex=ifindex, name=name)

    def refresh(self) -> None:
        """Load everything again, now, in this thread; raises PagodaError and keeps what it has if that fails.

        Devices do not wait for interfaces: without readable interfaces the known ones stay.
        """
        if self._reader is None or self._follower is None or self._origin is None:
            raise PagodaError("no pagoda is configured: set PAGODA_URL")
        self._reader.forget()
        self._mark(self._follower)
        devices = self._reader.devices()
        loaded_at, read_at = self._clock(), self._wall()
        self._shrinking.check(len(self._directory), len(devices), loaded_at)
        self._replace(Directory(devices, self._directory.interfaces, loaded_at=loaded_at))
        try:
            interfaces = self._reader.interfaces()
        except PagodaError as error:
            self._tell("interfaces", error)
        else:
            self._replace(Directory(devices, interfaces, loaded_at=loaded_at))
            self._tell("interfaces", None)
        self._save(read_at, at_once=True)

    def follow(self) -> None:
        """Look at what changed since the last look, now, in this thread; raises PagodaError, TooMuchChanged."""
        if self._follower is None or self._origin is None:
            raise PagodaError("no pagoda is configured: set PAGODA_URL")
        with self._swap:
            hints, self._hints = self._hints, set()
        asked_at, read_at = self._clock(), self._wall()
        try:
            changes = self._follower.look(hints)
        except PagodaError:
            with self._swap:
                self._hints |= hints
            raise
        if not changes:
            with self._swap:
                self._directory = self._directory.as_of(asked_at)
            if self._kept is not None:
                self._kept.confirm(self._clock())
            return
        with self._swap:
            self._directory = self._directory.changed(
                changes.devices, changes.gone, changes.interfaces or {}, loaded_at=asked_at
            )
        _log.info("pagoda_changed", devices=len(changes.devices), gone=len(changes.gone))
        self._save(read_at, at_once=False)

    def _mark(self, follower: Follower) -> None:
        """Remember where pagoda's changes stand. An account that may not list them gets whole lists only."""
        try:
            follower.mark()
        except PagodaError as error:
            self._tell("changes", error)
            self._follows = False
        else:
            self._tell("changes", None)
            self._follows = True

    def _save(self, read_at: float, *, at_once: bool) -> None:
        """Keep what is known now for the next start, and for the other processes."""
        if self._kept is None:
            return
        known = self._directory
        self._kept.save(lambda: Snapshot(read_at, known.devices, known.interfaces), self._clock(), at_once=at_once)

    def _restore(self) -> None:
        """Begin with what an earlier run kept, as old as it is."""
        if self._kept is None:
            return
        # Devices at once: 200,000 interfaces take two seconds more.
        for with_interfaces in (False, True):
            kept = self._kept.first(with_interfaces=with_interfaces)
            if kept is None:
                return
            age_s = kept.age_s(self._wall())
            self._replace(Directory(kept.devices, kept.interfaces, loaded_at=self._clock() - age_s))
            self._ready.set()
        _log.info("directory_file_read", devices=len(self._directory), age_s=int(age_s))

    def _replace(self, directory: Directory) -> None:
        with self._swap:
            self._directory = directory

    def _keep_fresh(self) -> None:
        self._restore()
        while self._reader is not None and not self._stopping.is_set():
            leads = self._kept is None or self._kept.leads()
            pause_s = self._ask_pagoda() if leads else self._read_along()
            if leads or self._directory.loaded_at is not None:
                self._ready.set()
            self._wake.wait(pause_s)
            self._wake.clear()
        self._ready.set()
        if self._kept is not None:
            self._kept.close()

    def _ask_pagoda(self) -> float:
        """Read the whole list if it is time, else what changed; seconds until the next turn."""
        whole = time.monotonic() >= self._list_at
        try:
            if whole:
                self.refresh()
            else:
                self.follow()
        except TooMuchChanged:
            self._list_at = time.monotonic()
            return 0.0
        except Exception as error:  # noqa: BLE001  (a bug must not end refreshing for good; it is told as trouble)
            if not self._stopping.is_set():
                self.trouble = _typed(error)
                self._tell("devices", self.trouble)
            pause_s, self._retry_s = self._retry_s, min(MAX_RETRY_S, self._retry_s * 2)
            return pause_s
        if whole:
            self._list_at = time.monotonic() + (self._refresh_s if self._follows else self._unfollowed_s)
        self.trouble = None
        self._tell("devices", None)
        self._retry_s = self._first_retry_s
        return min(self._poll_s, self._refresh_s)

    def _read_along(self) -> float:
        """Take over what the process that leads has written; seconds until the next look."""
        assert self._kept is not None  # noqa: S101  (without a file everybody leads)
        if (news := self._kept.news()) is not None:
            self._replace(Directory(news.devices, news.interfaces, loaded_at=self._clock() - news.age_s(self._wall())))
        known, confirmed_at = self._directory, self._kept.confirmed_at()
        if confirmed_at is not None and known.loaded_at is not None:
            loaded_at = self._clock() - max(0.0, self._wall() - confirmed_at)
            self._replace(known.as_of(max(loaded_at, known.loaded_at)))
        if self._hints and self._follower is not None:  # the webhook comes here, whoever leads
            self._mark(self._follower)
            self._ask_pagoda()
        return min(FOLLOWERS_LOOK_S, self._poll_s)

    def _ask(self, reader: Reader, candidates: Sequence[str], addresses: tuple[str, ...]) -> Lookup | None:
        """Ask pagoda in a thread of its own, so that nothing it does can hold an event longer than promised."""
        if not self._questions.acquire(blocking=False):
            return None
        question = _Question(addresses)
        asked_at = self._clock()
        threading.Thread(target=self._answer, args=(reader, question), name="fannel-lookup", daemon=True).start()
        in_time = question.done.wait(self._lookup_timeout_s)
        now = self._clock()
        self._gate.spent(now - asked_at, now)
        lookup = self._directory.find(candidates, now)
        if lookup.status != "unknown":
            return replace(lookup, stale_s=0)
        if in_time and question.error is None:
            self._gate.nobody(addresses, now)
        else:
            self._gate.failed(now)
            _log.warning("pagoda_lookup_failed", error=str(question.error or "no answer in time"))
        return None

    def _answer(self, reader: Reader, question: _Question) -> None:
        try:
            for device in reader.devices_at(question.addresses, within_s=self._lookup_timeout_s):
                # The device first: an interface list that is late must not cost the host its name.
                with self._swap:
                    self._directory = self._directory.plus(device)
                interfaces = reader.interfaces(device, within_s=self._lookup_timeout_s)
                with self._swap:
                    self._directory = self._directory.plus(device, interfaces.get(device.pagoda_id, ()))
        except Exception as error:  # noqa: BLE001  (told by whoever asked, and no reason to ask again soon)
            question.error = _typed(error)
        finally:
            self._questions.release()
            question.done.set()

    def _tell(self, what: str, error: PagodaError | None) -> None:
        """Log how `what` is doing if that is news."""
        news = "outage" if isinstance(error, _OUTAGE) else str(error)
        if isinstance(error, _BY_TYPE):
            news = type(error).__name__
        if self._told.get(what) == news:
            return
        self._told[what] = news
        known = self._directory
        if error:
            _log.warning("pagoda_trouble", what=what, error=str(error), type=type(error).__name__, known=len(known))
            return
        contested = known.ambiguous
        shown = {key: contested[key] for key in sorted(contested)[:_SHOWN]}
        counts = {"devices": len(known), "interfaces": known.interface_count, "ambiguous": len(contested)}
        _log.info("pagoda_loaded", what=what, **counts, **({"for_example": shown} if shown else {}))


def _typed(error: Exception) -> PagodaError:
    return error if isinstance(error, PagodaError) else UnexpectedAnswer(f"unforeseen while reading: {error!r}")


class _Question:
    """One question under way: what was asked, and how it ended."""

    __slots__ = ("addresses", "done", "error")

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self.addresses = addresses
        self.done = threading.Event()
        self.error: PagodaError | None = None
