"""From the socket into the inbox: what was heard is put on record in a thread of its own, so that no ack waits long.

A click or a command is nowhere else once it is acknowledged, so the ack waits a moment for the record; when the
database takes longer than that, the ack goes out, and what was heard stays in memory until the database is back. When
that is full nothing more is taken in: it is not acknowledged, and Slack says so to whoever clicked.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from fannel import logs
from fannel.incidents.store import StoreError
from fannel.intake.vital import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.incidents.store.inbox import Entry, Inbox
    from fannel.intake.counters import Counters

log = logs.Logger("fannel.slack")

MOST_KEPT = 5000
_AT_ONCE = 100
_RETRY_AFTER_S = 1.0
_IDLE_S = 5.0
# A database that is away is tried for ever; each try may take as long as a connection does.
STALLED_AFTER_S = 60.0


class Keeper:
    """`take()` from any thread; `run()` in its own until `stop()`."""

    def __init__(self, inbox: Inbox, counters: Counters, kept: Callable[[], None], most: int = MOST_KEPT) -> None:
        """`kept` is called when something new is in the inbox."""
        self._inbox = inbox
        self._counters = counters
        self._kept = kept
        self._most = most
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Entry, Callable[[], None]]] = deque()
        self._stopping = False
        self.trouble: str | None = None
        self.heartbeat = Heartbeat("slack inbox", STALLED_AFTER_S)

    def take(self, entry: Entry, on_record: Callable[[], None]) -> bool:
        """Keep it soon, and say so by calling `on_record` in the keeper's thread; False when there is no room."""
        with self._changed:
            if len(self._waiting) >= self._most:
                return False
            self._waiting.append((entry, on_record))
            self._changed.notify()
        return True

    def put(self, entries: Sequence[Entry]) -> int:
        """Keep these now, and say how many are new.

        Raises:
            StoreError: the database is away.
        """
        new = self._inbox.put(entries)
        if new:
            self._kept()
        return new

    def run(self) -> None:
        """Keep what is taken until it is told to stop and nothing is left, or cannot be kept."""
        while True:
            self.heartbeat.beat()
            with self._changed:
                if not self._waiting and not self._stopping:
                    self._changed.wait(_IDLE_S)
                batch = [self._waiting[n] for n in range(min(_AT_ONCE, len(self._waiting)))]
                stopping = self._stopping
            if not batch:
                if stopping:
                    return
                continue
            if not self._keep(batch):
                if stopping:
                    log.error("ending with something heard that is not on record", entries=len(self._waiting))
                    return
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _RETRY_AFTER_S)

    def stop(self) -> None:
        """End `run()`."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def _keep(self, batch: list[tuple[Entry, Callable[[], None]]]) -> bool:
        try:
            new = self.put([entry for entry, _ in batch])
        except StoreError as error:
            self._counters.add("store_errors")
            self._failed(str(error))
            return False
        except Exception as error:
            # A defect of ours; what was heard stays, and it is said with its traceback and counted every time.
            log.exception("keeping what was heard failed")
            self._counters.add("defects", "keeping")
            self._failed(type(error).__name__)
            return False
        self.trouble = None
        with self._changed:
            for _ in batch:
                self._waiting.popleft()
        for entry, on_record in batch:
            on_record()
            self._counters.add("heard", entry.kind)
        self._counters.add("heard_again", n=len(batch) - new)
        return True

    def _failed(self, reason: str) -> None:
        if self.trouble is None:
            log.error("what was heard cannot be put on record, it is kept in memory", reason=reason)
        self.trouble = reason
