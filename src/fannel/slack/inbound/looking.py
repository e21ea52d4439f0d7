"""Looks into the history of every channel: after each gap, and every minute in between. In a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fannel import logs
from fannel.incidents.store import StoreError
from fannel.intake.vital import Heartbeat, Vital
from fannel.slack.errors import RateLimited, SlackError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.intake.counters import Counters
    from fannel.slack.inbound.history import ChannelHistory
    from fannel.slack.inbound.reading import Ears

log = logs.Logger("fannel.slack")

EVERY_S = 60.0
# A round may wait for Slack as long as Slack asks for.
STALLED_AFTER_S = 4000.0
_SHORTEST_PAUSE_S = 1.0


class Looking:
    """`run()` in a thread until `stop()`; `now()` has it look at once."""

    def __init__(
        self,
        channels: Sequence[ChannelHistory],
        ears: Callable[[], Ears],
        counters: Counters,
        *,
        every_s: float = EVERY_S,
    ) -> None:
        """`ears` is asked at each look, and may raise SlackError."""
        self._channels = channels
        self._ears = ears
        self._counters = counters
        self._every_s = every_s
        self._wake = threading.Event()
        self._lock = threading.Lock()
        # A start is a gap.
        self._gaps = {history.channel for history in channels}
        self._stopping = False
        self._trouble: dict[str, str] = {}
        self._complete_at: float | None = None
        self.heartbeat = Heartbeat("slack history", STALLED_AFTER_S)

    def now(self, *, gap: bool) -> None:
        """Look at all channels now; after a `gap` a day back."""
        if gap:
            self._missed({history.channel for history in self._channels})
        self._wake.set()

    def stop(self) -> None:
        """End `run()` after the call it is at."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stopping:
            self.heartbeat.beat()
            self._wake.clear()
            pause_s = self._round()
            self._wake.wait(pause_s)

    def vital(self) -> Vital:
        """Whether the last look at every channel came to its end; from any thread."""
        if self._trouble:
            said = "; ".join(f"{channel}: {reason}" for channel, reason in sorted(self._trouble.items()))
            return Vital("slack history", ok=False, detail=f"what was said while away is not found: {said}"[:400])
        if self._complete_at is None:
            return Vital("slack history", ok=True, detail="not looked at yet")
        return Vital("slack history", ok=True, detail=f"read {time.monotonic() - self._complete_at:.0f} s ago")

    def _round(self) -> float:
        """All channels once; the seconds until the next round."""
        with self._lock:
            gaps, self._gaps = self._gaps, set()
        left = dict.fromkeys(history.channel for history in self._channels)
        for history in self._channels:
            if self._stopping:
                return 0.0
            try:
                if self._look(history, gap=history.channel in gaps):
                    del left[history.channel]
            except RateLimited as error:
                # Slack says how long: sooner is refused again, and counts against the outbox's calls, too.
                self._counters.add("history_errors", error.code)
                self._missed(gaps & left.keys())
                return max(_SHORTEST_PAUSE_S, error.retry_after_s or self._every_s)
        self._missed(gaps & left.keys())
        if not left:
            self._complete_at = time.monotonic()
        return self._every_s

    def _look(self, history: ChannelHistory, *, gap: bool) -> bool:
        """Look into one; whether that went well."""
        try:
            news = history.look(self._ears(), gap=gap)
        except RateLimited:
            raise
        except SlackError as error:
            self._counters.add("history_errors", error.code)
            return self._failed(history.channel, str(error))
        except StoreError as error:
            self._counters.add("store_errors")
            return self._failed(history.channel, str(error))
        except Exception as error:
            # A defect of ours in one channel must not keep us from the others.
            log.exception("looking into the history failed", channel=history.channel)
            self._counters.add("defects", "history")
            return self._failed(history.channel, type(error).__name__)
        self._trouble = {channel: why for channel, why in self._trouble.items() if channel != history.channel}
        if news:
            log.info("found in the history", channel=history.channel, messages=news)
            self._counters.add("heard_late", n=news)
        return True

    def _missed(self, channels: set[str]) -> None:
        with self._lock:
            self._gaps |= channels

    def _failed(self, channel: str, reason: str) -> bool:
        if self._trouble.get(channel) != reason:
            log.warning("cannot look into the history of a channel", channel=channel, reason=reason)
        self._trouble = {**self._trouble, channel: reason}
        return False
