"""From the inbox to the desk: one entry after the other, each until it is done or was tried often enough.

In a thread of its own, which may use the database and Slack and take its time. When the process dies in the middle,
the entry is given out again: the desk does it once all the same.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from fannel import logs
from fannel.incidents.store import StoreError
from fannel.intake.vital import Heartbeat
from fannel.slack.errors import FatalAuth, OutcomeUnknown, RateLimited, SlackError, Unreachable
from fannel.slack.inbound.heard import Click, Message, from_json
from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.incidents.store.inbox import Entry, Inbox
    from fannel.intake.counters import Counters
    from fannel.slack.inbound.heard import Desk, Heard

log = logs.Logger("fannel.slack")

# Longer than anything a desk does; whoever holds an entry that long is taken for dead.
CLAIM = timedelta(seconds=60)
FIRST_RETRY, LAST_RETRY = timedelta(seconds=2), timedelta(minutes=5)
# Half a minute: whoever asked is to know soon that it was not done.
MOST_ATTEMPTS = 5
# Other processes put entries into the inbox, too.
_LOOK_EVERY_S = 2.0
STALLED_AFTER_S = 120.0


# Slack is away, or takes no token: it is no fault of the message, and somebody will see to it.
_PASSES = (Unreachable, OutcomeUnknown, RateLimited, FatalAuth)


class _Failure(NamedTuple):
    """Why the desk could not do it; whether that passes by itself, and when Slack would have it tried again."""

    reason: str
    passes: bool
    after_s: float | None = None


class Hand:
    """`run()` in a thread until `stop()`; `wake()` when something is in the inbox."""

    def __init__(
        self,
        inbox: Inbox,
        desk: Desk,
        counters: Counters,
        tell: Callable[[Heard, datetime], None],
        now: Callable[[], datetime],
        *,
        claim: timedelta = CLAIM,
    ) -> None:
        """`tell` hears of everything once the desk is done with it."""
        self._inbox = inbox
        self._desk = desk
        self._counters = counters
        self._tell = tell
        self._now = now
        self._claim = claim
        self._wake = threading.Event()
        self._stopping = False
        self.heartbeat = Heartbeat("slack desk", STALLED_AFTER_S)

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """End `run()` after what it is at."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Deal with what is in the inbox."""
        while not self._stopping:
            self.heartbeat.beat()
            self._wake.clear()
            if not self.deal():
                self._wake.wait(_LOOK_EVERY_S)

    def deal(self) -> bool:
        """Deal with one entry; False when there is nothing to do now, or nothing can be done."""
        dealt = False
        # Whatever fails: what was heard stays in the inbox.
        with tried(self._counters, "handing over what was heard", "handing"):
            entry = self._inbox.take(self._now(), self._now() + self._claim)
            if entry is not None:
                self._settle(entry, self._handled(entry))
                dealt = True
        return dealt

    def _handled(self, entry: Entry) -> _Failure | None:
        """Let the desk deal with it; None, or what went wrong."""
        try:
            heard = from_json(entry.kind, entry.facts)
            if isinstance(heard, Message):
                self._desk.said(heard)
            elif isinstance(heard, Click):
                self._desk.clicked(heard)
            else:
                self._desk.commanded(heard)
            self._tell(heard, entry.heard_at)
        except StoreError as error:
            self._counters.add("store_errors")
            return _Failure(str(error), passes=True)
        except SlackError as error:
            self._counters.add("desk_failures")
            log.warning("the desk needs slack", kind=entry.kind, key=entry.key, reason=str(error))
            return _Failure(str(error), passes=isinstance(error, _PASSES), after_s=error.retry_after_s)
        except Exception as error:
            # A defect of ours: whatever the desk stumbles over in one message must not keep it from the next.
            log.exception("the desk failed", kind=entry.kind, key=entry.key, attempt=entry.attempts)
            self._counters.add("desk_failures")
            return _Failure(f"{type(error).__name__}: {error}"[:500], passes=False)
        return None

    def _settle(self, entry: Entry, failure: _Failure | None) -> None:
        if failure is None:
            self._inbox.done(entry)
            self._counters.add("handled", entry.kind)
        elif failure.passes or entry.attempts < MOST_ATTEMPTS:
            delay = min(FIRST_RETRY * 2 ** min(entry.attempts - 1, 20), LAST_RETRY)
            delay = max(delay, timedelta(seconds=failure.after_s or 0))
            self._inbox.again(entry, self._now() + delay, failure.reason)
        else:
            log.error("nobody could deal with what was heard", kind=entry.kind, key=entry.key, reason=failure.reason)
            self._counters.add("given_up", entry.kind)
            self._inbox.give_up(entry, failure.reason)
            self._tell_its_maker(entry)

    def _tell_its_maker(self, entry: Entry) -> None:
        try:
            self._desk.gave_up(from_json(entry.kind, entry.facts))
        except Exception:
            # It has failed on this before; the log says so already, and `fannel inbox` does.
            log.exception("whoever asked could not be told", kind=entry.kind, key=entry.key)
            self._counters.add("desk_failures")
