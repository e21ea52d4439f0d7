"""Tells the event source what was heard, a line of JSON each, in a thread of its own.

The rule engine may be busy for as long as it likes: what does not fit any more is left out, the oldest first, and
counted. What a message asks for does not hang on that: the desk has dealt with it by then.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, BinaryIO

from fannel import logs
from fannel.listener.chat import Named, chat_event
from fannel.slack.errors import SlackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.intake.counters import Counters
    from fannel.slack.inbound.heard import Heard

log = logs.Logger("fannel.listener")

MOST_WAITING = 1000


class Telling:
    """`tell()` from any thread; `run()` in its own until `stop()`."""

    def __init__(
        self, rules: BinaryIO, name_of: Callable[[Heard], Named], counters: Counters, most: int = MOST_WAITING
    ) -> None:
        """`name_of` may ask Slack, and raise SlackError."""
        self._rules = rules
        self._name_of = name_of
        self._counters = counters
        self._most = most
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Heard, datetime]] = deque()
        self._stopping = False

    def tell(self, heard: Heard, heard_at: datetime) -> None:
        """Have it told."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self._counters.add("chat_untold")
            self._waiting.append((heard, heard_at))
            self._changed.notify()

    def stop(self) -> None:
        """End `run()`; what waits is not told."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self) -> None:
        """Tell until told to stop, or until nobody is there to be told."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if self._stopping:
                    return
                heard, heard_at = self._waiting.popleft()
            try:
                line = chat_event(heard, heard_at, self._named(heard)).to_line()
                self._rules.write(line.encode() + b"\n")
                self._rules.flush()
            except OSError:
                return  # the event source is gone, and so will this process be
            except Exception:
                # A defect of ours in one event, which the desk has dealt with.
                log.exception("telling the rules failed")
                self._counters.add("defects", "telling")
            else:
                self._counters.add("chat_told")

    def _named(self, heard: Heard) -> Named:
        try:
            return self._name_of(heard)
        except SlackError:
            return Named()
